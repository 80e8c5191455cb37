"""Sessions that Gemini CLI and Qwen Code keep as lines: a head and what is set later, or lines that name one above."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers.fields import Json, mapping, name, objects
from chatapp.backend.transfer.importers.programs import conversation

GEMINI_CLI, QWEN_CODE = "gemini-cli", "qwen-code"

_SET = "$set"
_SAID = ("user", "assistant")


@dataclass(slots=True)
class AgentLogs:
    """Gathers the lines of a file, and gives the sessions that they make."""

    _head: Json = field(default_factory=dict)
    _said: dict[str, Json] = field(default_factory=dict)
    _qwen: dict[str, dict[str, Json]] = field(default_factory=dict)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a line of theirs, and keep what it says."""
        if {"sessionId", "uuid", "parentUuid", "type"} <= fields.keys() and "isSidechain" not in fields:
            self._qwen.setdefault(name(fields["sessionId"]) or "", {})[name(fields["uuid"]) or ""] = fields
        elif {"sessionId", "projectHash"} <= fields.keys() and "messages" not in fields:
            self._head = {**self._head, **fields}
        elif self._head and isinstance(fields.get(_SET), dict):
            self._set(fields[_SET])
        elif self._head and {"id", "timestamp", "type"} <= fields.keys():
            self._said[name(fields["id"]) or f"line {len(self._said)}"] = fields
        else:
            return False
        return True

    def _set(self, changed: Json) -> None:
        if isinstance(changed.get("messages"), list):
            self._said = {
                name(said.get("id")) or f"line {line}": said for line, said in enumerate(objects(changed["messages"]))
            }
        self._head = {**self._head, **{key: value for key, value in changed.items() if key != "messages"}}

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return the sessions, those without a message too."""
        if self._head:
            yield conversation(GEMINI_CLI, self._head, [*self._said.values()])
        for session_id, lines in self._qwen.items():
            said = {line_id: line for line_id, line in lines.items() if line.get("type") in _SAID}
            above_of: dict[str, str | None] = {}
            told = [
                {**line, "id": line_id, "ancestors": [_above(line, lines, said, above_of)]}
                for line_id, line in said.items()
            ]
            yield conversation(QWEN_CODE, {"id": session_id}, told)


def _above(line: Json, lines: dict[str, Json], said: dict[str, Json], above_of: dict[str, str | None]) -> str | None:
    """Return the next line above in which something is said; each is passed once for all, also in a circle.

    `above_of` is what was found from those that were passed.
    """
    passed: list[str] = []
    above = name(line.get("parentUuid"))
    while above is not None and above in lines and above not in said and above not in above_of:
        passed.append(above)
        above_of[above] = None
        above = name(mapping(lines[above]).get("parentUuid"))
    found = above if above is None else above_of.get(above, above)
    above_of.update(dict.fromkeys(passed, found))
    return found
