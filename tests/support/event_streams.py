"""An event stream read by its grammar alone, without the code under test."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

EVENT = re.compile(
    rb"id: (\d+)\n(?:event: ([a-z_]+)\ndata:(\{[^\n]*\})|(data: [^\n]*(?:\ndata: [^\n]*)*))\n\n|(: [^\n]*\n\n)"
)


@dataclass
class Read:
    """What a stream held."""

    ids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    text: str = ""
    comments: int = 0
    bodies: dict[str, Any] = field(default_factory=dict)


def read(data: bytes) -> Read:
    """Read a whole stream; every byte of it must belong to an event or a comment."""
    seen, position = Read(), 0
    while position < len(data):
        match = EVENT.match(data, position)
        assert match, data[position : position + 100]
        position = match.end()
        number, name, body, lines, comment = match.groups()
        if comment:
            seen.comments += 1
            continue
        seen.ids.append(int(number))
        seen.names.append(name.decode() if name else "")
        if lines is not None:
            seen.text += "\n".join(line.removeprefix("data: ") for line in lines.decode().split("\n"))
        else:
            seen.bodies[name.decode()] = json.loads(body)
    return seen
