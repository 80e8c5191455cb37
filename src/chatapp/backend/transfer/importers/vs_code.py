"""Chats of VS Code, as it exports them, and as it keeps them: a log of what has changed of one."""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename
from typing import Any

from chatapp.backend.transfer.importers.fields import Json, mapping, name, objects, sequence, string

SOURCE = "vs-code"

_BEGUN, _SET, _PUSHED, _DELETED = range(4)
_CANCELLED, _FAILED = 2, 3
_FILES = ("image", "file")
_THOUGHT, _TOOL, _NAMED = "thinking", "toolInvocationSerialized", "inlineReference"


def messages(fields: Json) -> list[Json]:
    """Return the questions and answers, of which one element holds both."""
    told: list[Json] = []
    for one in objects(fields.get("requests")):
        when, key = one.get("timestamp"), name(one.get("requestId")) or f"{len(told)}"
        asked = mapping(one.get("message")).get("text") or string(one.get("message"))
        files = [
            {"name": file.get("name"), "mime": "image/*" if file.get("kind") == "image" else None}
            for file in objects(mapping(one.get("variableData")).get("variables"))
            if file.get("kind") in _FILES
        ]
        told.append({"id": key, "role": "user", "content": asked, "files": files, "timestamp": when})
        answer = {"id": f"{key} answer", "role": "assistant", "timestamp": when, "model": one.get("modelId")}
        told.append({**answer, **_answered(one)})
    return told


def _answered(request: Json) -> Json:
    """Return what was answered, and how that ended."""
    parts, ended = objects(request.get("response")), mapping(request.get("modelState")).get("value")
    words = "".join(map(_words, parts))
    why = string(mapping(mapping(request.get("result")).get("errorDetails")).get("message"))
    if why and ended in (None, _FAILED):
        words = f"{words}\n\n(The answer failed: {why})".lstrip()
    return {
        "content": words,
        "reasoning": "\n\n".join(filter(None, (_thought(part) for part in parts if part.get("kind") == _THOUGHT))),
        "toolCalls": [part for part in parts if part.get("kind") == _TOOL],
        "interrupted": ended == _CANCELLED or request.get("isCanceled") is True,
    }


def _thought(part: Json) -> str:
    value = part.get("value")
    return string(value) or "".join(map(string, sequence(value)))


def _words(part: Json) -> str:
    """Return the words of a part of an answer: text, or a file or a name in the code that stands in its midst."""
    if part.get("kind") == _NAMED:
        meant = mapping(part.get("inlineReference"))
        place = mapping(meant.get("location")).get("uri") or meant.get("uri") or meant
        label = string(part.get("name")) or string(meant.get("name")) or basename(string(mapping(place).get("path")))
        return f"`{label}`" if label else ""
    return string(mapping(part.get("content")).get("value")) if "kind" in part else string(part.get("value"))


@dataclass(slots=True)
class VSCodeLog:
    """Gathers the lines of a file that say what has changed of a chat, and gives the chat."""

    _chat: Any = None

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a line of theirs, and do what it says."""
        kind, path = fields.get("kind"), fields.get("k")
        if kind == _BEGUN and "requests" in mapping(fields.get("v")):
            self._chat = fields["v"]
            return True
        if self._chat is None or kind not in (_SET, _PUSHED, _DELETED) or not isinstance(path, list) or not path:
            return False
        self._change(kind, path, fields)
        return True

    def _change(self, kind: int, path: list[Any], fields: Json) -> None:
        *above, last = path
        holder = self._chat
        for step in above:
            holder = _at(holder, step)
        value: Any = fields.get("v")
        if kind == _PUSHED:
            held, kept = sequence(_at(holder, last)), fields.get("i")
            if isinstance(kept, int):
                del held[max(kept, 0) :]
            held += sequence(value)
            value = held
        if _is_place(holder, last):
            holder[last] = value

    def chats(self) -> Iterator[Json]:
        """Return the chat, if there is one."""
        if self._chat is not None:
            yield self._chat


def _at(holder: Any, step: Any) -> Any:
    """Return what an object or a list holds at a step of a path, None where it is nothing."""
    if not _is_place(holder, step):
        return None
    return holder.get(step) if isinstance(holder, dict) else holder[step]


def _is_place(holder: Any, step: Any) -> bool:
    if isinstance(holder, dict):
        return isinstance(step, str)
    return isinstance(holder, list) and isinstance(step, int) and 0 <= step < len(holder)
