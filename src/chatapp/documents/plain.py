"""Tables, notebooks, mails and web pages, as Markdown."""

import csv
import io
import json
import re
from collections.abc import Callable
from itertools import zip_longest

_LONGEST_FENCE = re.compile(r"`{3,}")


def fenced(text: str, language: str = "") -> str:
    """Return `text` as a block of code, in a fence longer than any inside it."""
    longest = max((len(found) for found in _LONGEST_FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def table(rows: list[list[str]]) -> str:
    """Return `rows` as a table of Markdown, the first as its head; empty rows at the end are left out."""
    cells = [[" ".join(cell.replace("|", "\\|").split()) for cell in row] for row in rows]
    while cells and not any(cells[-1]):
        cells.pop()
    if not cells:
        return ""
    columns = list(zip_longest(*cells, fillvalue=""))
    width = max(number for number, column in enumerate(columns, 1) if any(column))
    lines = [f"| {' | '.join([*row, *[''] * width][:width])} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def separated(text: str, separator: str | None = None) -> str:
    """Return values separated by commas, semicolons or tabs as a table; as it is where it is none."""
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(text[:8192], separator or ",;\t")
    except csv.Error:
        return text
    return table(list(csv.reader(io.StringIO(text), dialect)))


def notebook(text: str) -> str:
    """Return the cells of a Jupyter notebook, with what they wrote; pictures are left out.

    Raises:
        ValueError: it is none.
    """
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(told, dict) or not isinstance(told.get("cells"), list):
        raise ValueError
    language = told.get("metadata", {}).get("language_info", {}).get("name", "python")
    return "\n\n".join(part for cell in told["cells"] for part in _cell(cell, language) if part)


def _cell(cell: dict[str, object], language: str) -> list[str]:
    source = _joined(cell.get("source"))
    if cell.get("cell_type") != "code":
        return [source]
    outputs = cell.get("outputs")
    written = [_output(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    return [fenced(source, language), *(fenced(text, "text") for text in written if text.strip())]


def _output(output: dict[str, object]) -> str:
    data = output.get("data")
    if isinstance(data, dict):
        return _joined(data.get("text/plain"))
    return _joined(output.get("text")) or str(output.get("evalue") or "")


def _joined(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def rich_text(raw: bytes) -> str:
    """Return the words of a document in RTF."""
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415 - only some files are RTF

    words: Callable[..., str] = rtf_to_text  # it has no types of its own
    return words(raw.decode("latin-1"), errors="replace").strip()


def mail(raw: bytes) -> tuple[str, list[str]]:
    """Return an e-mail's head and words, and the names of the files in it."""
    import email.policy  # noqa: PLC0415 - 10 ms of every start, for what few attach
    from email.message import EmailMessage  # noqa: PLC0415

    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what the policy makes
    head = [f"{name}: {message[name]}" for name in ("From", "To", "Cc", "Date", "Subject") if message[name]]
    body = message.get_body(("plain", "html"))
    content = str(body.get_content()) if body is not None else ""
    if body is not None and body.get_content_type() == "text/html":
        content = web_page(content)
    names = [part.get_filename() or "without a name" for part in message.iter_attachments()]
    return "\n".join([*head, "", content.strip()]), names


def web_page(html: str) -> str:
    """Return a web page as Markdown, without its scripts, styles and pictures."""
    from bs4 import BeautifulSoup  # noqa: PLC0415 - only some files are web pages
    from bs4.element import PreformattedString  # noqa: PLC0415
    from markdownify import MarkdownConverter  # noqa: PLC0415

    page = BeautifulSoup(html, "html.parser")
    for unseen in page(["head", "script", "style", "noscript", "template", "svg", "img"]):
        unseen.decompose()
    for unsaid in page.find_all(string=lambda text: isinstance(text, PreformattedString)):
        unsaid.extract()  # comments, declarations, instructions
    converter = MarkdownConverter(heading_style="atx", bullets="-", escape_misc=False, table_infer_header=True)
    markdown: str = converter.convert_soup(page)
    lines = (line.rstrip() for line in markdown.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
