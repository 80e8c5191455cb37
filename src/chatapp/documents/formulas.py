"""Documents of Word as they are shown: formulas, as people write them in a line of text, and nothing that is hidden."""

from xml.etree import ElementTree

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FORMULA = f"{_MATH}oMath"
_FORMS = {
    "f": ("({num})/({den})", ("num", "den")),
    "sSup": ("{e}^({sup})", ("e", "sup")),
    "sSub": ("{e}_({sub})", ("e", "sub")),
    "sSubSup": ("{e}_({sub})^({sup})", ("e", "sub", "sup")),
    "rad": ("root({deg})({e})", ("deg", "e")),
    "d": ("({e})", ("e",)),
}


def as_shown(document: bytes) -> bytes:
    """Return the XML of a document of Word in which each formula is a run of text, without what is hidden.

    Mammoth passes the former over and shows the latter.
    """
    root = ElementTree.fromstring(document)  # noqa: S314 - expat bounds entities, the process all else
    for parent in list(root.iter()):
        for place, child in enumerate(parent):
            if child.tag in {FORMULA, f"{_MATH}oMathPara"}:
                parent[place] = _run(f" {formula(child)} ", tail=child.tail)
            elif child.tag == f"{WORD}r" and _is_hidden(child):
                parent[place] = _run("", tail=child.tail)
    return ElementTree.tostring(root)


def _is_hidden(run: ElementTree.Element) -> bool:
    hiding = run.find(f"{WORD}rPr/{WORD}vanish")
    return hiding is not None and hiding.get(f"{WORD}val", "1") not in {"0", "false", "off"}


def _run(text: str, *, tail: str | None) -> ElementTree.Element:
    run = ElementTree.Element(f"{WORD}r")
    ElementTree.SubElement(run, f"{WORD}t").text = text
    run.tail = tail
    return run


def formula(node: ElementTree.Element) -> str:
    """Return a formula as text."""
    if node.tag == f"{_MATH}t":
        return node.text or ""
    name = node.tag.removeprefix(_MATH)
    if name in _FORMS:
        form, pieces = _FORMS[name]
        found = {piece: node.find(f"{_MATH}{piece}") for piece in pieces}
        told = {piece: "" if it is None else formula(it) for piece, it in found.items()}
        return form.format(**told).replace("root()", "root")
    sign = node.find(f"{_MATH}naryPr/{_MATH}chr")
    lead = "" if name != "nary" else "∫" if sign is None else sign.get(f"{_MATH}val", "")
    return lead + "".join(map(formula, node))
