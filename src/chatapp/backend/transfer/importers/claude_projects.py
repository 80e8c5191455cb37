"""Claude's projects: what the model is told in each of their conversations, and the documents they hold as text."""

from chatapp.backend.store.imported import ImportedProject
from chatapp.backend.transfer.importers.assets import of_bytes
from chatapp.backend.transfer.importers.attachments import attachment
from chatapp.backend.transfer.importers.fields import Json, mapping, name, objects, string
from chatapp.protocol.messages import AttachmentPart

DESCRIPTION = "the description of a project"
EXAMPLE = "it is the example that every account has"


def recognises(fields: Json) -> bool:
    """Return whether this is a project of theirs."""
    is_one = "prompt_template" in fields or "is_starter_project" in fields
    return is_one and name(fields.get("uuid")) is not None and bool(string(fields.get("name")).strip())


def read(theirs: Json) -> ImportedProject:
    """Return the project; PDFs and the like are documents too, of which the export holds the text."""
    return ImportedProject(
        id=name(theirs.get("uuid")) or "",
        name=string(theirs.get("name")),
        instructions=string(theirs.get("prompt_template")).strip() or None,
        files=tuple(map(_file, objects(theirs.get("docs")))),
    )


def left_out(theirs: Json) -> tuple[str, ...]:
    """Return what of a project does not come along."""
    return (DESCRIPTION,) if string(theirs.get("description")).strip() else ()


def of_conversation(theirs: Json) -> ImportedProject | None:
    """Return the project that a conversation says it was in, by its id alone where no more is said; None for none."""
    project = mapping(theirs.get("project"))
    its_id = name(theirs.get("project_uuid")) or name(project.get("uuid"))
    return ImportedProject(its_id, string(project.get("name"))) if its_id else None


def _file(document: Json) -> AttachmentPart:
    content = string(document.get("content")).encode(errors="replace")
    named = string(document.get("filename")) or string(document.get("file_name"))
    return attachment(named, "text/plain", len(content), of_bytes(content))
