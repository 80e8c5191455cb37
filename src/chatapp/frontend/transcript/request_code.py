"""The request that made an answer, as code that makes it again: for the shell, and for Python."""

import json
from collections.abc import Iterable, Mapping
from pprint import pformat
from typing import Any, Literal, NamedTuple, get_args

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.protocol.messages import system_text

Language = Literal["curl", "python"]
LANGUAGES = get_args(Language)
_WIDTH = 100
_NOT_ALL = "# Earlier messages are missing here: they were not loaded."


class RequestOptions(NamedTuple):
    """How questions are asked: at which backend, with which instructions and parameters.

    `is_cut`: there are messages before those that are loaded.
    """

    backend_url: str = ""
    system: str | None = None
    sampling: Mapping[str, Any] | None = None
    is_cut: bool = False


def request_code(
    entries: Iterable[DisplayMessage], message_id: str, options: RequestOptions, language: Language
) -> str | None:
    """Return code that asks for the answer `message_id` again, by OpenAI's API; None if there is no such answer."""
    messages: list[dict[str, str]] = []
    summary: str | None = None
    for entry in entries:
        if entry.id == message_id:
            if not entry.is_answer:
                return None
            write = _curl if language == "curl" else _python
            return write(_body(entry, messages, summary, options), options)
        if entry.content:
            messages.append({"role": entry.message["role"], "content": entry.content})
        if entry.summary:
            messages, summary = [], entry.summary
    return None


def _body(
    answer: DisplayMessage, messages: list[dict[str, str]], summary: str | None, options: RequestOptions
) -> dict[str, Any]:
    system = system_text(options.system, summary)
    first = [{"role": "system", "content": system}] if system else []
    return {"model": answer.model or "", "messages": [*first, *messages], **(options.sampling or {})}


def _curl(body: dict[str, Any], options: RequestOptions) -> str:
    lines = [
        f"curl {options.backend_url}/v1/chat/completions \\",
        '  -H "Authorization: Bearer $BACKEND_API_KEY" -H "Content-Type: application/json" -d @- <<\'JSON\'',
        json.dumps(body, ensure_ascii=False, indent=2),
        "JSON",
    ]
    return "\n".join([*_comment(options), *lines, ""])


def _python(body: dict[str, Any], options: RequestOptions) -> str:
    fields = [f"    {name}={_literal(value)},".replace("\n", "\n    ") for name, value in body.items()]
    key = 'api_key=os.environ.get("BACKEND_API_KEY", "none")'
    lines = [
        "import os",
        "",
        "from openai import OpenAI",
        "",
        f'client = OpenAI(base_url="{options.backend_url}/v1", {key})',
        "answer = client.chat.completions.create(",
        *fields,
        ")",
        "print(answer.choices[0].message.content)",
    ]
    return "\n".join([*_comment(options), *lines, ""])


def _literal(value: object) -> str:
    return pformat(value, width=_WIDTH, sort_dicts=False)


def _comment(options: RequestOptions) -> list[str]:
    return [_NOT_ALL] if options.is_cut else []
