"""Sessions that Copilot CLI, Gemini CLI, pi and Qwen Code keep as lines, each below one that it names or the last."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers.fields import Json, mapping, name, objects, string
from chatapp.backend.transfer.importers.programs import conversation

COPILOT_CLI, GEMINI_CLI, PI, QWEN_CODE = "copilot-cli", "gemini-cli", "pi", "qwen-code"

_SET, _BACK_TO = "$set", "$rewindTo"
_SAID = ("user", "assistant")
_ASKED, _ANSWERED, _TITLED, _ABORTED = "user.message", "assistant.message", "session.title_changed", "abort"


@dataclass(slots=True)
class _Lines:
    """What is known of a session, which line is below which, what the lines say, and where it stands."""

    source: str
    about: Json
    parents: dict[str, str | None] = field(default_factory=dict)
    told: dict[str, Json] = field(default_factory=dict)
    last: str | None = None

    def add(self, line_id: str, above: str | None, told: Json | None) -> None:
        """Take in a line; one that comes again says anew what it said, in its place."""
        self.parents.setdefault(line_id, above if above != line_id else None)
        if told is not None:
            self.told[line_id] = {**told, "id": line_id}
        self.last = line_id


@dataclass(slots=True)
class AgentLogs:
    """Gathers the lines of a file, and gives the sessions that they make."""

    _gemini: _Lines | None = None
    _events: list[_Lines] = field(default_factory=list)
    _qwen: dict[str, _Lines] = field(default_factory=dict)

    def take(self, fields: Json) -> bool:
        """Return whether `fields` is a line of theirs, and keep what it says."""
        if {"sessionId", "uuid", "parentUuid", "type"} <= fields.keys() and "isSidechain" not in fields:
            session_id = name(fields["sessionId"]) or ""
            session = self._qwen.setdefault(session_id, _Lines(QWEN_CODE, {"id": session_id}))
            is_said = fields.get("type") in _SAID
            session.add(name(fields["uuid"]) or "", name(fields.get("parentUuid")), fields if is_said else None)
            return True
        return self._take_gemini(fields) or self._take_event(fields)

    def _take_gemini(self, fields: Json) -> bool:
        if {"sessionId", "projectHash"} <= fields.keys() and "messages" not in fields:
            self._gemini = self._gemini or _Lines(GEMINI_CLI, {})
            self._gemini.about |= fields
            return True
        session = self._gemini
        if session is None:
            return False
        if isinstance(fields.get(_SET), dict):
            changed = fields[_SET]
            if isinstance(changed.get("messages"), list):
                session = self._gemini = _Lines(GEMINI_CLI, session.about)
                for said in objects(changed["messages"]):
                    session.add(_id(said, session), session.last, said)
            session.about |= {key: value for key, value in changed.items() if key != "messages"}
        elif _BACK_TO in fields:
            session.last = session.parents.get(string(fields[_BACK_TO]))
        elif {"id", "timestamp", "type"} <= fields.keys():
            session.add(_id(fields, session), session.last, fields)
        else:
            return False
        return True

    def _take_event(self, fields: Json) -> bool:
        """Return whether `fields` is a line of pi or an event of Copilot CLI, and keep what it says."""
        data, kind = mapping(fields.get("data")), fields.get("type")
        if kind == "session" and {"id", "version", "cwd"} <= fields.keys():
            self._events.append(_Lines(PI, {**fields}))
            return True
        if kind == "session.start" and "sessionId" in data:
            self._events.append(_Lines(COPILOT_CLI, {**data}))
        if not self._events or not {"type", "id", "parentId", "timestamp"} <= fields.keys():
            return False
        session = self._events[-1]
        session.add(_id(fields, session), name(fields["parentId"]), _said(fields, data))
        if kind in ("session_info", _TITLED):
            session.about["title"] = fields.get("name") or data.get("title")
        if kind == _ABORTED and session.told:
            next(reversed(session.told.values()))["interrupted"] = True
        return True

    def conversations(self) -> Iterator[ImportedConversation]:
        """Return the sessions, those without a message too."""
        for session in (*filter(None, [self._gemini]), *self._events, *self._qwen.values()):
            about = {**session.about, "currNode": session.last}
            yield conversation(session.source, about, [*session.told.values()], parents=session.parents)


def _id(fields: Json, session: _Lines) -> str:
    return name(fields.get("id")) or f"line {len(session.parents)}"


def _said(fields: Json, data: Json) -> Json | None:
    """Return what a line of pi or an event of Copilot CLI says, None where that is nothing, or another agent's."""
    said, kind = mapping(fields.get("message")), fields.get("type")
    if kind == "message" and said.get("role") in _SAID:
        why = string(said.get("errorMessage"))
        failed = [{"type": "text", "text": f"(The answer failed: {why})"}] if why else []
        return {
            **said,
            "content": [*_blocks(said.get("content")), *failed],
            "interrupted": said.get("stopReason") == "aborted",
        }
    if kind not in (_ASKED, _ANSWERED) or data.get("parentToolCallId"):
        return None
    files = [{**file, "name": file.get("displayName")} for file in objects(data.get("attachments"))]
    return {
        "role": "user" if kind == _ASKED else "assistant",
        "content": data.get("content"),
        "reasoning": data.get("reasoningText"),
        "model": data.get("model"),
        "usage": {"output": data.get("outputTokens")},
        "toolCalls": data.get("toolRequests"),
        "files": files,
        "timestamp": fields.get("timestamp"),
    }


def _blocks(content: object) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)
