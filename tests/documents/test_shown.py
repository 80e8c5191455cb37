"""What a reader sees of a document, beside its paragraphs, is what a model gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatapp.documents.child import document_at
from support import documents

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DRAWN = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
ODF = "urn:oasis:names:tc:opendocument:xmlns"
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
HIDDEN_AND_RAISED = """<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r>
<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>10</w:t></w:r>
<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>-6</w:t></w:r></w:p>"""
CONTRACT = """<w:p><w:pPr><w:pStyle w:val="H"/></w:pPr><w:r><w:t>Scope</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Clause</w:t></w:r></w:p>
<w:p><w:r><w:t>Between\u00ad.</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Clause</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="2"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>Letter</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="3"/></w:numPr></w:pPr><w:r><w:t>Done</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="4"/></w:numPr></w:pPr><w:r><w:t>Legal</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="H2"/></w:pPr><w:r>
<w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>\u6f22</w:t>
</w:r></w:rubyBase></w:ruby><w:cr/><w:t>Term\uf0b7</w:t></w:r></w:p>"""
LISTS = f"""<w:numbering {WORD}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="3"/>
<w:numFmt w:val="upperRoman"/><w:lvlText w:val="Article %1"/><w:pStyle w:val="H"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="\u2612"/></w:lvl>
</w:abstractNum><w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/>
<w:lvlText w:val="Article %1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="decimalZero"/><w:isLgl/>
<w:lvlText w:val="Section %1.%2"/></w:lvl></w:abstractNum><w:num w:numId="4">
<w:abstractNumId w:val="2"/></w:num><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="0"/>
<w:lvlOverride w:ilvl="2"><w:startOverride w:val="28"/></w:lvlOverride></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num></w:numbering>"""
NUMBERED = f"""<w:styles {WORD}><w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 1"/>
<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 1"/><w:basedOn w:val="H"/></w:style></w:styles>"""
BLANK = f"""<w:numbering {WORD}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>
<w:lvlText w:val="-"/></w:lvl></w:abstractNum><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0">
<w:numFmt w:val="bullet"/><w:lvlText w:val=" "/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/>
</w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>"""
NAMED = f"""<w:styles {WORD}><w:style w:type="paragraph" w:styleId="L"><w:name w:val="List Bullet 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Q"><w:name w:val="Intense Quote"/></w:style>
<w:style w:type="paragraph" w:styleId="B"><w:name w:val="Block Text"/></w:style></w:styles>"""
STYLED = """
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>one</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>on</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="L"/></w:pPr><w:r><w:t>in it</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="Q"/></w:pPr><w:r><w:t>Said</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="B"/></w:pPr><w:r><w:t>Said</w:t></w:r></w:p>"""
IN_MATH = f"""<w:p {MATH}><m:oMath><m:nary><m:naryPr><m:chr m:val="\u2211"/></m:naryPr><m:sub>
<m:r><m:t>i</m:t></m:r></m:sub><m:sup/><m:e>
<m:d><m:dPr><m:begChr m:val="|"/><m:endChr m:val="|"/></m:dPr><m:e><m:r><m:t>x</m:t></m:r></m:e></m:d>
</m:e></m:nary><m:m><m:mr><m:e><m:r><m:t>a</m:t></m:r></m:e><m:e><m:r><m:t>b</m:t></m:r></m:e></m:mr><m:mr><m:e><m:r><m:t>c</m:t>
</m:r></m:e></m:mr></m:m><m:acc><m:e><m:r><m:t>y</m:t></m:r></m:e></m:acc></m:oMath></w:p>"""
IN_A_BOX = "<w:r><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></w:r>"
"""Word writes each box twice: for readers of today, and for old ones."""

BROKEN = f"""<a:p><a:r><a:t>Rate</a:t></a:r><a:br/><a:r><a:t>is</a:t></a:r>
<m:oMath {MATH}><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>x</m:t></m:r></m:den></m:f></m:oMath></a:p>
<a:tbl><a:tr><a:tc><a:p><a:r><a:t>two</a:t></a:r></a:p><a:p><a:r><a:t>lines</a:t></a:r></a:p></a:tc></a:tr></a:tbl>"""
POWER = '<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r></a:p>'
FORMS = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def drawing(text: str) -> str:
    """Return a box of text, in the form of today."""
    return f"<w:drawing><t><w:txbxContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:txbxContent></t></w:drawing>"


FIELDS = f"""<w:p><w:r><w:t xml:space="preserve">Figure </w:t></w:r><w:fldSimple w:instr=" SEQ Figure \\* ARABIC "><w:r>
<w:t>1</w:t></w:r></w:fldSimple><w:r><w:t>: The sea</w:t></w:r></w:p><w:p><w:dir w:val="rtl"><w:r>
<w:t>\u05d0</w:t></w:r><w:bdo w:val="rtl"><w:r><w:t>\u05d1</w:t></w:r></w:bdo></w:dir></w:p><w:p><w:r><w:t>Left</w:t>
<w:ptab w:relativeTo="margin" w:alignment="right" w:leader="none"/><w:t>right</w:t></w:r></w:p><w:p><w:r>
<m:AlternateContent xmlns:m="{FORMS}"><m:Choice Requires="wps">{drawing("In a box")}</m:Choice><m:Fallback><w:drawing/>
</m:Fallback></m:AlternateContent><w:t>by it</w:t></w:r></w:p><w:p><w:r>{drawing("In one of today")}</w:r></w:p>"""
PAGE_WITHIN = """MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; boundary="----=mhtDocumentPart"

------=mhtDocumentPart
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable
Content-Location: file:///C:/fake/document.html

<!DOCTYPE html><html><body><h1>Terms</h1><p>1 =3D 1</p></body></html>
------=mhtDocumentPart--
"""
RTF = rb"""{\rtf1\ansi{\header\pard Draft\par}\pard 10{\super\b -6} H\sub 2\nosupersub O{\v not} \v at all\v0 shown,
{\deleted {\b gone} too}{\pard  kept \v un\v0
\}\plain} \u-10179?\u-8704? said{\footnote\pard {\super\chftn}Below.\par}{\*\annotation Why?}}"""
CHARTED = f"""<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" {DRAWN}><c:chart><c:title>
<a:t>Sales</a:t></c:title><c:ser><c:tx><c:pt idx="0"><c:v>Q1</c:v></c:pt></c:tx><c:cat>
<c:pt idx="0"><c:v>East</c:v></c:pt><c:pt idx="1"><c:v>West</c:v></c:pt></c:cat>
<c:val><c:formatCode>0%</c:formatCode><c:pt idx="0"><c:v>0.5</c:v></c:pt>
<c:pt idx="1"><c:v>0.25</c:v></c:pt></c:val></c:ser></c:chart></c:chartSpace>"""
DIAGRAM = f"<d {DRAWN}><a:p><a:t>Plan</a:t></a:p><a:p><a:t>Do</a:t></a:p></d>"
RAISED = """<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/></style:style>
<text:p>10<text:span text:style-name="T1">-6</text:span> <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>
</text:p><draw:frame><draw:object xlink:href="Object 2/"/></draw:frame>"""
STEPS = """<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1"
style:num-suffix="."/><text:list-level-style-number text:level="2" text:display-levels="2" text:start-value="27"
style:num-letter-sync="true" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/></text:list-style>
<text:list xml:id="one" text:style-name="L">
<text:list-item text:start-value="3"><text:p>three</text:p>
<text:list><text:list-item><text:p>in it</text:p></text:list-item></text:list></text:list-item>
</text:list><text:p><text:a xlink:href="https://example.org/">Between</text:a></text:p>
<text:list text:continue-list="one" text:style-name="L"><text:list-item><text:list><text:list-item>
<text:p>behind</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>four</text:p></text:list-item>
</text:list><text:list text:style-name="L"><text:list-item><text:p>one</text:p></text:list-item></text:list>"""
OBJECTS = {
    "Object 1/content.xml": '<math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>a</mi><mi>b</mi></mfrac></math>',
    "Object 2/content.xml": f"""<office:d xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0"
xmlns:chart="{ODF}:chart:1.0" xmlns:table="{ODF}:table:1.0"><office:chart><chart:chart><chart:title>
<text:p>Sales</text:p></chart:title><table:table><table:table-row><table:table-cell><text:p>Q1</text:p></table:table-cell>
<table:table-cell office:value="NaN"><text:p>NaN</text:p></table:table-cell></table:table-row>
</table:table></chart:chart></office:chart></office:d>""",
}
BOXED = """<text:p>Beside<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>
<table:table><table:table-row><table:table-cell><text:p>wide</text:p></table:table-cell><table:covered-table-cell/>
<table:table-cell><text:p>third</text:p></table:table-cell></table:table-row></table:table>"""
PAGE = """<p hidden>Not</p><div style="Display : none">at all</div><p>10<sup>6</sup>, x<sub>i</sub>, 1<sup>st</sup>,
CO<sub>2</sub></p><table><tr><th>who</th><th>what</th></tr><tr><td rowspan="2">Ada</td><td>1</td></tr>
<tr><td>2</td></tr></table>"""
OPEN_ENDED = """<!DOCTYPE html><ul><li>one<li>two<ul><li>in it</ul><li>three</ul><p>first<p>second
<table><caption>Sales</caption><colgroup><col><thead><tr><th>a<th>b<tbody><tr><td>1<td>2<tfoot><tr><td>3<td>4</table>
<dl><dt>word<dd>meaning</dl>"""
"""HTML lets these ends be left out, and LibreOffice does."""

FILLED_IN = """<html><ol start="4"><li>four<li value="9"><input type=checkbox checked> nine<li>ten</ol>
<ol type="i"><li>first<li>second</ol><ol reversed><li>two<li>one</ol>
<nav>Menu</nav>words<select><option>no<option selected>yes</select>
<input value="Ada"> <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby><iframe>none</iframe><dialog>closed</dialog>
<table><tr><th>sign<tr><td>a | b</table>"""
FORMULAS = r"""<html><p>\(a_1*b\) and c_1, <math><mfrac><mn>1</mn><mi>x</mi></mfrac>
<mo>&it;</mo><msup><mi>y</mi><mn>2</mn></msup>
<mover><mi>v</mi><mo>→</mo></mover><msqrt><mn>2</mn></msqrt></math>,
<math><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></math><span class="katex-html">x1</span>"""
OUTPUTS = [
    {"output_type": "stream", "text": ["\x1b[31mred\x1b[0m\n", "10%\r100%\r\n"]},
    {"data": {"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "**So**"}},
    {"data": {"text/html": "<b>Only</b> a page"}},
]


def notebook_with(*outputs: Any) -> bytes:
    cell = {"cell_type": "code", "source": "f()", "outputs": outputs}
    return json.dumps({"cells": [cell], "metadata": {}}).encode()


def mail_of(kind: str, *parts: str) -> str:
    pieces = "".join(f"\n--{kind}\n{part}" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={kind}\n{pieces}\n--{kind}--\n"


def mailed(kind: str, *parts: str) -> bytes:
    """Return a mail in whose head a program has written letters as they are in its code page."""
    return b"Subject: Gr\xf6\xdfe\n" + mail_of(kind, *parts).encode()


SHOWN: dict[str, tuple[str, bytes, str]] = {
    "docx": (
        "a.docx",
        documents.docx(
            below=HIDDEN_AND_RAISED,
            header1=f"<w:hdr {WORD}><w:p><w:r><w:t>Draft</w:t></w:r></w:p></w:hdr>",
            header2=f"<w:hdr {WORD}><w:p><w:r><w:t>Draft</w:t></w:r></w:p></w:hdr>",
            footer1=f"<w:ftr {WORD}><w:p><w:r><w:t>Acme</w:t><w:tab/><w:t>2026</w:t></w:r>{IN_A_BOX * 2}</w:p></w:ftr>",
        ),
        "Header: Draft\n\n10⁻⁶\n\nFooter: Acme 2026, Boxed",
    ),
    "docx with numbers": (
        "a.docx",
        documents.docx(below=CONTRACT, numbering=LISTS, styles=NUMBERED),
        "# Article III Scope\n\nIII.1 Clause\n\nBetween.\n\nIII.2 Clause\n      (bb) Letter\n"
        "- ☒ Done\n    Section 1.01 Legal\n\n# Article IV 漢(kan) Term•",
    ),
    "docx with lists and quotes as python-docx 1.2 and pandoc 3 write them": (
        "a.docx",
        documents.docx(below=STYLED, numbering=BLANK, styles=NAMED),
        "- one\n  on\n  - in it\n\n> Said\n>\n> Said",
    ),
    "docx with fields, directions and boxes, as mammoth 1.13 leaves them out": (
        "a.docx",
        documents.docx(below=FIELDS),
        "Figure 1: The sea\n\n\u05d0\u05d1\n\nLeft right\n\nIn a box\n\nby it\n\nIn one of today",
    ),
    "docx with boxes in a box": (
        "a.docx",
        documents.docx(below=f"<w:p><w:r>{drawing('Out</w:t>' + drawing('in it') * 2 + '<w:t>')}</w:r></w:p>"),
        "Out\n\nin it\n\nin it",
    ),
    "docx that html-docx-js 0.3 has made, in which mammoth 1.13 reads nothing": (
        "a.docx",
        documents.docx(aFChunk=PAGE_WITHIN),
        "# Terms\n\n1 = 1",
    ),
    "rtf with a table of pandoc 3": (
        "a.rtf",
        rb"""{\rtf1\ansi {\trowd\cellx9\cellx19\cellx29 {{\pard\intbl a\par}
\cell}{{\pard\intbl b\par one\par}\cell}{{\pard\intbl \\par}\cell}\intbl\row}}""",
        "a|b\none|\\par|",
    ),
    "rtf": (
        "a.rtf",
        RTF,
        "Header: Draft\n10⁻⁶ H₂O shown, kept } 😀 said [Note: Below.] [Comment: Why?]",
    ),
    "rtf with links of TextEdit, LibreOffice and Word, as striprtf 0.0.35 loses them": (
        "a.rtf",
        rb"""{\rtf1\ansi {\field{\*\fldinst{HYPERLINK "https://a.example/"}}{\fldrslt one}} and
 {\field{\*\fldinst{PAGE}}{\fldrslt 2}}, {{\field{\*\fldinst HYPERLINK "mailto:b@b.example" }{\fldrslt
{\cf20 two}{}}}}, {\field{\*\fldinst {\rtlch HYPERLINK "https://c.exa
mple/" }{{\*\datafield 00d0}}}{\fldrslt {\cs15\ul three}}}.}""",
        "[one](https://a.example/) and 2, [two](mailto:b@b.example), [three](https://c.example/).",
    ),
    "rtf that hides within groups": (
        "a.rtf",
        rb"{\rtf1\ansi {\b kept \v not\v0  this}, {\i kept \v not \{at\} all}{\v no\plain t} D:\\v\\a.txt}",
        "kept  this, kept t D:\\v\\a.txt",
    ),
    "pptx with powers": (
        "a.pptx",
        documents.pptx(below=POWER),
        "[slide 1]\n\nShown first\n\n10⁶\n\nNotes: Say hello.\n\n[slide 2]\n\n(hidden)\n\nShown second",
    ),
    "docx with drawings": (
        "a.docx",
        documents.docx("Text", chart=CHARTED, diagramData=DIAGRAM),
        "Text\n\nChart: Sales\n\n|  | Q1 |\n| --- | --- |\n| East | 50% |\n| West | 25% |\n\n- Plan\n- Do",
    ),
    "odt with objects": (
        "a.odt",
        documents.odt(RAISED, members=OBJECTS),
        "10⁻⁶  (a)/(b)\n\nSales\n\n| Q1 |\n| --- |",
    ),
    "odt with a title": (
        "a.odt",
        documents.odt(
            '<style:style style:name="P1" style:parent-style-name="Title"/><text:p text:style-name="P1">Whales</text:p>'
            '<text:p text:style-name="Title"/><text:p text:style-name="P2">They sing.</text:p>'
        ),
        "# Whales\n\nThey sing.",
    ),
    "odt with damaged objects": ("a.odt", documents.odt(RAISED, members=dict.fromkeys(OBJECTS, "<math")), "10⁻⁶"),
    "docx with damaged drawings": ("a.docx", documents.docx("Text", chart="<c", diagramData="<d", header1="<"), "Text"),
    "odt with numbers": (
        "a.odt",
        documents.odt(STEPS),
        "3. three\n\n(3.aa) in it\n\n[Between](https://example.org/)\n\n  (3.bb) behind\n\n4. four\n\n1. one",
    ),
    "docx with formulas": ("a.docx", documents.docx(below=IN_MATH), "∑\\_(i) |x|a, b; cy\u0302"),
    "pptx": (
        "a.pptx",
        documents.pptx(below=BROKEN),
        "[slide 1]\n\nShown first\n\nRate\nis(1)/(x)\n\n| two lines |\n| --- |\n\nNotes: Say hello.\n\n"
        "[slide 2]\n\n(hidden)\n\nShown second",
    ),
    "odt": (
        "a.odt",
        documents.odt(BOXED, above="<text:p>Draft</text:p>"),
        "Header: Draft\n\nBeside\nIn a box\n\n| wide |  | third |\n| --- | --- | --- |",
    ),
    "html": (
        "a.html",
        PAGE.encode(),
        "10⁶, x\\_i, 1st,\nCO₂\n\n| who | what |\n| --- | --- |\n| Ada | 1 |\n|  | 2 |",
    ),
    "html without ends": (
        "a.html",
        OPEN_ENDED.encode(),
        "- one\n- two\n  - in it\n- three\n\nfirst\n\nsecond\n\nSales\n\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n\nword\n:   meaning",
    ),
    "html with fields": (
        "a.html",
        FILLED_IN.encode(),
        "4. four\n9. [x] nine\n10. ten\n\ni. first\nii. second\n\n2. two\n1. one\n\nMenu\n\nwordsyes\nAda 漢(kan)\n\n"
        "| sign |\n| --- |\n| a \\| b |",
    ),
    "html with formulas": ("a.html", FORMULAS.encode(), r"\(a_1*b\) and c_1, (1)/(x)y^(2)v⃗root(2)," "\n$x_1$"),
    "html in a code page": ("a.html", '<html><meta charset="iso-8859-2">żółw'.encode("iso-8859-2"), "żółw"),
    "mail in pieces": (
        "a.eml",
        mailed("mixed", "\none", mail_of("alternative", "\n", "Content-Type: text/html\n\n<b>Café</b>")),
        "Subject: Größe\n\none\n\n**Café**",
    ),
    "mail with a mail": (
        "a.eml",
        mailed("mixed", "\nSee.", "Content-Type: message/rfc822\n\nSubject: In it\n\nNo. 77"),
        "Subject: Größe\n\nSee.\n\nForwarded mail:\nSubject: In it\n\nNo. 77",
    ),
    "ipynb": (
        "a.ipynb",
        notebook_with(*OUTPUTS),
        "```python\nf()\n```\n\n```text\nred\n100%\n```\n\n```text\n**So**\n```\n\n```text\n**Only** a page\n```",
    ),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_what_a_reader_sees_is_what_a_model_gets(kind: str, tmp_path: Path) -> None:
    name, content, text = SHOWN[kind]

    assert document_at(documents.saved(tmp_path, "upload", content), name).text == text
