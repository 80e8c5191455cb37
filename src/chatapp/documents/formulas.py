"""Formulas of Word and in MathML, as people write them in a line of text."""

from collections import defaultdict
from unicodedata import combining
from xml.etree import ElementTree

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
FORMULA, FORMULAS = f"{_MATH}oMath", f"{_MATH}oMathPara"
_FORMS = {
    "f": "({num})/({den})",
    "sSup": "{e}^({sup})",
    "sSub": "{e}_({sub})",
    "sSubSup": "{e}_({sub})^({sup})",
    "sPre": "_({sub})^({sup}){e}",
    "rad": "root({deg})({e})",
    "limLow": "{e}_({lim})",
    "limUpp": "{e}^({lim})",
    "func": "{fName} {e}",
    "bar": "{e}\u0305",
    "acc": "{e}{chr}",
    "nary": "{chr}_({sub})^({sup}) {e}",
}
"""How parts of formulas are written in a line, by what Word calls them, and what it calls their pieces."""

_SIGNS = {"nary": "∫", "acc": "\u0302"}
"""What Word draws where it names no sign of its own."""

_OF_MATHML: dict[str, tuple[str, ...]] = {
    "mfrac": ("f", "num", "den"),
    "msup": ("sSup", "e", "sup"),
    "mover": ("sSup", "e", "sup"),
    "msub": ("sSub", "e", "sub"),
    "munder": ("sSub", "e", "sub"),
    "msubsup": ("sSubSup", "e", "sub", "sup"),
    "munderover": ("sSubSup", "e", "sub", "sup"),
    "mroot": ("rad", "e", "deg"),
}
_ACCENTS = {"^": "\u0302", "¯": "\u0305", "‾": "\u0305", "→": "\u20d7", "~": "\u0303", "˙": "\u0307", "¨": "\u0308"}
_INVISIBLE = dict.fromkeys(range(0x2061, 0x2065))


def formula(node: ElementTree.Element) -> str:
    """Return a formula of Word as text."""
    if node.tag == f"{_MATH}t":
        return node.text or ""
    name = node.tag.removeprefix(_MATH)
    if name == "d":
        return _between(node)
    if name in {"m", "eqArr"}:
        return "; ".join(", ".join(map(formula, row)) if name == "m" else formula(row) for row in _rows(node))
    if name not in _FORMS:
        return "".join(map(formula, node))
    pieces = {child.tag.removeprefix(_MATH): formula(child) for child in node}
    return _written(name, **{**pieces, "chr": _sign(node, f"{name}Pr", "chr", _SIGNS.get(name, ""))})


def _written(name: str, **pieces: str) -> str:
    told = _FORMS[name].format_map(defaultdict(str, pieces))
    return told.replace("root()", "root").replace("_()", "").replace("^()", "")


def _between(node: ElementTree.Element) -> str:
    begin, separator, end = (
        _sign(node, "dPr", name, usual) for name, usual in (("begChr", "("), ("sepChr", "|"), ("endChr", ")"))
    )
    return f"{begin}{separator.join(map(formula, node.iterfind(f'{_MATH}e')))}{end}"


def _rows(node: ElementTree.Element) -> list[ElementTree.Element]:
    return [child for child in node if child.tag in {f"{_MATH}mr", f"{_MATH}e"}]


def _sign(node: ElementTree.Element, about: str, name: str, usual: str) -> str:
    found = node.find(f"{_MATH}{about}/{_MATH}{name}")
    return usual if found is None else found.get(f"{_MATH}val", "")


def mathml(node: ElementTree.Element) -> str:
    """Return a formula in MathML as text, as pages, books and LibreOffice have it; names are without a namespace."""
    name = node.tag.rpartition("}")[2]
    if name in {"annotation", "annotation-xml", "mphantom"}:
        return ""
    inner = [mathml(child) for child in node]
    if name in _OF_MATHML and len(inner) + 1 == len(_OF_MATHML[name]):
        accent = _ACCENTS.get(inner[1], inner[1])
        if name == "mover" and len(accent) == 1 and combining(accent):
            return inner[0] + accent
        form, *pieces = _OF_MATHML[name]
        return _written(form, **dict(zip(pieces, inner, strict=True)))
    if name in {"mtable", "mtr"}:
        return ("; " if name == "mtable" else ", ").join(inner)
    said = "".join([(node.text or "").strip().translate(_INVISIBLE), *inner])
    if name == "mfenced":
        return f"{node.get('open', '(')}{', '.join(inner)}{node.get('close', ')')}"
    return f"root({said})" if name == "msqrt" else said
