"""Calls of tools, put together from the pieces in which they came."""

from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from chatapp.backend.store import Segments
from chatapp.protocol.events import ToolCallDelta
from chatapp.protocol.messages import ToolCallPart

KIND = "tool_call"
"""What a segment of pieces of one call is called: how many, then index, id, name and arguments."""


def add_call(segments: Segments, piece: ToolCallDelta) -> None:
    """Add a piece to the last of `segments` where that is the same call, else as one more; `written` ends it."""
    last = segments[-1] if segments else None
    if last is not None and last[0] == KIND and last[2] == piece.index:
        last[1] += 1
        last[3], last[4] = last[3] or piece.id, last[4] or piece.name
        last[5] = [last[5]] if isinstance(last[5], str) else last[5]
        last[5].append(piece.arguments)
    else:
        segments.append([KIND, 1, piece.index, piece.id, piece.name, [piece.arguments]])


def written(segments: Segments) -> Segments:
    """Return `segments` with the arguments of each call as one text."""
    for segment in segments:
        if segment[0] == KIND and isinstance(segment[5], list):
            segment[5] = "".join(segment[5])
    return segments


def size_of(piece: ToolCallDelta) -> int:
    """Return how many bytes of an answer a piece is."""
    said = len(piece.name) + len(piece.arguments.encode())
    return said + len(to_json(piece.extra)) if piece.extra else said


def extras_of(pieces: Iterable[ToolCallDelta]) -> list[dict[str, Any]]:
    """Return what the server said else of each of the calls that `pieces` add up to, in the same order."""
    by_index: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        by_index.setdefault(piece.index, {}).update(piece.extra or {})
    return list(by_index.values())


def joined_calls(pieces: Iterable[ToolCallDelta]) -> list[ToolCallPart]:
    """Return the calls that `pieces` add up to, in the order in which they began."""
    by_index: dict[int, list[ToolCallDelta]] = {}
    for piece in pieces:
        by_index.setdefault(piece.index, []).append(piece)
    return [
        ToolCallPart(
            id=next((piece.id for piece in call if piece.id), ""),
            name=next((piece.name for piece in call if piece.name), ""),
            arguments="".join([piece.arguments for piece in call]),
        )
        for call in by_index.values()
    ]
