"""What Open WebUI writes into the text of a message: reasoning, tools, pictures. One pass, whatever is not closed."""

import html
from dataclasses import dataclass

from chatapp.backend.transfer.importers.fields import milliseconds, paragraphs, total
from chatapp.protocol.messages import AttachmentPart

_OPEN, _CLOSE = '<details type="', "</details>"
_REASONING, _TOOLS = {"reasoning"}, {"tool_calls", "code_interpreter"}
_SUMMARY, _SUMMARY_END = "<summary>", "</summary>"
_PICTURE = "](data:"


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a message shows: its text and what was thought, in `thought_ms` if that is known.

    `tools` and `pictures` count what was taken out.
    """

    text: str
    reasoning: str = ""
    thought_ms: int | None = None
    tools: int = 0
    pictures: int = 0
    files: tuple[AttachmentPart, ...] = ()


def shown(raw: str) -> ShownText:
    """Return the text without its boxes. A box that was never closed goes to the end: its answer was cut off."""
    kept, thoughts, spent, tools, at = [], [], [], 0, 0
    while (start := raw.find(_OPEN, at)) >= 0:
        kind_end = raw.find('"', start + len(_OPEN))
        kind = raw[start + len(_OPEN) : kind_end] if kind_end >= 0 else ""
        if kind not in _REASONING | _TOOLS:
            kept.append(raw[at : start + len(_OPEN)])
            at = start + len(_OPEN)
            continue
        kept.append(raw[at:start])
        inside = _behind(raw, ">", kind_end)
        end = raw.find(_CLOSE, inside)
        end = end if end >= 0 else len(raw)
        if kind in _REASONING:
            thoughts.append(_thought(raw[inside:end]))
            spent.append(_duration(raw[kind_end:inside]))
        else:
            tools += 1
        at = end + len(_CLOSE)
        while at < len(raw) and raw[at].isspace():
            at += 1
    kept.append(raw[at:])
    text, pictures = _without_pictures("".join(kept))
    return ShownText(text.strip("\n"), paragraphs(*thoughts), total(spent), tools, pictures)


def _duration(attributes: str) -> int | None:
    """Return the milliseconds that the opening of a box tells, as `duration="3"`."""
    _, found, behind = attributes.partition(' duration="')
    return milliseconds(behind.partition('"')[0]) if found else None


def _behind(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return found + len(mark) if found >= 0 else len(text)


def _thought(inside: str) -> str:
    text = inside.strip()
    if text.startswith(_SUMMARY):
        text = text[_behind(text, _SUMMARY_END, 0) :]
    lines = html.unescape(text).strip().split("\n")
    return "\n".join(line.removeprefix(">").removeprefix(" ") if line.startswith(">") else line for line in lines)


def _without_pictures(text: str) -> tuple[str, int]:
    """Return `text` with a line for each picture that is written out in it, and how many there are."""
    first, *others = text.split(_PICTURE)
    kept = [first]
    for other in others:
        before = kept.pop()
        opening = before.rfind("![")
        name = before[opening + 2 :] if opening >= 0 else ""
        rest = other[_behind(other, ")", 0) :]
        kept += [before[:opening] if opening >= 0 else before, f"(picture: {name})" if name else "(picture)", rest]
    return "".join(kept), len(others)
