"""Documents of Word as they are shown: with formulas and numbers as text, and nothing that is hidden."""

import io
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.archives import xml_beside
from chatapp.documents.formulas import FORMULA, FORMULAS, formula
from chatapp.documents.numerals import LABEL
from chatapp.documents.word_numbers import WORD, WordLists

_BODY, _NUMBERS, _STYLES = "word/document.xml", "word/numbering.xml", "word/styles.xml"
_TELLING = (b"oMath", b":vanish", b":ruby", b":cr/", b":fldSimple", b":bdo", b":dir ", b":ptab",
            b":txbxContent")  # fmt: skip
_BOX, _DRAWN = f"{WORD}txbxContent", f"{WORD}drawing"
_FORMS = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SEEN_THROUGH = f"{WORD}smartTag"
_READ_AS = {
    **{f"{WORD}{name}": _SEEN_THROUGH for name in ("fldSimple", "bdo", "dir")},
    f"{WORD}cr": f"{WORD}br",
    f"{WORD}ptab": f"{WORD}tab",
}
"""What mammoth leaves out with the words in it, such as the numbers that Word gives captions, and what it can read."""

_PICTURES = "word/media/"


def opened(path: Path) -> IO[bytes]:
    """Return a document as a file, in which a run of text stands for what mammoth passes over, or shows and Word hides.

    It passes over formulas, words with signs above them, those of fields and the numbers of paragraphs.
    """
    with ZipFile(path) as archive:
        names = archive.namelist()
        document = archive.read(_BODY) if _BODY in names else b""
        if _NUMBERS not in names and not any(sign in document for sign in _TELLING):
            return path.open("rb")
        none = ElementTree.Element("none")
        parts = [xml_beside(archive, name) if name in names else none for name in (_NUMBERS, _STYLES)]
        out = io.BytesIO()
        with ZipFile(out, "w") as changed:
            for name in names:
                if not name.startswith(_PICTURES):
                    changed.writestr(name, _as_shown(document, *parts) if name == _BODY else archive.read(name))
    out.seek(0)
    return out


def _as_shown(document: bytes, numbering: ElementTree.Element, styles: ElementTree.Element) -> bytes:
    root = ElementTree.fromstring(document)  # noqa: S314 - expat bounds entities, the process all else
    lists = WordLists(numbering, styles)
    for paragraph in root.iter(f"{WORD}p"):
        if (label := lists.label(paragraph)) is not None:
            paragraph.insert(paragraph.find(f"{WORD}pPr") is not None, _run(LABEL.format(label)))
    for parent in list(root.iter()):
        for place, child in enumerate(parent):
            if child.tag in {FORMULA, FORMULAS}:
                parent[place] = _run(f" {formula(child)} ", tail=child.tail)
            elif child.tag == f"{WORD}r" and _is_hidden(child):
                parent[place] = _run("", tail=child.tail)
            elif child.tag == f"{WORD}ruby":
                base, above = ("".join(_texts(child.find(f"{WORD}{name}"))) for name in ("rubyBase", "rt"))
                parent[place] = _text(f"{base}({above})" if above else base)
            elif child.tag in {_DRAWN, f"{_FORMS}AlternateContent"} and (boxes := _boxes_without_copies(child)):
                parent[place] = ElementTree.Element(_SEEN_THROUGH)
                parent[place].extend(boxes)
                parent[place].tail = child.tail
            elif child.tag in _READ_AS:
                child.tag = _READ_AS[child.tag]
    return ElementTree.tostring(root)


def _boxes_without_copies(drawing: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the boxes of text of a drawing, none where it has them in the form of earlier versions too, as Word's do.

    In the form of today mammoth passes over them; it need not be the only one, and that beside it may be a picture.
    What stands in a box comes along in it.
    """
    earlier = drawing.find(f"{_FORMS}Fallback")
    if earlier is not None and earlier.find(f".//{_BOX}") is not None:
        return []
    boxes, waiting = list[ElementTree.Element](), [drawing]
    while waiting:
        node = waiting.pop()
        if node.tag == _BOX:
            boxes.append(node)
        else:
            waiting.extend(reversed(node))
    return boxes


def _texts(node: ElementTree.Element | None) -> list[str]:
    return [] if node is None else [text.text or "" for text in node.iter(f"{WORD}t")]


def _is_hidden(run: ElementTree.Element) -> bool:
    hiding = run.find(f"{WORD}rPr/{WORD}vanish")
    return hiding is not None and hiding.get(f"{WORD}val", "1") not in {"0", "false", "off"}


def _run(text: str, *, tail: str | None = None) -> ElementTree.Element:
    run = ElementTree.Element(f"{WORD}r")
    run.append(_text(text))
    run.tail = tail
    return run


def _text(text: str) -> ElementTree.Element:
    node = ElementTree.Element(f"{WORD}t")
    node.text = text
    return node
