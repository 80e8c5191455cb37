"""The formats that conversations are exported in, as backend, page and command line name them."""

from typing import NamedTuple

from chatapp.protocol.wording import later


class ExportFormat(NamedTuple):
    """One format. `ending` ends the file's name; `of_one` and `of_all` say whether it takes one conversation or all.

    `holds` completes the sentence "It holds …".
    """

    name: str
    ending: str
    title: str
    media_type: str
    holds: str
    of_one: bool = True
    of_all: bool = True


EXPORT_FORMATS = (
    ExportFormat(
        "zip", "zip", "Zip", "application/zip", later("everything with its files, to be imported again"), of_one=False
    ),
    ExportFormat("json", "json", "JSON", "application/json", later("every branch, to be imported again"), of_all=False),
    ExportFormat("md", "md", "Markdown", "text/markdown; charset=utf-8", later("what is on show, as text to be read")),
    ExportFormat(
        "html",
        "html",
        "HTML",
        "text/html; charset=utf-8",
        later("what is on show, as one page with its pictures that loads nothing"),
    ),
    ExportFormat(
        "chatgpt",
        "json",
        "ChatGPT JSON",
        "application/json",
        later("what was said and thought in every branch, for programs that import from ChatGPT"),
    ),
)
"""What writes each of them is in `backend/transfer/exporters/__init__.py`."""

OF_ONE = tuple(it for it in EXPORT_FORMATS if it.of_one)
OF_ALL = tuple(it for it in EXPORT_FORMATS if it.of_all)
