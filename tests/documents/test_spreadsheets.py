"""Spreadsheets as their programs show them: units, errors, comments and what stands in boxes."""

import struct
from pathlib import Path

import pytest

from chatapp.documents.child import document_at
from chatapp.documents.number_formats import NumberFormat
from support import documents

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWN = "http://schemas.openxmlformats.org/drawingml/2006/main"
THREAD = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts>
<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="9"/><xf numFmtId="164"/>
</cellXfs></styleSheet>"""
CELLS = """<c r="C2" s="1"><v>0.255</v></c><c s="2" r="D2"><v>1067</v></c><c r="E2" t="e"><f>1/0</f><v>#DIV/0!</v></c>
<c r="F2" t="b"><v>1</v></c><c r="G2"><v>6.02E+23</v></c><c r="H2"><v>0.30000000000000004</v></c>
<c r="I2"><v>4111111111111111</v></c>"""
SAID = f"""<comments xmlns="{MAIN}"><authors><author>Bob</author><author>tc=1</author></authors><commentList>
<comment ref="B2" authorId="0"><text><r><t>Bob:\n</t></r><r><t>Really?</t></r></text><other>1</other></comment>
<comment ref="A2" authorId="1"><text><t>[Threaded comment]</t></text></comment></commentList></comments>"""
TALKED = f"""<ThreadedComments xmlns="{THREAD}"><threadedComment ref="A2" personId="p"><text>Who?</text>
</threadedComment></ThreadedComments>"""
BESIDE = {
    "styles.xml": STYLES,
    "comments1.xml": SAID,
    "threadedComments/threadedComment1.xml": TALKED,
    "persons/person.xml": f'<personList xmlns="{THREAD}"><person id="p" displayName="Ada"/></personList>',
    "drawings/drawing1.xml": f'<d xmlns:a="{DRAWN}"><a:p><a:t>In a </a:t><a:t>box</a:t></a:p></d>',
    "worksheets/_rels/sheet1.xml.rels": documents.relations(
        r1="comments ../comments1.xml",
        r2="threadedComment ../threadedComments/threadedComment1.xml",
        r3="drawing /xl/drawings/drawing1.xml",
    ),
}
EXCEL = """## People (hidden)

| name | age |  |  |  |  |  |  |  |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| Ada\\|L [Ada: Who?] | 36 [Bob: Really?] | 25.5% | 01067 | #DIV/0! | TRUE | 6.02e+23 | 0.3 | 4111111111111111 |

In a box"""

ROWS = """<table:table-row><table:table-cell office:value-type="percentage" office:value="0.2555"><text:p>26%</text:p>
<office:annotation><dc:creator>Bob</dc:creator><text:p>Why?</text:p></office:annotation></table:table-cell>
<table:table-cell office:value-type="currency" office:currency="EUR" office:value="1234.5"><text:p>1.234,50 €</text:p>
</table:table-cell><table:table-cell office:value-type="float" office:value="0.333333"><text:p>0,33</text:p>
</table:table-cell><table:table-cell office:value-type="float" office:value="72"><text:p>72 kg</text:p>
</table:table-cell><table:table-cell office:value-type="string" office:string-value=""><text:p>#N/A</text:p>
</table:table-cell><table:table-cell table:number-columns-repeated="16382"><draw:g>
<draw:custom-shape><text:p>In a box</text:p></draw:custom-shape></draw:g></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384"/>
</table:table-row><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2"/>
<table:table-cell office:value-type="date" office:date-value="2024-01-05T13:30:00"><text:p>05.01.24</text:p>
</table:table-cell><table:table-cell office:value-type="time" office:time-value="PT30H30M00S"><text:p>30:30</text:p>
</table:table-cell><table:table-cell office:value-type="float" office:value="1067"><text:p>01067</text:p>
</table:table-cell></table:table-row>"""
LIBRE = """## Sums (hidden)

| 25.55% [Bob: Why?] | 1234.5 EUR | 0.333333 | 72 kg | #N/A |
| --- | --- | --- | --- | --- |
|  |  |  |  |  |
|  |  | 2024-01-05 13:30:00 | 30:30 | 01067 |
|  |  | 2024-01-05 13:30:00 | 30:30 | 01067 |

In a box"""


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.xlsx", documents.xlsx(below=CELLS, members=BESIDE, is_hidden=True), EXCEL),
        ("a.ods", documents.ods(ROWS), LIBRE),
    ],
    ids=["Excel", "LibreOffice"],
)
def test_cells_are_read_as_they_are_shown(name: str, content: bytes, text: str, tmp_path: Path) -> None:
    assert document_at(documents.saved(tmp_path, "upload", content), name).text == text


FORMATS = {
    "0%": "-25%",
    "0.0,": "-0.00025",
    '0"%"': "-0.25%",
    "#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]": "-0.25 €",
    '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)': "-$0.25",
    '"Q"0\\ \\k': "-Q0.25 k",
    "General": "-0.25",
    "0.00E+00": "-0.25",
    "# ?/?": "-0.25",
    "[h]:mm": "-0.25",
    "000-00-0000": "-000000.25",
}


@pytest.mark.parametrize("code", FORMATS)
def test_a_number_has_its_unit_and_is_not_rounded(code: str) -> None:
    assert NumberFormat.parse(code).shown(-0.25) == FORMATS[code]


def test_times_beyond_a_day_are_told_in_hours(tmp_path: Path) -> None:
    styles = STYLES.replace("00000", "[h]:mm:ss")
    content = documents.xlsx(below='<c r="C2" s="2"><v>1.2708333333333333</v></c>', members={"styles.xml": styles})

    assert document_at(documents.saved(tmp_path, "a", content), "a.xlsx").text.endswith("| 36 | 30:30:00 |")


LINKED = f"""<worksheet xmlns="{MAIN}" xmlns:r="r"><sheetData><row r="1">
<c r="A1" t="inlineStr"><is><t>Terms</t></is></c><c r="B1" t="inlineStr"><is><t>https://b.example</t></is></c>
<c r="C1" t="inlineStr"><is><t>Up</t></is></c></row>
</sheetData><hyperlinks><hyperlink ref="A1" r:id="r1" tooltip="x"/><hyperlink ref="B1:B2" r:id="r2"/>
<hyperlink ref="C1" location="Sheet1!A1" display="Up"/><hyperlink ref="D1" r:id="r1"/></hyperlinks></worksheet>"""


def test_cells_lead_where_they_link_to(tmp_path: Path) -> None:
    named = documents.relations(r1="hyperlink https://a.example/?a=1&amp;b=2", r2="hyperlink https://b.example")
    outside = named.replace("Target=", 'TargetMode="External" Target=')
    members = {"worksheets/sheet1.xml": LINKED, "worksheets/_rels/sheet1.xml.rels": outside}
    content = documents.xlsx(members=members)

    text = document_at(documents.saved(tmp_path, "a", content), "a.xlsx").text

    assert "| [Terms](https://a.example/?a=1&b=2) | https://b.example | Up |" in text


def wide(text: str) -> bytes:
    return len(text).to_bytes(4, "little") + text.encode("utf-16-le")


def test_cells_in_binary_that_only_follow_others_are_read(tmp_path: Path) -> None:
    """As SheetJS 0.18.5 writes them; python-calamine 0.9.1 gives the first of each row."""
    rows = [
        [(6, struct.pack("<II", 0, 0) + wide("Name")), (17, bytes(4) + wide("Price")), (17, bytes(4) + wide("x" * 59))],
        [(12, bytes(4)), (16, bytes(4) + struct.pack("<d", 1.5)), (6, struct.pack("<II", 3, 0) + wide("far"))],
        [(15, bytes(4) + b"\1")],
    ]
    content = documents.xlsb(*rows)

    text = document_at(documents.saved(tmp_path, "a", content), "a.xlsb").text

    assert text == (
        f"## S\n\n| Name | Price | {'x' * 59} |  |\n| --- | --- | --- | --- |\n|  | 1.5 |  | far |\n| TRUE |  |  |  |"
    )


XML_WORKBOOK = """\ufeff<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style>
<Style ss:ID="c"><NumberFormat ss:Format="Standard"/></Style>
<Style ss:ID="d"><NumberFormat ss:Format="m/d/yy"/></Style></Styles>
<Worksheet ss:Name="Books"><Table><Row><Cell ss:HRef="https://a.example"><Data ss:Type="String">Terms</Data></Cell>
<Cell ss:Index="3" ss:MergeAcross="1"><Data ss:Type="DateTime">2026-03-05T00:00:00.000</Data></Cell>
<Cell><Data ss:Type="DateTime">1899-12-31T13:30:00.000</Data></Cell></Row><Row ss:Index="5">
<Cell ss:StyleID="p"><Data ss:Type="Number">0.255</Data></Cell>
<Cell ss:StyleID="c"><Data ss:Type="Number">1234.5</Data>
<Comment ss:Author="Bob"><ss:Data>Why?</ss:Data></Comment></Cell>
<Cell ss:StyleID="d"><Data ss:Type="Number">46086</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>
</Table></Worksheet>
<Worksheet ss:Name="More"><Table><Row ss:Index="-2">
<Cell ss:Index="third" ss:MergeAcross="x" ss:StyleID="d"><Data ss:Type="Number">1e15</Data></Cell>
<Cell ss:StyleID="d"><Data ss:Type="Number">NaN</Data></Cell><Cell><Data ss:Type="Number"/></Cell></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions>
</Worksheet>
</Workbook>"""


@pytest.mark.parametrize("name", ["a.xml", "a.xls"])
def test_a_workbook_in_the_xml_of_excel_2003_is_read(name: str, tmp_path: Path) -> None:
    document = document_at(documents.saved(tmp_path, "upload", XML_WORKBOOK.encode()), name)

    assert (document.pages, document.text) == (
        2,
        "## Books\n\n| [Terms](https://a.example) |  | 2026-03-05 |  | 13:30:00 |\n| --- | --- | --- | --- | --- |\n"
        "|  |  |  |  |  |\n| 25.5% | 1234.5 [Bob: Why?] | 2026-03-05 | TRUE |  |\n\n"
        "## More (hidden)\n\n| 1e15 | NaN |\n| --- | --- |",
    )
