"""Documents and slides of office programs, and books, as Markdown."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.archives import numbered, related, xml_beside, xml_of
from chatapp.documents.drawings import drawn
from chatapp.documents.formulas import FORMULA, formula
from chatapp.documents.plain import table, web_page
from chatapp.documents.visible import as_power
from chatapp.documents.word_body import opened
from chatapp.documents.word_numbers import WORD

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PRESENTATION = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_OPF = "{http://www.idpf.org/2007/opf}"
_STYLES = """
comment-reference => sup
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => h2:fresh
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Block Text'] => blockquote > p:fresh
p[style-name='List Bullet 2'] => ul|ol > li > ul > li:fresh
p[style-name='List Bullet 3'] => ul|ol > li > ul > li > ul > li:fresh
"""
_NOTES, _SHOW, _WORDS = "notesSlide", "ppt/presentation.xml", "word/document.xml"


def word(path: Path) -> str:
    """Return a document of Word, with its comments and footnotes, and without what was deleted of it."""
    import mammoth  # noqa: PLC0415 - only some files are documents of Word

    without_pictures = mammoth.images.img_element(lambda _: {"src": ""})
    with opened(path) as file:
        result = mammoth.convert_to_html(file, convert_image=without_pictures, style_map=_STYLES)
    with ZipFile(path) as archive:
        beside = [*_pages_within(archive), *drawn(archive, _WORDS)]
    return "\n\n".join(
        filter(None, [_margin(path, "header"), web_page(result.value), *beside, _margin(path, "footer")])
    )


def _pages_within(archive: ZipFile) -> Iterator[str]:
    """Return the web pages that stand in a document of Word as they are: all of it, where html-docx-js has made it."""
    for _, kind, target in related(archive, _WORDS):
        if kind == "aFChunk" and target in archive.NameToInfo:
            content = archive.read(target)
            if content.lstrip().startswith(b"<"):
                yield web_page(content)
            elif content.startswith(b"MIME-Version"):
                from chatapp.documents.mail import mail  # noqa: PLC0415 - 10 ms of every start

                yield mail(content)[0].strip()


def _margin(path: Path, place: str) -> str:
    """Return what stands above or below all pages, behind a mark."""
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"word/{place}") and name.endswith(".xml")]
        lines = [_said(line, WORD) for name in names for line in xml_beside(archive, name).iter(f"{WORD}p")]
    told = ", ".join(dict.fromkeys(text for line in lines if (text := " ".join(line.split()))))
    return f"{place.capitalize()}: {told}" if told else ""


def slides(path: Path) -> tuple[str, int]:
    """Return the slides of PowerPoint in the order in which they are shown, and how many there are."""
    with ZipFile(path) as archive:
        targets = {id_: target for id_, _, target in related(archive, _SHOW)}
        order = xml_of(archive, _SHOW).iter(f"{_PRESENTATION}sldId")
        members = [targets[slide.get(f"{_RELATION}id", "")] for slide in order]
        texts = ["\n\n".join(_slide(archive, member)) for member in members]
    return numbered("slide", texts), len(texts)


def book(path: Path) -> tuple[str, int]:
    """Return the chapters of an EPUB in the order in which they are read, and how many there are."""
    with ZipFile(path) as archive:
        container = xml_of(archive, "META-INF/container.xml")
        package = next(node.get("full-path", "") for node in container.iter() if node.tag.endswith("rootfile"))
        root = xml_of(archive, package)
        items = {item.get("id"): unquote(item.get("href", "")).partition("#")[0] for item in root.iter(f"{_OPF}item")}
        order = [items.get(reference.get("idref"), "") for reference in root.iter(f"{_OPF}itemref")]
        folder, there = PurePosixPath(package).parent, set(archive.namelist())
        members = [member for href in order if (member := normpath(str(folder / href))) in there]
        chapters = [web_page(archive.read(member)) for member in members]
    return numbered("chapter", chapters), len(chapters)


def _slide(archive: ZipFile, member: str) -> list[str]:
    """Return what stands on a slide, what its charts and diagrams say, and what its speaker has noted."""
    root = xml_of(archive, member)
    tables = {paragraph for found in root.iter(f"{_DRAWING}tbl") for paragraph in found.iter(f"{_DRAWING}p")}
    said = [_said(paragraph, _DRAWING) for paragraph in root.iter(f"{_DRAWING}p") if paragraph not in tables]
    shown = [
        table([[_lines(cell) for cell in row.iter(f"{_DRAWING}tc")] for row in found.iter(f"{_DRAWING}tr")])
        for found in root.iter(f"{_DRAWING}tbl")
    ]
    hidden = ["(hidden)"] if root.get("show") == "0" else []
    blocks = [*hidden, *said, *shown, *drawn(archive, member), *_speech(archive, member)]
    return [block for block in blocks if block.strip()]


def _speech(archive: ZipFile, slide: str) -> Iterator[str]:
    """Return what the speaker has noted for a slide, behind a mark."""
    for _, kind, target in related(archive, slide):
        if kind == _NOTES and target in archive.NameToInfo and (note := _noted(xml_beside(archive, target))):
            yield f"Notes: {note}"


def _noted(root: ElementTree.Element) -> str:
    """Return the words of the body of a page of notes; beside it stand the slide's number and the date."""
    shapes = [shape for shape in root.iter(f"{_PRESENTATION}sp") if _is_body(shape)]
    return "\n".join(map(_lines, shapes)).strip()


def _is_body(shape: ElementTree.Element) -> bool:
    return any(place.get("type") == "body" for place in shape.iter(f"{_PRESENTATION}ph"))


def _lines(node: ElementTree.Element) -> str:
    return "\n".join(_said(paragraph, _DRAWING) for paragraph in node.iter(f"{_DRAWING}p"))


def _said(paragraph: ElementTree.Element, kind: str) -> str:
    """Return the words of a paragraph of a `kind` of document, with formulas and without paragraphs of boxes in it."""
    text = {f"{kind}br": "\n", f"{kind}tab": "\t", f"{kind}ptab": "\t"}
    said, stack = [], [paragraph]
    while stack:
        node = stack.pop()
        if node.tag == FORMULA:
            said.append(formula(node))
        elif node.tag == f"{kind}r" and (height := _height(node)):
            said.append(as_power("".join(text.text or "" for text in node.iter(f"{kind}t")), is_raised=height > 0))
        else:
            said.append((node.text or "") if node.tag == f"{kind}t" else text.get(node.tag, ""))
            stack.extend(child for child in reversed(node) if child.tag != f"{kind}p")
    return "".join(said)


def _height(run: ElementTree.Element) -> int:
    """Return how far a run of text on a slide stands above its line, or, below 0, below it."""
    about = run.find(f"{_DRAWING}rPr")
    told = "0" if about is None else about.get("baseline", "0")
    return int(told) if told.removeprefix("-").isdecimal() else 0
