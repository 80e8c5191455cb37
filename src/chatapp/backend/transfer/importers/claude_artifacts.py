"""What Claude writes for its reader beside what it says: by a tool, or between tags, as in 2024."""

import re
from collections.abc import Iterator

from chatapp.backend.transfer.importers.fields import Json, fenced, paragraphs, string

TAGGED = "<ant"
_ARTIFACT, _ARTIFACT_END = "<antArtifact ", "</antArtifact>"
_THOUGHT, _THOUGHT_END = "<antThinking>", "</antThinking>"
_ATTRIBUTE = re.compile(r'\b(type|language|title)="([^"]*+)"')
_LANGUAGES = {
    "text/html": "html",
    "image/svg+xml": "xml",
    "application/vnd.ant.react": "jsx",
    "application/vnd.ant.mermaid": "mermaid",
}


def written(call: Json) -> str:
    """Return the text that a tool was given to write, or the passage that it was given to change."""
    text = string(call.get("content")) or string(call.get("file_text")) or string(call.get("new_str"))
    if not text.strip():
        return ""
    kind = string(call.get("type"))
    path = string(call.get("path")) or string(call.get("filename"))
    is_prose = kind == "text/markdown" or path.endswith((".md", ".txt"))
    title = string(call.get("title")) or path.rpartition("/")[2]
    language = _LANGUAGES.get(kind, string(call.get("language")))
    return paragraphs(f"**{title}**" if title else "", text if is_prose else fenced(text, language))


def without_tags(text: str) -> tuple[str, str]:
    """Return `text` with what it writes between tags as text and code, and what it says that it thought."""
    said, thoughts = [], []
    for outside, inside in parted(text, _THOUGHT, _THOUGHT_END):
        said.append(outside)
        thoughts.append(inside.strip())
    shown = []
    for outside, inside in parted("".join(said), _ARTIFACT, _ARTIFACT_END):
        head, _, content = inside.partition(">")
        shown += [outside, written({**dict(_ATTRIBUTE.findall(head)), "content": content})]
    return paragraphs(*shown), paragraphs(*thoughts)


def parted(text: str, opening: str, closing: str) -> Iterator[tuple[str, str]]:
    """Return what is before each tag with what is in it; one that was never closed goes to the end."""
    at = 0
    while (start := text.find(opening, at)) >= 0:
        inside = start + len(opening)
        end = text.find(closing, inside)
        yield text[at:start], text[inside:end] if end >= 0 else text[inside:]
        at = end + len(closing) if end >= 0 else len(text)
    yield text[at:], ""
