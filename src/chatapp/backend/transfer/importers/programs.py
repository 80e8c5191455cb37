"""Programs that keep a conversation as a list of messages with roles: a row for each, and one reader for all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from chatapp.backend.store.imported import ATTACHMENT, NO_TEXT, TOOL, ImportedConversation, ImportedMessage, Lineage
from chatapp.backend.transfer.importers import cherry_studio, cline, vs_code
from chatapp.backend.transfer.importers.assets import of_bytes
from chatapp.backend.transfer.importers.fields import (
    Json,
    decoded,
    digest,
    mapping,
    name,
    objects,
    paragraphs,
    sequence,
    string,
    time,
)
from chatapp.backend.transfer.importers.messages import (
    first,
    is_told_first,
    message,
    moment_of,
    named,
    thoughts_of,
    tools_of,
    words_of,
)

_TITLES = ("title", "customTitle", "chatTitle", "threadName", "name", "userTitle", "autoTitle", "topic")
_NO_TITLES = ("", "Untitled Session", "New Session", "CLI Session", "New Chat", "New Conversation", "Untitled")
_IDS = ("id", "chatID", "sessionId", "topicId")
_PROMPTS = ("preprompt", "systemPrompt", "systemInstruction", "prompt")
_LAST = ("updatedAt", "lastUpdated", "updated", "lastModified", "lastUpdate", "lastMessageDate")
_TRAINED = {"messages", "tools", "functions", "parallel_tool_calls"}
"""All that a line has by which OpenAI's models are tuned."""
_SIDES_EXPORTED = {"Prompt": "user", "Response": "assistant"}
_SIDES, _GREETED = ("user", "assistant"), "<|BEGIN-VISIBLE-CHAT|>"


class Program(NamedTuple):
    """A program: how its conversations are known, where their messages are, and what each is below if that is told."""

    source: str
    is_theirs: Callable[[Json], bool]
    messages: Callable[[Json], list[Json]]
    parents: Callable[[Json], dict[str, str | None]] = lambda _: {}


def _listed(fields: Json) -> list[Json]:
    return objects(fields.get("messages"))


def _chunks(fields: Json) -> list[Json]:
    return objects(mapping(fields["chunkedPrompt"]).get("chunks"))


def _llama_cpp(fields: Json) -> list[Json]:
    """Return the messages of a chat of llama.cpp's page, below one that says nothing."""
    told = (said for said in _listed(fields) if said.get("type") != "root" and said.get("isSynthetic") is not True)
    return [
        {**it, "files": [*map(_shown, objects(it.get("extra")))], "toolCalls": decoded(it.get("toolCalls"))}
        for it in told
    ]


def _shown(file: Json) -> Json:
    """Return a file that llama.cpp's page has kept: a picture, a recording, or what it has read of a text."""
    url = file.get("base64Url") or f"data:{file.get('mimeType')};base64,{string(file.get('base64Data'))}"
    if not (file.get("base64Url") or file.get("base64Data")):
        url = of_bytes(string(file.get("content")).encode(errors="replace"))
    return {**file, "url": url, "mime": file.get("mimeType") or ("image/*" if file.get("base64Url") else None)}


def _parents(fields: Json) -> dict[str, str | None]:
    return {string(said.get("id")): name(said.get("parent")) for said in _listed(fields)}


def _named(fields: Json) -> list[Json]:
    return [*named(_listed(fields))]


def _pairs(fields: Json) -> list[Json]:
    """Return the messages of text-generation-webui, where a greeting answers nothing."""
    pairs = (zip(_SIDES, sequence(pair), strict=False) for pair in sequence(fields["internal"]))
    told = ({"role": role, "content": text} for role, text in chain.from_iterable(pairs) if text != _GREETED)
    return [*named(told)]


def _exported(fields: Json) -> list[Json]:
    """Return the messages of the extension ChatGPT Exporter, and of its like for Claude and others."""
    told = (
        {"role": _SIDES_EXPORTED.get(string(said.get("role"))), "text": said.get("say"), "timestamp": said.get("time")}
        for said in _listed(fields)
    )
    return [*named(told)]


PROGRAMS = (
    Program("opencode", lambda it: {"slug", "directory"} <= mapping(it.get("info")).keys(), _listed),
    Program("gemini-cli", lambda it: {"sessionId", "projectHash"} <= it.keys(), _listed),
    Program("continue", lambda it: {"sessionId", "history"} <= it.keys(), lambda it: objects(it["history"])),
    Program("ai-studio", lambda it: "chunkedPrompt" in it, _chunks),
    Program(vs_code.SOURCE, lambda it: {"requests", "responderUsername"} <= it.keys(), vs_code.messages),
    Program("huggingchat", lambda it: {"title", "model"} <= it.keys() and _has(it, "from"), _listed),
    Program("big-agi", lambda it: "systemPurposeId" in it, _listed),
    Program("typingmind", lambda it: "chatID" in it, _listed),
    Program("chatbox", lambda it: {"id", "name"} <= it.keys() and _has(it, "contentParts"), _listed),
    Program("cline", lambda it: {"sessionId", "agent", "messages"} <= it.keys(), cline.session_messages),
    Program("lobechat", lambda it: it.get("source") == "lobechat" and "topicId" in it, _listed),
    Program("cherry-studio", lambda it: {"topicId", "messages"} <= it.keys(), _listed, cherry_studio.parents),
    Program("llama.cpp", lambda it: "currNode" in mapping(it.get("conv")), _llama_cpp, _parents),
    Program("nextchat", lambda it: {"topic", "mask"} <= it.keys(), _listed),
    Program("text-generation-webui", lambda it: {"internal", "visible"} <= it.keys(), _pairs),
    Program("chatbot-ui", lambda it: {"id", "name", "folderId"} <= it.keys() and _has(it, "role"), _listed),
    Program("chatgpt-exporter", lambda it: "powered_by" in mapping(it.get("metadata")) and _has(it, "say"), _exported),
    Program("messages", lambda it: not is_for_training(it) and _has(it, "role"), _named),
)
"""Of opencode 1.18, Gemini CLI, Cline 3.0 and Continue's CLI as they write them, of others as their sources have it."""

_CALLED = {
    "opencode": "a session of opencode, not a chat",
    "gemini-cli": "a session of Gemini CLI, not a chat",
    "continue": "a session of Continue, not a chat",
    "ai-studio": "a prompt of Google AI Studio",
    vs_code.SOURCE: "a chat of Copilot in VS Code",
    "huggingchat": "a conversation of HuggingChat",
    "big-agi": "an export of big-AGI",
}
"""What one is called in which nothing is said."""


def _has(fields: Json, field: str) -> bool:
    return any(field in said for said in _listed(fields))


def is_for_training(fields: Json) -> bool:
    """Return whether these are messages with roles and nothing about them, as models are tuned by."""
    return fields.keys() <= _TRAINED and _has(fields, "role")


def recognises(fields: Json) -> bool:
    """Return whether this is a conversation of one of them in which something is said."""
    return _program_of(fields) is not None


def name_of(fields: Json) -> str | None:
    """Return what a conversation of one of them is in which nothing is said, None where that is not known."""
    return next((_CALLED[it.source] for it in PROGRAMS if it.source in _CALLED and it.is_theirs(fields)), None)


def read(theirs: Json) -> ImportedConversation:
    """Return the conversation."""
    program = _program_of(theirs)
    if program is None:
        raise ValueError
    return conversation(program.source, theirs, program.messages(theirs), parents=program.parents(theirs))


def _program_of(fields: Json) -> Program | None:
    program = next((program for program in PROGRAMS if program.is_theirs(fields)), None)
    return program if program and any(message(said, "") for said in program.messages(fields)) else None


def conversation(
    source: str, theirs: Json, told: list[Json], *, parents: dict[str, str | None] | None = None
) -> ImportedConversation:
    """Return a conversation of what is told, each message below the one that it names or the one before.

    `parents` says what each is below, also below what says nothing, where a program tells that.
    """
    about = {**mapping(theirs.get("metadata")), **theirs, **mapping(theirs.get("info")), **mapping(theirs.get("conv"))}
    messages, left_out = _messages(told)
    lineage = Lineage(parents or {}, {it.id for it in messages})
    if parents:
        messages = lineage.placed(messages)
    prompts = (about.get(field) for field in _PROMPTS)
    prompt = next((text for it in prompts if (text := words_of(mapping(it) or {"text": it}))), "")
    start = messages[0] if messages else None
    return ImportedConversation(
        source=source,
        id=name(first(about, _IDS)) or digest(f"{start and start.created_at} {start and start.content}"),
        title=None if (title := string(first(about, _TITLES))) in _NO_TITLES else title,
        messages=messages,
        leaf_id=lineage.nearest(name(about.get("currNode"))),
        system=prompt or paragraphs(*(words_of(said) for said in told if is_told_first(said))) or None,
        is_pinned=about.get("starred") is True or about.get("pinned") is True,
        created_at=moment_of(about),
        updated_at=time(first(about, _LAST)) or time(mapping(about.get("time")).get("updated")),
        left_out=+left_out,
    )


def _messages(told: list[Json]) -> tuple[list[ImportedMessage], Counter[str]]:
    """Return the messages, each with what was thought before it in a message of its own, and what is left out."""
    messages: dict[str, ImportedMessage] = {}
    left_out: Counter[str] = Counter()
    before, thoughts = None, list[str]()
    for number, said in enumerate(told):
        read_one, tools = message(said, f"message {number}"), tools_of(said)
        left_out[TOOL] += tools
        if read_one is None:
            thoughts += filter(None, [thoughts_of(said)])
            left_out[NO_TEXT] += not (tools or words_of(said) or thoughts)
            continue
        while read_one.id in messages:  # an id that was given twice is to cost nothing of what was said
            read_one = replace(read_one, id=f"{read_one.id} {number}")
        left_out[ATTACHMENT] += len(read_one.attachments)
        if read_one.role == "assistant":
            read_one, thoughts = replace(read_one, reasoning=paragraphs(*thoughts, read_one.reasoning)), []
        above = next((name(it) for it in reversed(sequence(said.get("ancestors"))) if name(it) in messages), before)
        messages[read_one.id] = replace(read_one, parent_id=above)
        before = read_one.id
    return [*messages.values()], left_out
