"""Tasks of Cline, Roo Code and Kilo Code: what was shown of each, or what went to the model, without what was added."""

from chatapp.backend.transfer.importers.fields import Json, decoded, mapping, objects, sequence, string

_ASKED = ("task", "user_feedback")
_ANSWERED = ("text", "completion_result")
_TOOLS = ("tool", "command", "use_mcp_server", "browser_action", "browser_action_launch", "mcp_server_request_started")
_WORDED = ("followup", "plan_mode_respond")
"""What a user is asked stands in JSON."""
_AROUND = ("user_input", "user_message", "task", "feedback", "answer", "user_query")
"""Tags around what a user has written."""
_ENVIRONMENT = "<environment_details>"
_ADDED = (_ENVIRONMENT, "[ERROR]", "# Task progress", "[TASK RESUMPTION]", "<hook_context")
"""How begins what stands beside it."""


def session_messages(session: Json) -> list[Json]:
    """Return the messages of a session that Cline's command line keeps, as written by their sides."""
    return [as_said(said) for said in objects(session.get("messages"))]


def as_said(said: Json) -> Json:
    """Return a message to or from a model without what the program has put into it."""
    content = said.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)
    metrics = mapping(said.get("metrics"))
    usage = {"input": metrics.get("inputTokens"), "output": metrics.get("outputTokens")}
    told = {"model": mapping(said.get("modelInfo")).get("id"), "usage": usage, **said}
    if said.get("role") != "user":
        return told
    written = [{**part, "text": _written(part["text"])} if _is_text(part) else part for part in parts]
    return {**told, "content": written}


def is_of_task(said: Json) -> bool:
    """Return whether a message that stands by itself went to the model in a task: each tells it where it is."""
    return any(string(part.get("text")).lstrip().startswith(_ENVIRONMENT) for part in objects(said.get("content")))


def _is_text(part: Json) -> bool:
    return isinstance(part.get("text"), str)


def _written(text: str) -> str:
    """Return what a user wrote, without the tags around it; nothing of what was added to it."""
    words = text.strip()
    if words.startswith(_ADDED):
        return ""
    for tag in _AROUND:
        head, _, rest = words.partition(">")
        if words.startswith(f"<{tag}") and head.split(" ")[0] == f"<{tag}":
            return rest.partition(f"</{tag}>")[0].strip()
    return text


def is_shown(fields: Json) -> bool:
    """Return whether this is a line of `ui_messages.json`, the list of what was shown of a task."""
    return {"ts", "type"} <= fields.keys() and fields["type"] in ("say", "ask") and fields["type"] in fields


def shown(lines: list[Json]) -> tuple[Json, list[Json]]:
    """Return a task, which is named by the time at which it was begun, and what was said in it."""
    told = [_shown(line, is_first=not number) for number, line in enumerate(lines)]
    return {"id": lines[0]["ts"]}, [said for said in told if said]


def _shown(line: Json, *, is_first: bool) -> Json:
    kind = string(line[line["type"]])
    told = {"id": line["ts"], "timestamp": line["ts"], "role": "assistant", "content": line.get("text")}
    if kind in _ASKED or is_first:
        files = [{"mime": "image/*", "url": url} for url in sequence(line.get("images"))]
        return {**told, "role": "user", "files": files}
    if kind == "reasoning":
        return {**told, "content": "", "reasoning": line.get("text")}
    if kind in _TOOLS:
        return {**told, "content": [{"type": "tool"}]}
    if kind in _WORDED or (line["type"] == "say" and kind in _ANSWERED):
        return {**told, "content": _worded(line), "model": mapping(line.get("modelInfo")).get("modelId")}
    return {}


def _worded(line: Json) -> str:
    told = mapping(decoded(line.get("text")))
    return string(told.get("question")) or string(told.get("response")) or string(line.get("text"))
