"""What a reader sees of a document, beside its paragraphs, is what a model gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatapp.documents.child import document_at
from support import documents

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
HIDDEN_AND_RAISED = """<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r>
<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>10</w:t></w:r>
<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>-6</w:t></w:r></w:p>"""
IN_A_BOX = "<w:r><w:txbxContent><w:p><w:r><w:t>Boxed</w:t></w:r></w:p></w:txbxContent></w:r>"
"""Word writes each box twice: for readers of today, and for old ones."""

BROKEN = f"""<a:p><a:r><a:t>Rate</a:t></a:r><a:br/><a:r><a:t>is</a:t></a:r>
<m:oMath {MATH}><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>x</m:t></m:r></m:den></m:f></m:oMath></a:p>
<a:tbl><a:tr><a:tc><a:p><a:r><a:t>two</a:t></a:r></a:p><a:p><a:r><a:t>lines</a:t></a:r></a:p></a:tc></a:tr></a:tbl>"""
BOXED = """<text:p>Beside<draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>"""
PAGE = """<p hidden>Not</p><div style="Display : none">at all</div><p>10<sup>6</sup>, x<sub>i</sub>, 1<sup>st</sup>,
CO<sub>2</sub></p><table><tr><th>who</th><th>what</th></tr><tr><td rowspan="2">Ada</td><td>1</td></tr>
<tr><td>2</td></tr></table>"""
OUTPUTS = [
    {"output_type": "stream", "text": ["\x1b[31mred\x1b[0m\n", "10%\r100%\r\n"]},
    {"data": {"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": "**So**"}},
    {"data": {"text/html": "<b>Only</b> a page"}},
]


def notebook_with(*outputs: Any) -> bytes:
    cell = {"cell_type": "code", "source": "f()", "outputs": outputs}
    return json.dumps({"cells": [cell], "metadata": {}}).encode()


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
    "pptx": (
        "a.pptx",
        documents.pptx(below=BROKEN),
        "[slide 1]\n\nShown first\n\nRate\nis(1)/(x)\n\n| two lines |\n| --- |\n\nNotes: Say hello.\n\n"
        "[slide 2]\n\n(hidden)\n\nShown second",
    ),
    "odt": (
        "a.odt",
        documents.odt(BOXED, above="<text:p>Draft</text:p>"),
        "Header: Draft\n\nBeside\nIn a box",
    ),
    "html": (
        "a.html",
        PAGE.encode(),
        "10⁶, x\\_i, 1st,\nCO₂\n\n| who | what |\n| --- | --- |\n| Ada | 1 |\n|  | 2 |",
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
