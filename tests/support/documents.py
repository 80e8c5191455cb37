"""Small files of many kinds, as the programs that make them put them together."""

import base64
import io
import json
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image
from pypdfium2 import PdfDocument

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_OFFICE_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(**targets: str) -> str:
    rows = (f'<Relationship Id="{id_}" Type="{_OFFICE_REL}/{kind}" Target="{target}"/>'
            for id_, (kind, target) in ((id_, it.split(" ")) for id_, it in targets.items()))  # fmt: skip
    return f'<Relationships xmlns="{_PACKAGE_REL}">{"".join(rows)}</Relationships>'


def docx(*paragraphs: str, below: str = "", **members: str) -> bytes:
    """Return a document of Word; `below` is XML behind its paragraphs, `members` others of its folder, without .xml."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs) + below
    return zipped(
        {
            **{f"word/{name}.xml": content for name, content in members.items()},
            "word/_rels/document.xml.rels": relations(**{name: f"{name} {name}.xml" for name in members}),
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"/>',
            "_rels/.rels": relations(r1="officeDocument word/document.xml"),
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


def xlsx(
    *, last_row: int | None = None, below: str = "", members: dict[str, str] | None = None, is_hidden: bool = False
) -> bytes:
    """Return a workbook; `below` are cells at the end of its second row, `members` others of its folder."""
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>age</t></is></c>'
    cells += '</row><row r="2"><c r="A2" t="inlineStr"><is><t>Ada|L</t></is></c><c r="B2"><v>36</v></c>'
    cells += f"{below}</row>"
    if last_row is not None:
        cells += f'<row r="{last_row}"><c r="A{last_row}" t="inlineStr"><is><t>End</t></is></c></row>'
    state = 'state="hidden" ' if is_hidden else ""
    sheet = f'<sheet name="People" sheetId="1" {state}r:id="r1" xmlns:r="{_OFFICE_REL}"/>'
    return zipped(
        {
            "_rels/.rels": relations(r1="officeDocument xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": relations(r1="worksheet worksheets/sheet1.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}"><sheets>{sheet}</sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData></worksheet>',
            **{f"xl/{name}": content for name, content in (members or {}).items()},
        }
    )


def xlsb(*rows: list[tuple[int, bytes]]) -> bytes:
    """Return a workbook in binary, with a sheet "S"; a cell is the kind of its record and the content of that."""

    def record(kind: int, content: bytes = b"") -> bytes:
        return (
            (bytes([kind]) if kind < 128 else bytes([kind % 128 | 128, kind // 128])) + bytes([len(content)]) + content
        )

    def wide(text: str) -> bytes:
        return len(text).to_bytes(4, "little") + text.encode("utf-16-le")

    heads = (record(0, number.to_bytes(4, "little") + bytes(21)) for number in range(len(rows)))
    told = (head + b"".join(record(*cell) for cell in row) for head, row in zip(heads, rows, strict=True))
    sheet = b"".join([record(129), record(148, bytes(16)), record(145), *told, record(146), record(130)])
    named = record(156, bytes(4) + (1).to_bytes(4, "little") + wide("r1") + wide("S"))
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("xl/_rels/workbook.bin.rels", relations(r1="worksheet worksheets/sheet1.bin"))
        archive.writestr("xl/workbook.bin", b"".join([record(131), record(143), named, record(144), record(132)]))
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return out.getvalue()


def pptx(*, below: str = "") -> bytes:
    """Return two slides; `below` is XML behind the words of the first."""

    def slide(text: str, below: str = "") -> str:
        words = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>{below}"
        return f'<p:sld xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}">{words}</p:sld>'

    def shape(kind: str, text: str) -> str:
        return f'<p:sp><p:nvPr><p:ph type="{kind}"/></p:nvPr><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sp>'

    notes = shape("sldNum", "1") + shape("body", "Say hello.")
    order = '<p:sldId id="1" r:id="r2"/><p:sldId id="2" r:id="r1"/>'
    return zipped(
        {
            "ppt/presentation.xml": f'<p:show xmlns:p="{_SLIDES}" xmlns:r="{_OFFICE_REL}">{order}</p:show>',
            "ppt/_rels/presentation.xml.rels": relations(r1="slide slides/slide1.xml", r2="slide slides/slide2.xml"),
            "ppt/slides/slide1.xml": slide("Shown second").replace("<p:sld ", '<p:sld show="0" '),
            "ppt/slides/_rels/slide2.xml.rels": relations(r1="notesSlide ../notesSlides/notes1.xml"),
            "ppt/notesSlides/notes1.xml": f'<p:notes xmlns:p="{_SLIDES}" xmlns:a="{_DRAWING}">{notes}</p:notes>',
            "ppt/slides/slide2.xml": slide("Shown first", below),
        }
    )


def odt(
    text: str = '<text:h text:outline-level="2">Sea</text:h><text:p>It is<text:s/>salty.</text:p>',
    *,
    above: str = "",
    members: dict[str, str] | None = None,
) -> bytes:
    """Return a text; `above` is XML that stands above each page, `members` others of its archive."""
    kinds = " ".join(f'xmlns:{name}="{_ODF}:{kind}:1.0"' for name, kind in
                     (("text", "text"), ("table", "table"), ("office", "office"), ("style", "style"),
                      ("draw", "drawing")))  # fmt: skip
    kinds += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    content = f"<o {kinds}>{text}</o>"
    styles = f"<o {kinds}><style:header>{above}</style:header></o>"
    held = {"content.xml": content, **({"styles.xml": styles} if above else {}), **(members or {})}
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", **held})


def member(archive: bytes, name: str) -> bytes:
    """Return what is in an archive under a name."""
    with ZipFile(io.BytesIO(archive)) as opened:
        return opened.read(name)


def ods(rows: str) -> bytes:
    """Return a spreadsheet with a hidden sheet of these rows."""
    kinds = " ".join(f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("text", "table", "office", "style"))
    kinds += f' xmlns:draw="{_ODF}:drawing:1.0"'
    style = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    sheet = f'{style}<table:table table:name="Sums" table:style-name="h">{rows}</table:table>'
    content = f'<o {kinds} xmlns:dc="http://purl.org/dc/elements/1.1/">{sheet}</o>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def epub(*, is_typed: bool = True) -> bytes:
    opf = "http://www.idpf.org/2007/opf"
    package = '<item id="a" href="a.xhtml"/><item id="b" href="b.xhtml"/><itemref idref="b"/><itemref idref="a"/>'
    package += '<itemref idref="of nothing"/>'
    return zipped(
        {
            **({"mimetype": "application/epub+zip"} if is_typed else {}),
            "META-INF/container.xml": '<c><rootfile full-path="OEBPS/book.opf"/></c>',
            "OEBPS/book.opf": f'<package xmlns="{opf}">{package}</package>',
            "OEBPS/a.xhtml": "<html><body><h1>Second</h1></body></html>",
            "OEBPS/b.xhtml": "<html><body><h1>First</h1><p>Call me <b>Ishmael</b>.</p></body></html>",
        }
    )


def pdf(*pages: str) -> bytes:
    """Return a PDF with a line of text on each page, none for an empty one."""
    count = len(pages)
    kids = " ".join(f"{number} 0 R" for number in range(4, 4 + 2 * count, 2))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        fonts = "<< /Font << /F1 3 0 R >> >>"
        bodies.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources {fonts} "
                      f"/Contents {5 + 2 * number} 0 R >>")  # fmt: skip
        bodies.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    return _pdf_of(bodies)


def form_pdf() -> bytes:
    """Return a PDF of a page without words: a field that is filled in, a box that is not ticked, and a comment."""
    place = "/Rect [100 100 200 120]"
    field = f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /V (Ada) {place} >>"
    box = f"<< /Type /Annot /Subtype /Widget /FT /Btn /T (Agree) /V /Off /AS /Off {place} >>"
    comment = f"<< /Type /Annot /Subtype /Text /T (Bob) /Contents (Check this.) {place} >>"
    return _pdf_of(
        [
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R 5 0 R] >> >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Annots [4 0 R 5 0 R 6 0 R] >>",
            field,
            box,
            comment,
        ]
    )


def _pdf_of(bodies: list[str]) -> bytes:
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("latin-1")


def photo(width: int = 40, height: int = 20) -> bytes:
    """Return a JPEG, red at its left and blue at its right, that a phone held upright says to turn, with its place."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    image.paste((0, 0, 200), (width // 2, 0, width, height))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    exif[0x010F] = "Camera of Ada"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"at home")
    return out.getvalue()


def notebook() -> bytes:
    cells = [
        {"cell_type": "markdown", "source": ["# Sums"]},
        {"cell_type": "code", "source": "1 + 1", "outputs": [{"data": {"text/plain": ["2"], "image/png": "iVBO"}}]},
    ]
    return json.dumps({"cells": cells, "metadata": {}}).encode()


MAIL = b"""From: Ada <ada@example.org>\r
To: Bob <bob@example.org>\r
Subject: =?utf-8?q?Caf=C3=A9?=\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
Content-Type: text/html; charset=utf-8\r
\r
<p>At <b>five</b>?</p><script>alert(1)</script>\r
--x\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename=menu.pdf\r
\r
%PDF-\r
--x--\r
"""


def saved(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAcdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRpbG9j"
    "AAAAAERAAAIAAQAAAAAB6wABAAAAAAAAAF4AAgAAAAACSQABAAAAAAAAAHgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "ABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABBmlwcnAAAADlaXBjbwAAAHVodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNg"
    "AAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQApQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqrprm4CGgwIAAAAyAAAADAIRiAAEABkQB"
    "wXPBiQAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAChjbGFwAAAAKAAAAAEAAAAUAAAAAf///+gAAAAC////1AAA"
    "AAIAAAAQcGl4aQAAAAADCAgIAAAACWlyb3QDAAAAGWlwbWEAAAAAAAAAAQABBoECAwWEhgAAABppcmVmAAAAAAAAAA5jZHNjAAIAAQABAAAA"
    "3m1kYXQAAABaKAGvEyGuMKj1JyL//7edIg+0Dkf2WgB/iCZPL+BTaztuh+KqG1uombF7ZYnNReXuL5xBEVaR0N1xN5oF83sQmrNLSECYONl5"
    "4IOzgYrNYJGUGSXd6A0eQWRAAAAABkV4aWYAAE1NACoAAAAIAAMBDwACAAAABgAAADIBEgADAAAAAQAGAACIJQAEAAAAAQAAADgAAAAAUGhv"
    "bmUAAAIAAQACAAAAAk4AAAAAAgAFAAAAAwAAAFYAAAAAAAAAOwAAAAEAAAA2AAAAAQAAAAAAAAAB"
)
"""A photo as iPhones write them, made by libheif: 40 x 20 pixels on their side, blue where its top is, with a place."""


def scan(*colours: str, words: str = "") -> bytes:
    """A PDF whose pages are pictures, as scanners make them; behind them a page with `words`, if there are some."""
    out = io.BytesIO()
    first, *others = [Image.new("RGB", (300, 400), colour) for colour in colours]
    first.save(out, "PDF", save_all=True, append_images=others)
    if not words:
        return out.getvalue()
    with PdfDocument(out.getvalue()) as document, PdfDocument(pdf(words)) as last:
        document.import_pages(last)
        whole = io.BytesIO()
        document.save(whole)
        return whole.getvalue()
