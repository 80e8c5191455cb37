"""What `llm logs --json` prints: a list of prompts with their responses, of several conversations."""

from chatapp.backend.store.imported import ImportedConversation
from chatapp.backend.transfer.importers.fields import Json, objects, string
from chatapp.backend.transfer.importers.messages import first
from chatapp.backend.transfer.importers.programs import conversation

_CUT = "..."


def is_line(fields: Json) -> bool:
    """Return whether this is a prompt with its response."""
    return {"conversation_id", "prompt", "response", "datetime_utc"} <= fields.keys()


def read(lines: list[Json]) -> ImportedConversation:
    """Return the conversation that prompts of the same one make.

    It is another one than that of the log itself, where since 0.32 messages have ids that are not printed.
    """
    lines = sorted(lines, key=lambda line: (string(line.get("datetime_utc")), string(line.get("id"))))
    told = [said for line in lines for said in (_question(line), _answer(line))]
    system = next((text for line in lines if (text := _with_fragments(line, "system"))), "")
    about = {
        "id": f"{lines[0].get('conversation_id')} printed",
        "title": lines[0].get("conversation_name"),
        "systemPrompt": system,
        "created": lines[0].get("datetime_utc"),
    }
    return conversation("llm", {**about, "updated": lines[-1].get("datetime_utc")}, told)


def _question(line: Json) -> Json:
    files = [{**file, "name": _name(file), "mimeType": file.get("type")} for file in objects(line.get("attachments"))]
    text = _with_fragments(line, "prompt")
    return {"id": f"{line.get('id')}-prompt", "role": "user", "text": text, "files": files, "ts": line["datetime_utc"]}


def _answer(line: Json) -> Json:
    said = {"role": "assistant", "text": line["response"], "ts": line["datetime_utc"], "usage": line}
    return {**line, **said, "model": first(line, ("resolved_model", "model"))}


def _with_fragments(line: Json, field: str) -> str:
    """Return a prompt below the fragments that were given along with it, with which 0.36 begins it itself.

    Without `--expand` a fragment is cut, and ends in dots.
    """
    text = string(line.get(field))
    before = [*filter(None, (string(it.get("content")) for it in objects(line.get(f"{field}_fragments"))))]
    is_told = bool(before) and text.startswith(before[0].removesuffix(_CUT))
    return text if is_told else "\n".join(filter(None, [*before, text]))


def _name(file: Json) -> str:
    address = string(first(file, ("path", "url")))
    return "" if address.startswith("data:") else address.replace("\\", "/").partition("?")[0].rpartition("/")[2]
