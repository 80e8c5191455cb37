"""Files of many kinds, read in a process of its own: what models get of them, and what hostile ones cost."""

import io
import struct
import time
import zlib
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from chatapp.documents import Document, fenced, read
from chatapp.documents.child import document_at
from chatapp.documents.encodings import decoded
from chatapp.processes.limited import Limits
from support import documents

OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
FEW = Limits(seconds=10, memory_bytes=320 << 20, output_bytes=8 << 20)

BOOK = "[chapter 1]\n\n# First\n\nCall me **Ishmael**.\n\n[chapter 2]\n\n# Second"

WRITTEN = """<text:tracked-changes><text:p>Deleted.</text:p></text:tracked-changes>
<text:p>Kept<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Below.</text:p></text:note-body>
</text:note>,<office:annotation><dc:creator>Bob</dc:creator><text:p>Why?</text:p></office:annotation> said.</text:p>
<text:list><text:list-item><text:p>One</text:p><text:list><text:list-item><text:p>In it</text:p></text:list-item>
</text:list></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><table:table>
<table:table-row><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table>
</table:table-cell></table:table-row></table:table>"""
WRITTEN_TEXT = "Kept [Note: Below.], [Bob: Why?] said.\n\n- One\n\n  - In it\n\n| a | b |\n| --- | --- |"
REVIEWED = """<w:p><w:ins><w:r><w:t>Added.</w:t></w:r></w:ins><w:del><w:r><w:delText>Deleted.</w:delText></w:r></w:del>
<w:r><w:commentReference w:id="0"/></w:r></w:p>
<w:p xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r>
</m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath></w:p>"""
COMMENTS = """<w:comments xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:comment w:id="0" w:initials="B"><w:p><w:r><w:t>Why?</w:t></w:r></w:p></w:comment></w:comments>"""
REVIEWED_TEXT = "Kept.\n\nAdded.[B1]\n\n(a)/(b)\n\nComment [B1]\n:   Why? ↑"
LAID_OUT = """<html><table><tr><td>Left</td><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>
<p>Right <math><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></math> <a href="#top">nowhere</a>"""
OLD_NOTEBOOK = b"""{"worksheets": [{"cells": [{"cell_type": "markdown", "source": ["# Old"]},
{"cell_type": "code", "input": ["1 + 1"], "outputs": [{"output_type": "pyout", "text": ["2"], "png": "iVBO"}]}]}]}"""
LETTERS = [
    b"From ann@a.example Thu Mar 05 10:00:00 2026\r\nSubject: Tea\r\n\r\n>From five on.\r\n\r\n",
    b"From - Thu Mar 05 11:00:00 2026\nSubject: Cake\n\nAt four.\n",
]
SHOW = "[slide 1]\n\nShown first\n\nNotes: Say hello.\n\n[slide 2]\n\n(hidden)\n\nShown second"

WORDS = {
    "docx": ("a.docx", documents.docx("Sea &amp; salt", "Two"), "Sea & salt\n\nTwo", None),
    "xlsx": ("a.xlsx", documents.xlsx(), "## People\n\n| name | age |\n| --- | --- |\n| Ada\\|L | 36 |", 1),
    "pptx": ("a.pptx", documents.pptx(), SHOW, 2),
    "odt": ("a.odt", documents.odt(), "## Sea\n\nIt is salty.", None),
    "epub": ("a.epub", documents.epub(), BOOK, 2),
    "template of odt": ("a.ott", documents.odt(members={"mimetype": f"{OPEN_DOCUMENT}text-template"}),
                        "## Sea\n\nIt is salty.", None),
    "drawing": ("a.odg", documents.odt("<draw:page><text:p>Sea</text:p></draw:page>",
                                       members={"mimetype": f"{OPEN_DOCUMENT}graphics"}), "[slide 1]\n\nSea", 1),
    "odt in one file": ("a.fodt", documents.member(documents.odt(), "content.xml"), "## Sea\n\nIt is salty.", None),
    "header in one file": ("a.fodt", documents.member(documents.odt(
        "<office:master-styles><style:header><text:p>Draft</text:p></style:header></office:master-styles>"
        "<text:p>Sea</text:p>"
    ), "content.xml"), "Header: Draft\n\nSea", None),
    "ods in one file": ("a.fods", documents.member(documents.ods(
        "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>"
    ), "content.xml"), "## Sums (hidden)\n\n| a |\n| --- |", 1),
    "odt with a long number": ("a.odt", documents.odt(f'<text:p>Sea<text:s text:c="{"9" * 5000}"/>side</text:p>'),
                               f"Sea{' ' * 100}side", None),
    "odt of a writer": ("a.odt", documents.odt(WRITTEN), WRITTEN_TEXT, None),
    "docx of a writer": ("a.docx", documents.docx("Kept.", below=REVIEWED, comments=COMMENTS), REVIEWED_TEXT, None),
    "csv with inches": ("a.csv", b'size,name\n"1",a\n" wide,b\n2,c\n',
                        '| size | name |\n| --- | --- |\n| 1 | a |\n| " wide | b |\n| 2 | c |', None),
    "csv of Excel": ("a.csv", b"sep=;\r\na;b\r\n1;2\r\n", "| a | b |\n| --- | --- |\n| 1 | 2 |", None),
    "html": ("a.html", LAID_OUT.encode(), "Left\n\n| a | b |\n| --- | --- |\n\nRight $x^2$ nowhere", None),
    "mail without an encoding": ("a.eml", b"Subject: Caf\r\nContent-Type: text/plain; charset=none\r\n\r\nAt f\xefve",
                                 "Subject: Caf\n\nAt fïve", None),
    "mailbox": ("Inbox", b"".join(LETTERS),
                "[mail 1]\n\nSubject: Tea\n\nFrom five on.\n\n[mail 2]\n\nSubject: Cake\n\nAt four.", None),
    "mail out of a mailbox": ("a.eml", LETTERS[1], "Subject: Cake\n\nAt four.", None),
    "ipynb": ("a.ipynb", documents.notebook(), "# Sums\n\n```python\n1 + 1\n```\n\n```text\n2\n```", None),
    "page as a workbook": ("a.xls", b"\xef\xbb\xbf\n<table><tr><td>a</table>", "| a |\n| --- |", None),
    "ipynb of 2014": ("a.ipynb", OLD_NOTEBOOK, "# Old\n\n```python\n1 + 1\n```\n\n```text\n2\n```", None),
    "web page": ("a.html", b"<html><style>p{}</style><p>Hi <i>you</i></p><!-- no -->", "Hi *you*", None),
    "csv": ("a.csv", b"a;b\n1;2\n3;4\n", "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |", None),
    "utf-16": ("a.txt", "Größe".encode("utf-16"), "Größe", None),
    "latin-1": ("a.txt", "Die Größe der Bäume überrascht alle, die früher schon da waren.\n".encode("latin-1") * 9,
                "Die Größe der Bäume überrascht alle, die früher schon da waren.\n" * 9, None),
    "rtf": ("a.rtf", rb"{\rtf1\ansi{\fonttbl{\f0 Times;}}{\b Sea} \'e9t\'e9\par \u26085?}", "Sea été\n日", None),
    "code": ("a.py", b"print(1)\n", "print(1)\n", None),
    "wrong name": ("a.txt", documents.docx("Word"), "Word", None),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORDS)
def test_words_of_every_kind_become_markdown(kind: str, tmp_path: Path) -> None:
    name, content, text, pages = WORDS[kind]

    document = document_at(documents.saved(tmp_path, "upload", content), name)

    notes = ("Pictures in it are left out: 1.",) if kind.startswith("ipynb") else ()
    assert (document.kind, document.text, document.pages, document.notes) == ("text", text, pages, notes)


def test_what_of_a_document_is_no_text_is_counted(tmp_path: Path) -> None:
    path = documents.saved(tmp_path, "a.docx", documents.docx("Words"))
    with ZipFile(path, "a") as archive:
        for name in ("word/media/a.png", "word/media/b.emf", "docProps/thumbnail.jpeg", "word/charts/chart1.xml"):
            archive.writestr(name, "x")

    notes = document_at(path, "a.docx").notes

    assert notes == ("Pictures in it are left out: 2.", "Charts in it are left out: 1.")


def test_a_sheet_that_goes_on_far_below_has_no_rows_between(tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "a.xlsx", documents.xlsx(last_row=50_000)), "a.xlsx")

    assert document.text.endswith("| Ada\\|L | 36 |\n|  |  |\n| End |  |")


def test_pages_of_a_pdf_are_numbered_and_those_without_words_are_named(tmp_path: Path) -> None:
    document = read(documents.saved(tmp_path, "a.pdf", documents.pdf("One", "", "Three")), "a.pdf")

    assert (document.text, document.pages) == ("[page 1]\n\nOne\n\n[page 3]\n\nThree", 3)
    assert document.notes == ("Pages without words, as scans are: 2.",)


def test_files_within_a_pdf_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with PdfDocument(documents.pdf("Invoice")) as made:
        made.new_attachment("factur-x.xml").set_data(b"<a/>")
        made.save(path)

    document = document_at(path, "a.pdf")

    assert (document.text, document.notes) == (
        "[page 1]\n\nInvoice",
        ("Files in it are left out: factur-x.xml.",),
    )


def test_what_was_filled_into_a_form_and_said_of_it_is_read(tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "a.pdf", documents.form_pdf()), "a.pdf")

    assert document.text == "[page 1]\n\nField Name: Ada\nComment of Bob: Check this."


def test_scanned_pages_become_pictures_of_the_size_that_models_take(tmp_path: Path) -> None:
    document = read(documents.saved(tmp_path, "a.pdf", documents.scan("red", "blue", words="Whales")), "a.pdf")

    assert (document.kind, document.text, document.pages, document.notes) == ("text", "[page 3]\n\nWhales", 3, ())
    pages = {number: Image.open(io.BytesIO(picture)) for number, picture in document.page_pictures}
    assert {number: (it.format, it.size) for number, it in pages.items()} == dict.fromkeys(
        (1, 2), ("JPEG", (1176, 1568))
    )
    red, _, blue = pages[2].getpixel((600, 600))  # type: ignore[misc]
    assert (red < 10, blue > 240) == (True, True)


def test_of_many_scanned_pages_the_first_are_drawn_and_the_others_named(tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "a.pdf", documents.scan(*["red"] * 22)), "a.pdf")

    assert (document.kind, document.text, len(document.page_pictures)) == ("image", "", 20)
    assert document.notes == ("Pages without words, as scans are: 21, 22.",)


def test_a_photo_of_an_iphone_is_upright_and_says_nothing_of_its_place(tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "a.heic", documents.HEIC), "a.heic")

    picture = Image.open(io.BytesIO(document.picture or b""))
    assert (document.media_type, picture.size, dict(picture.getexif())) == ("image/heic", (20, 40), {})
    _, _, top = picture.getpixel((10, 5))  # type: ignore[misc]
    assert top > 240


def test_an_email_is_its_head_and_its_words_and_names_its_files(tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "a.eml", documents.MAIL), "a.eml")

    assert "Subject: Café" in document.text
    assert document.text.endswith("At **five**?")
    assert document.notes == ("Files in it are left out: menu.pdf.",)


def test_a_file_that_stands_in_another_form_of_a_mail_is_named(tmp_path: Path) -> None:
    page, file = "Content-Type: text/html\n\nSee.", "Content-Type: application/pdf; name=offer.pdf\n\n%PDF"
    inner = f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{page}\n--b\n{file}\n--b--\n"
    mail = f"Content-Type: multipart/alternative; boundary=a\n\n--a\n\nSee.\n--a\n{inner}\n--a--\n"

    document = document_at(documents.saved(tmp_path, "a.eml", mail.encode()), "a.eml")

    assert (document.text.strip(), document.notes) == ("See.", ("Files in it are left out: offer.pdf.",))


def test_words_that_a_page_divides_keep_their_hyphens(tmp_path: Path) -> None:
    lines = documents.pdf("an exam-) Tj 0 -14 Td (ple of well-) Tj 0 -14 Td (known words")

    assert (
        read(documents.saved(tmp_path, "a.pdf", lines), "a.pdf").text
        == "[page 1]\n\nan exam-\nple of well-\nknown words"
    )


def test_cells_of_a_line_stay_apart_however_wide_the_gap_is(tmp_path: Path) -> None:
    """As jsPDF 4.2.1 writes tables; within the bounds of a page pypdfium2 5.15 tells `103`."""
    places = {"Cake": (45, 700), "10": (239, 700), "3": (379, 700), "Milk": (45, 680), "x": (239, 680)}
    cells = ") Tj ET ".join(f"BT /F1 10 Tf {x} {y} Td ({said}" for said, (x, y) in places.items())
    content = documents.pdf(f"Head) Tj ET {cells}")

    text = read(documents.saved(tmp_path, "a.pdf", content), "a.pdf").text

    assert text == "[page 1]\n\nHead\nCake 10 3\nMilk x"


def named(signs: str) -> str:
    """Return signs of which a PDF says by a text of its own what they are."""
    return "".join(f"/Span <</ActualText <FEFF{ord(sign):04X}>>> BDC (x) Tj EMC " for sign in signs)


@pytest.mark.parametrize("word", ["\u0645\u0631\u062d\u0628\u0627", "abc"])
def test_arabic_that_chromium_prints_is_read_the_right_way_round(word: str, tmp_path: Path) -> None:
    signs = word if word.isascii() else word[::-1]
    page = documents.pdf(f" ) Tj /ReversedChars BMC {named(signs)} EMC (")

    assert document_at(documents.saved(tmp_path, "a.pdf", page), "a.pdf").text == f"[page 1]\n\n{word}"


def test_a_word_of_arabic_that_is_the_right_way_round_is_left_so(tmp_path: Path) -> None:
    second, first = named("\u0630\u0647"), named("\u0627\u0628\u062d\u0631\u0645")
    words = f" ) Tj ( z) Tj {second} ( ) Tj {first} ("
    letters = b"/Helvetica /Encoding <</Differences [122 /afii57415]>>"
    page = documents.pdf(words).replace(b"/Helvetica", letters)

    document = document_at(documents.saved(tmp_path, "a.pdf", page), "a.pdf")

    assert document.text == "[page 1]\n\n\u0645\u0631\u062d\u0628\u0627 \u0647\u0630\u0627"


def test_a_picture_is_turned_upright_made_small_and_tells_no_place(tmp_path: Path) -> None:
    document = read(documents.saved(tmp_path, "a.jpg", documents.photo(4000, 2000)), "a.jpg")

    assert (document.kind, document.media_type) == ("image", "image/jpeg")
    picture = Image.open(io.BytesIO(document.picture or b""))
    assert picture.size == (784, 1568)
    assert Image.open(io.BytesIO(document.thumbnail or b"")).size == (160, 320)
    above, below = picture.getpixel((400, 100)), picture.getpixel((400, 1500))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 150 > below[0]
    assert (dict(picture.getexif()), picture.info.get("comment")) == ({}, None)
    assert b"Camera of Ada" not in (document.picture or b"")


def test_a_clear_picture_stays_clear(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(out, "PNG")

    document = document_at(documents.saved(tmp_path, "a.png", out.getvalue()), "a.png")

    assert (document.picture or b"").startswith(b"\x89PNG")


def test_a_picture_with_16_bits_is_as_bright_as_it_was(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.frombytes("I;16", (2, 1), struct.pack("<2H", 8000, 33000)).save(out, "PNG")

    document = document_at(documents.saved(tmp_path, "a.png", out.getvalue()), "a.png")

    picture = Image.open(io.BytesIO(document.picture or b"")).convert("L")
    assert [round(picture.getpixel((at, 0)) / 8) for at in (0, 1)] == [4, 16]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("cell", "count"),
    [
        ('<c r="C2"><f>B2*2</f><v></v></c>', 1),
        ('<c r="C2"><f>B2*2</f><v/></c><c r="D2" s="1"><f t="shared" si="0"/><v>7</v></c>', 1),
        ('<c r="C2"><f>B2*2</f></c>', 1),
        ('<c r="C2"><f>B2*2</f><v>72</v></c>', 0),
        ('<c r="C2" t="str"><f>IF(B2,"","")</f><v></v></c>', 0),
    ],
    ids=["openpyxl", "some", "none", "a value", "an empty text"],
)
def test_formulas_that_nobody_has_worked_out_are_told(cell: str, count: int, tmp_path: Path) -> None:
    path = documents.saved(tmp_path, "a.xlsx", documents.xlsx(below=cell))

    document = document_at(path, "a.xlsx")

    assert document.notes == ((f"Formulas in it without a value are left out: {count}.",) if count else ())


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FRAME = bytes(400)
TAKEN = {
    "MPEG-2": ("a.mp3", b"\xff\xf3\x40\xc4" + FRAME, "audio/mpeg", ""),
    "MPEG-2.5": ("a.mp3", b"\xff\xe3\x18\xc4" + FRAME, "audio/mpeg", ""),
    "AAC": ("a.aac", b"\xff\xf1\x50\x80" + FRAME, "application/x-recording", "Models hear mp3 and wav: save"),
    "m4a": ("a.m4a", b"\0\0\0\x20ftypM4A " + FRAME, "application/x-recording", "Models hear mp3 and wav: save"),
    "zip": ("a.zip", documents.zipped({"a.py": "1"}), "application/zip", "It is an archive: unpack it"),
    "tar": ("a.tar", b"a.txt" + bytes(252) + b"ustar\0" + FRAME, "application/x-compressed", "It is an archive:"),
    "gzip": ("a.tar.gz", b"\x1f\x8b" + FRAME, "application/x-compressed", "It is an archive: unpack it"),
    "Pages": ("a.pages", documents.zipped({"Index/Document.iwa": ""}), "application/vnd.apple.iwork",
              "A program of Apple has written it: export it"),
    "locked docx": ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "application/encrypted",
                    "It wants a password: save it without one."),
    "Outlook": ("a.msg", OLE + "__substg1.0_".encode("utf-16-le"), "application/vnd.ms-outlook",
                "Outlook has written it: save it as eml"),
    "SQLite": ("a.db", b"SQLite format 3\0" + FRAME, "application/x-database", "It is a database or a table for"),
    "Parquet": ("a.parquet", b"PAR1" + FRAME, "application/x-database", "It is a database or a table for"),
    "text": ("a.txt", "ясно, что это текст".encode("cp1251"), "text/plain", ""),
    "more text": ("a.txt", b"FORM of RIFF, ID3", "text/plain", ""),
    "PDF behind a line": ("a.pdf", b"HTTP/1.1 200 OK\r\n\r\n" + documents.pdf("One"), "application/pdf", ""),
    "book without a type": ("a.epub", documents.epub(is_typed=False), "application/epub+zip", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_known_of_a_file_is_read_or_said_with_what_to_do(kind: str, tmp_path: Path) -> None:
    name, content, media_type, said = TAKEN[kind]

    document = document_at(documents.saved(tmp_path, "upload", content), name)

    assert document.media_type == media_type
    assert " ".join(document.notes).startswith(said)
    assert (document.kind == "unknown") == bool(said)


@pytest.mark.parametrize("as_format", ["BMP", "TIFF"])
def test_pictures_of_scanners_and_of_windows_are_seen(as_format: str, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, as_format)

    document = document_at(documents.saved(tmp_path, "a", out.getvalue()), "a")

    assert Image.open(io.BytesIO(document.picture or b"")).size == (40, 20)


def bomb() -> bytes:
    """A document of Word, 320 kB small, whose text is 320 MB."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w", force_zip64=True) as member:
        for _ in range(320):
            member.write(bytes(1024 * 1024))
    return out.getvalue()


def huge_picture() -> bytes:
    """A PNG that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def laughs() -> str:
    names = [f"l{number}" for number in range(12)]
    entities = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in pairwise(names))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l11;</x>'


TEXT, CHART, DRAW = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("text", "chart", "drawing"))
DEEP = f'<p xmlns="{TEXT}">' + "<a>" * 50_000 + "</a>" * 50_000 + "</p>"


def odt_of(content: str) -> bytes:
    return documents.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


HOSTILE = {
    "bomb": ("a.docx", bomb),
    "huge picture": ("a.png", huge_picture),
    "deep XML": ("a.odt", lambda: odt_of(DEEP)),
    "entities": ("a.odt", lambda: odt_of(laughs())),
    "deep HTML": ("a.html", lambda: b"<html>" + b"<div>" * 30_000),
    "cut off": ("a.docx", lambda: documents.docx("Word")[:-30]),
    "old Word": ("a.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
    "no picture": ("a.jpg", lambda: b"\xff\xd8\xff\xe0broken"),
    "no PDF": ("a.pdf", lambda: b"%PDF-1.7\nbroken"),
    "no notebook": ("a.ipynb", lambda: b"[" * 100_000),
    "link out": ("a.epub", lambda: documents.zipped({
        "mimetype": "application/epub+zip", "META-INF/container.xml": '<c><rootfile full-path="../../etc/passwd"/></c>',
    })),
    "a program": ("a.exe", lambda: b"MZ\0\0" * 10),
}  # fmt: skip


def test_a_document_whose_bytes_were_changed_on_the_way_is_called_damaged(tmp_path: Path) -> None:
    content = bytearray(documents.docx("Words"))
    name = b"word/document.xml"
    content[content.index(name) + len(name)] = 0b110  # a block of a kind that there is none of

    document = document_at(documents.saved(tmp_path, "a.docx", bytes(content)), "a.docx")

    assert (document.kind, document.notes) == ("unknown", ("It is damaged (BadZipFile).",))


@pytest.mark.faults
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_its_own_process_and_a_sentence(kind: str, tmp_path: Path) -> None:
    name, make = HOSTILE[kind]
    path = documents.saved(tmp_path, "upload", make())

    began = time.monotonic()
    document = read(path, name, FEW)

    assert (document.kind, document.text, document.picture) == ("unknown", "", None)
    assert len(document.notes) == 1
    assert document.notes[0].endswith(".")
    assert time.monotonic() - began < FEW.seconds + 5


def _list_of(items: int, attribute: str) -> bytes:
    return f"<html><ol {attribute}>{'<li>a' * items}</ol>".encode()


def _text_with(styles: int, parent: str) -> bytes:
    derived = (f'<style:style style:name="P{n}" style:parent-style-name="{parent}"/>' for n in range(styles))
    return documents.odt(f"{''.join(derived)}{'<text:p>a</text:p>' * styles}")


@pytest.mark.parametrize(
    ("name", "much", "as_much"),
    [
        ("a.html", _list_of(4000, "reversed"), _list_of(4000, "")),
        ("a.odt", _text_with(8000, "Title"), _text_with(8000, "Other")),
    ],
    ids=["a list that counts down", "styles derived from Title"],
)
def test_a_long_file_takes_no_longer_than_its_like(name: str, much: bytes, as_much: bytes, tmp_path: Path) -> None:
    def seconds(content: bytes) -> float:
        path = documents.saved(tmp_path, name, content)
        took_s = []
        for _ in range(3):
            began = time.process_time()
            document_at(path, name)
            took_s.append(time.process_time() - began)
        return min(took_s)

    assert seconds(much) < 5 * seconds(as_much)


def test_a_chart_that_names_itself_is_told_once(tmp_path: Path) -> None:
    names = f'xmlns:chart="{CHART}" xmlns:draw="{DRAW}" xmlns:text="{TEXT}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    itself = f'<d {names}><chart:chart><text:p>Sales</text:p><draw:object xlink:href="./Object 1"/></chart:chart></d>'
    shown = '<text:p>Words<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    path = documents.saved(tmp_path, "a", documents.odt(shown, members={"Object 1/content.xml": itself}))

    assert read(path, "a.odt", FEW).text == "Words\nSales"


def test_a_mail_that_is_nested_too_deeply_is_not_called_damaged(tmp_path: Path) -> None:
    mail = b"Content-Type: message/rfc822\n\n" * 1000 + b"Subject: Hi\n\nHi"

    (note,) = document_at(documents.saved(tmp_path, "a.eml", mail), "a.eml").notes

    assert note == "It is nested more deeply than can be read."


def test_reading_ends_in_time(tmp_path: Path) -> None:
    cells = b"a,b,c,d,e,f,g,h\n" * 4_000_000

    document = read(documents.saved(tmp_path, "a.csv", cells), "a.csv", Limits(seconds=1))

    assert document.kind == "unknown"


ENCODED = {
    "Spanish": ("El niño está aquí, señor. ¿Qué?", "cp1252"),
    "French": ("Crème brûlée à la carte, où ça", "cp1252"),
    "two words of German": ("Müller 5 €", "cp1252"),
    "signs alone": ("5 € – §", "cp1252"),  # noqa: RUF001
    "Polish": ("Zażółć gęślą jaźń", "cp1250"),
    "Czech": ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
    "Turkish": ("İstanbul güzel şehir, ığdır", "cp1254"),  # noqa: RUF001
    "Russian beside code": ("# комментарий к коду\nprint(1)\n" * 5, "cp1251"),
    "Japanese": ("これは日本語のテキストです。\n" * 5, "shift_jis"),
    "UTF-16 without a mark": ("Größe und Text", "utf-16-le"),
    "UTF-32": ("Größe", "utf-32"),
}


@pytest.mark.parametrize("kind", ENCODED)
def test_text_is_read_in_the_encoding_that_it_is_in(kind: str) -> None:
    text, encoding = ENCODED[kind]

    assert decoded(text.encode(encoding)) == text


def test_text_in_utf_8_is_read_as_such_where_some_of_it_is_damaged() -> None:
    assert decoded("Größe ".encode() * 9 + b"\xff") == "Größe " * 9 + "\ufffd"


def test_a_fence_is_longer_than_those_inside() -> None:
    assert fenced("```\n````") == "`````\n```\n````\n`````"


def test_a_document_survives_the_way_between_processes() -> None:
    drawn = ((2, b"\n{"), (3, b""))
    document = Document("image", "image/png", "Größe \ud800\n😀", 3, ("Half.",), b"\x00\xff\n", drawn)

    assert Document.from_bytes(document.as_bytes()) == document
