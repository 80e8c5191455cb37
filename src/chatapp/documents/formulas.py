"""Formulas of Word, as people write them in a line of text."""

from xml.etree import ElementTree

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FORMS = {
    "f": ("({num})/({den})", ("num", "den")),
    "sSup": ("{e}^({sup})", ("e", "sup")),
    "sSub": ("{e}_({sub})", ("e", "sub")),
    "sSubSup": ("{e}_({sub})^({sup})", ("e", "sub", "sup")),
    "rad": ("root({deg})({e})", ("deg", "e")),
    "d": ("({e})", ("e",)),
}


def with_formulas_as_text(document: bytes) -> bytes:
    """Return the XML of a document of Word in which each formula is a run of text; mammoth passes them over."""
    root = ElementTree.fromstring(document)  # noqa: S314 - expat bounds entities, the process all else
    for parent in list(root.iter()):
        for place, child in enumerate(parent):
            if child.tag in {f"{_MATH}oMath", f"{_MATH}oMathPara"}:
                parent[place] = _run(f" {_text_of(child)} ", tail=child.tail)
    return ElementTree.tostring(root)


def _run(text: str, *, tail: str | None) -> ElementTree.Element:
    run = ElementTree.Element(f"{_WORD}r")
    ElementTree.SubElement(run, f"{_WORD}t").text = text
    run.tail = tail
    return run


def _text_of(node: ElementTree.Element) -> str:
    if node.tag == f"{_MATH}t":
        return node.text or ""
    name = node.tag.removeprefix(_MATH)
    if name in _FORMS:
        form, pieces = _FORMS[name]
        found = {piece: node.find(f"{_MATH}{piece}") for piece in pieces}
        told = {piece: "" if it is None else _text_of(it) for piece, it in found.items()}
        return form.format(**told).replace("root()", "root")
    sign = node.find(f"{_MATH}naryPr/{_MATH}chr")
    lead = "" if name != "nary" else "∫" if sign is None else sign.get(f"{_MATH}val", "")
    return lead + "".join(map(_text_of, node))
