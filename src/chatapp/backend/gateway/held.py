"""A conversation that its client holds: what of it is remembered, and the hashes by which it is found again.

Clients send all that was said again with each question, and change what does not matter: blanks around texts, how the
JSON of calls is written, the ids of calls, one part or several. None of that counts, nor do system prompts, which many
change by the minute, or what coding agents put before a question as a reminder. Of a question that was answered only
the first line counts, beside the answer: Aider puts a reminder under the last question, and what is in its files into
earlier ones.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any

import msgspec
from pydantic_core import to_json

from chatapp.backend.gateway.hashed import HashedBeginnings
from chatapp.backend.gateway.said import NOT_SAID, joined, said_by_somebody, said_in, text_of
from chatapp.backend.gateway.schemas import Json
from chatapp.protocol.messages import (
    AttachmentPart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_USER = b"\x02user"
_LONGEST_NAME = 200
_REMINDERS = ("<system-reminder>", "<current_datetime>")  # Claude Code and opencode, GitHub Copilot CLI 1.0
DOCUMENTS = "### Task:\nRespond to the user query using the provided context, incorporating inline citations "
_DOCUMENTS_END = "\n</context>\n\n"
"""Between these stands what Open WebUI has found for a question; behind its answer the question comes without."""

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "tool": "tool", "function": "tool"}


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that came inside a message."""

    name: str
    media_type: str
    content: bytes

    def kept(self) -> AttachmentPart:
        """Return it as a part of a message."""
        return AttachmentPart(self.name, self.media_type, len(self.content), sha256(self.content).hexdigest())


class HeldMessages:
    """The messages of a request as the store wants them: a `HeldConversation`. `take` gets the files that are kept.

    `known` are beginnings that need not be hashed again.
    """

    def __init__(
        self,
        wire_messages: list[Json],
        *,
        take: Callable[[list[HeldFile]], None] | None = None,
        known: HashedBeginnings | None = None,
    ) -> None:
        self._take = take
        self._known = known or HashedBeginnings()
        self._said = said_by_somebody(wire_messages)
        self._unsaid = [message for message in wire_messages if message["role"] in NOT_SAID]
        self.files: list[HeldFile] = []
        self._hasher = blake2b(digest_size=16)
        self._first, self._hashes = 0, list[str]()

    @property
    def system(self) -> str | None:
        """What the model was told before: the first system prompt."""
        first = self._unsaid[0].get("content") if self._unsaid else None
        return (joined(first) if isinstance(first, list) else first) or None

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self._said)

    @property
    def last_answer(self) -> int:
        """Where the last answer stands, 0 where there is none."""
        places = range(len(self._said) - 1, -1, -1)
        return next((place for place in places if self._said[place]["role"] == "assistant"), 0)

    def hashes(self, first: int) -> list[str]:
        """Return, for each message from `first` on, the hash of all that was said up to its end.

        It takes a thousandth of a second for a thousand messages that are not known: not on the event loop.
        """
        if not self._hashes or first < self._first:
            self._first, self._hashes = first, self._hashes_from(first)
        return self._hashes[first - self._first :]

    def _hashes_from(self, first: int) -> list[str]:
        known = self._known.longest(self._said, most=first)
        begin = len(known.said) if known else 0
        hasher = known.hasher.copy() if known else blake2b(digest_size=16)
        hasher.update(b"".join([_passed(_bytes_of(message)) for message in self._said[begin:first]]))
        self._known.keep(self._said[:first], hasher.copy(), behind=known)
        digests: list[str] = []
        for message in self._said[first:]:
            text = _bytes_of(message)
            last = hasher.copy()
            last.update(text)
            digests.append(last.hexdigest())
            hasher.update(_passed(text))
        self._hasher = hasher
        return digests

    def hash_behind(self, answer: Message) -> str:
        """Return the hash of all that was said, and of an answer behind it."""
        calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
        hasher = self._hasher.copy()
        hasher.update(_bytes(answer.role, answer.text, calls))
        return hasher.hexdigest()

    def messages(self, first: int) -> list[Message]:
        """Return the messages from `first` on; the bytes of pictures and files in them are in `files` then."""
        self.files = []
        return [Message(_ROLES[message["role"]], tuple(self._parts_of(message))) for message in self._said[first:]]

    def kept(self) -> None:
        """Note that the messages asked for last are saved."""
        if self.files and self._take is not None:
            self._take(self.files)

    def _parts_of(self, message: Json) -> Iterator[Part]:
        for part in _parts_of(message):
            if isinstance(part, HeldFile):
                self.files.append(part)
                yield part.kept()
            else:
                yield part


def _bytes_of(message: Json) -> bytes:
    """Return what counts of a message, as bytes that no other message has."""
    role, content, calls = message["role"], message.get("content"), _told_calls(message)
    if isinstance(content, str) and not calls:
        content = _asked(content) if role == "user" else content
        return f"\x02{role}\x03{content.strip()}".encode(errors="replace")  # almost all are so
    others: list[bytes] = []
    if isinstance(content, list):
        others = [to_json(part) for part in content if text_of(part) is None]
        content = _asked(joined(content)) if role == "user" else joined(content)
    return _bytes(role, content or "", _calls_in(calls) if calls else [], others)


def _bytes(role: str, text: str, calls: list[ToolCallPart], others: list[bytes] | None = None) -> bytes:
    """Return all of it behind signs that texts do not hold: these begin a message, a call, and something else."""
    said = f"\x02{role}\x03{text.strip()}"
    if calls:
        said += "".join([f"\x04{call.name}\x05{_rewritten(call.arguments)}" for call in calls])
    data = said.encode(errors="replace")
    return b"\x06".join([data, *others]) if others else data


def _passed(said: bytes) -> bytes:
    """Return what counts of a message once there is another behind it: of a question its first line."""
    return said.partition(b"\n")[0] if said.startswith(_USER) else said


def _rewritten(arguments: str) -> str:
    """Return the JSON of a call as everybody would write it, or as it is where it is none."""
    try:
        return msgspec.json.encode(msgspec.json.decode(arguments)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return arguments


def _told_calls(message: Json) -> Any:
    """Return the field with calls, the older one where there is no newer."""
    return message.get("tool_calls") or message.get("function_call")


def _calls_in(told: Any) -> list[ToolCallPart]:
    """Return the calls that the field `tool_calls` of a message holds, or the one of `function_call`."""
    calls = []
    for call in told if isinstance(told, list) else [{"function": told}]:
        function = call.get("function") if isinstance(call, dict) else None
        if function is None and isinstance(call, dict):
            function = call.get("custom")
        if isinstance(function, dict):
            name, arguments = function.get("name"), function.get("arguments", function.get("input"))
            calls.append(ToolCallPart(str(call.get("id") or ""), str(name or ""), str(arguments or "")))
    return calls


def _asked(text: str) -> str:
    """Return a question without the reminders or documents before it; all of it where there is nothing else."""
    if text.startswith(DOCUMENTS):
        return text.rpartition(_DOCUMENTS_END)[2] or text
    if not text.startswith(_REMINDERS):
        return text
    begin = 0
    while (close := _close_of_reminder(text, begin)) and (end := text.find(close, begin)) >= 0:
        begin = end + len(close)
        while text[begin : begin + 1].isspace():
            begin += 1
    return text[begin:] or text


def _close_of_reminder(text: str, begin: int) -> str:
    """Return what ends the reminder that begins there, empty where there is none."""
    return next((f"</{tag[1:]}" for tag in _REMINDERS if text.startswith(tag, begin)), "")


def _parts_of(message: Json) -> list[Part | HeldFile]:
    """Return the parts of a message as they are kept, and the files in it."""
    content, text = message.get("content"), said_in(message)
    text = _asked(text) if message["role"] == "user" else text
    if message["role"] in {"tool", "function"}:
        return [ToolResultPart(str(message.get("tool_call_id") or message.get("name") or ""), text)]
    thought = message.get("reasoning_content")
    parts: list[Part | HeldFile] = [ReasoningPart(thought)] if isinstance(thought, str) and thought else []
    parts += [_attachment(part) for part in content if text_of(part) is None] if isinstance(content, list) else []
    parts += [TextPart(text)] if text else []
    calls = _told_calls(message)
    return [*parts, *(_calls_in(calls) if calls else [])]


def _attachment(part: Json) -> AttachmentPart | HeldFile:
    """Return a picture, a recording or a file: with its bytes where they came along, else where it is."""
    named = part.get("type")
    field = named if isinstance(named, str) else "file"
    kind, told = field.removesuffix("_url").removeprefix("input_")[:40], part.get(field)
    fields = told if isinstance(told, dict) else {"url": told}
    name = fields.get("filename")
    name = name[:_LONGEST_NAME] if isinstance(name, str) and name else kind
    sound = fields.get("data")
    if isinstance(sound, str):  # its format stands beside it
        return _file(name, f"audio/{str(fields.get('format'))[:40]}", sound)
    place = fields.get("url") or fields.get("file_data")
    if not isinstance(place, str):
        return AttachmentPart(name=name)
    if not place.startswith("data:"):
        return AttachmentPart(name=place[:_LONGEST_NAME])
    head, _, data = place.partition(",")
    return _file(name, head.removeprefix("data:").partition(";")[0][:100], data)


def _file(name: str, media_type: str, data: str) -> AttachmentPart | HeldFile:
    media_type = media_type or "application/octet-stream"
    try:
        return HeldFile(name, media_type, b64decode(data, validate=True))
    except ValueError:
        return AttachmentPart(name=name, media_type=media_type, size=len(data) * 3 // 4)
