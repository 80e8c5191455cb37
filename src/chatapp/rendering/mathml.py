"""Formulas as MathML, which browsers draw by themselves."""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element

from chatapp.rendering.chemistry import with_chemistry

MAX_CHARS = 5_000
"""Longer ones are shown as they are written."""

_REFUSED: tuple[type[Exception], ...] = (
    *(kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What latex2mathml 3.81 raises for TeX that it cannot read: errors of its own, and whatever it stumbles over."""

_KEPT = frozenset(
    {
        "accent", "accentunder", "columnalign", "columnlines", "columnspacing", "depth", "display",
        "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace", "mathcolor",
        "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rowalign", "rowlines",
        "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width", "xmlns",
    }
)  # fmt: skip


_ESCAPED = re.compile(r"\\([$%&#_{}])")
_BRACES = frozenset({r"\{", r"\}"})
"""Large ones, as of `\\bigl\\{`, keep what they are written with."""
_UNSEEN = re.compile(r"\\(?:nonumber|notag|nolimits)(?![A-Za-z])|\\label\{[^{}]{0,80}\}")
"""What says something about numbers of formulas, which are not drawn, or about places of limits; the library writes
these words out, as it does with those of `_SAID_OTHERWISE`; single letters of `\\mathrm` come out italic."""
_SAID_OTHERWISE = (
    (re.compile(r"\\arg(?![A-Za-z])"), r"\\operatorname{arg}"),
    (re.compile(r"\\mathrm\{([A-Za-z])\}"), r"\\text{\1}"),
    (re.compile(r"\\copyright(?![A-Za-z])"), "\xa9"),
    (re.compile(r"\\P(?![A-Za-z])"), "\xb6"),
    (re.compile(r"\\(?:SI|qty)\{([^{}\\]{0,80})\}\{([^{}\\]{0,80})\}"), r"\1\\,\\text{\2}"),
    (re.compile(r"\\(?:si|unit|pu)\{([^{}\\]{0,80})\}"), r"\\text{\1}"),
    (re.compile(r"\\eqref\{([^{}]{0,80})\}"), r"\\text{(\1)}"),
    (re.compile(r"\\ref\{([^{}]{0,80})\}"), r"\\text{\1}"),
)

_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{([A-Za-z]{4,11})\*?\}(?:\[[tbc]\])?(?:(?<=at\})\{\d{1,2}\}|(?<=at\*\})\{\d{1,2}\})?"
)
_ALIGNED = (r"\begin{align*}", r"\end{align*}")
_CENTRED = (r"\begin{matrix}", r"\end{matrix}")
_ENVIRONMENTS = {
    **dict.fromkeys(("aligned", "alignat", "alignedat", "flalign"), _ALIGNED),
    **dict.fromkeys(("gather", "gathered", "multline"), _CENTRED),
    "dcases": (r"\begin{cases}", r"\end{cases}"),
    "eqnarray": (r"\begin{array}{rcl}", r"\end{array}"),
    "equation": ("{", "}"),
    "rcases": (r"\left.\begin{array}{ll}", r"\end{array}\right\}"),
}
"""What the library writes in one line with every `&`, and what stands for it."""

_BELOW = {"msub": "munder", "msubsup": "munderover"}
_WITH_LIMITS = frozenset({"lim", "max", "min", "sup", "inf", *"\u2210\u22c2\u22c3\u22c0\u22c1\u2a01\u2a02\u2a06"})
_REACHING = {"\u2015": "\u203e", "^": "\u0302"}
"""Signs that grow with what they stand over, in place of those that the library takes."""


def mathml(text: str, *, is_display: bool = False) -> str:
    """Return a formula, given as TeX, as MathML; or its TeX as code where that cannot be made."""
    if len(text) > MAX_CHARS:
        return _as_text(text)
    try:
        drawn = convert_to_element(_readable(text), display="block" if is_display else "inline")
        for element in list(drawn.iter()):
            _clean(element)
        return tostring(drawn, encoding="unicode")
    except _REFUSED:
        return _as_text(text)


def _readable(tex: str) -> str:
    """Return a formula in words that the library knows."""
    tex = _ENVIRONMENT.sub(_environment, with_chemistry(_UNSEEN.sub("", tex).strip()))
    for said, otherwise in _SAID_OTHERWISE:
        tex = said.sub(otherwise, tex)
    return tex


def _environment(found: re.Match[str]) -> str:
    known = _ENVIRONMENTS.get(found[2])
    return known[found[1] == "end"] if known else found[0]


def _clean(element: Element) -> None:
    """Leave nothing that leads or reaches out of a formula; entities, which the library writes as text, are resolved.

    Its own way to a string does not escape what is in `\\text{…}`: whatever is there would become part of the page.
    """
    for name in element.attrib.keys() - _KEPT:
        del element.attrib[name]
    if element.tag == "mpadded" and element.get("width", "").startswith("+"):
        # What stands over a long arrow: browsers take no width that is added (https://www.w3.org/TR/mathml-core/ has
        # lengths alone), and drew it beside its arrow.
        element.attrib.clear()
    _say_as_browsers_know_it(element)
    if element.tag in {"mrow", "mtd", "mstyle"}:
        _set_names_apart(element)
    if element.text:
        element.text = unescape(element.text)
        if element.tag == "mtext" or element.text in _BRACES:
            element.text = _ESCAPED.sub(r"\1", element.text)


def _say_as_browsers_know_it(element: Element) -> None:
    """Have limits stand below where there is room, and lines and hats reach over all that is under them."""
    operator = element[0 if element.tag in _BELOW else -1] if len(element) else None
    if operator is None or operator.tag != "mo":
        return
    sign = unescape(operator.text or "")
    if element.tag in _BELOW and (sign in _WITH_LIMITS or "movablelimits" in operator.attrib):
        element.tag = _BELOW[element.tag]
        operator.set("movablelimits", "true")
    elif element.tag in {"mover", "munder"} and "accent" not in element.attrib and sign in _REACHING:
        operator.text = _REACHING[sign]
        operator.set("stretchy", "true")


def _set_names_apart(row: Element) -> None:
    """Leave a thin space beside the names of functions, as in `2 sin x`, but none before a bracket."""
    for place in range(len(row) - 1, 0, -1):
        beside = [_base(row[place - 1]), _base(row[place])]
        if any(map(_is_name, beside)) and not any(it.tag in {"mo", "mspace"} for it in beside):
            row.insert(place, Element("mspace", width="0.167em"))


def _base(element: Element) -> Element:
    """Return what a power or an index is of, and what a row begins with."""
    while len(element) and element.tag in {"msup", "msub", "msubsup", "mrow"}:
        element = element[0]
    return element


def _is_name(element: Element) -> bool:
    text = element.text or ""
    return element.tag == "mi" and len(text) > 1 and text.isascii() and text.isalpha()


def _as_text(tex: str) -> str:
    return f"<code>{escape(tex)}</code>"
