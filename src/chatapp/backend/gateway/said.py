"""What was said in the messages of a request: their texts, without what clients say in a person's name."""

from typing import Any

from chatapp.backend.gateway.schemas import Json

NOT_SAID = ("system", "developer")

_SURROUNDINGS = ("<environment_context>", "# AGENTS.md instructions for ")
_SURROUNDINGS_END = ("</environment_context>", "</INSTRUCTIONS>")
"""Between these stands what Codex says in the user's name before the first question: where it is, and its rules."""

_REPLIES = {
    "Got it. Thanks for the context!": "This is the Qwen Code. We are setting up the context for our chat.\n",
    "Ok, any changes I propose will be to those files.": "I have *added these files to the chat* so you can ",
    "Ok, I will use these files as references.": "Here are some READ ONLY files, provided for your reference.\n",
    "Ok, I won't try and edit those files without asking first.": "Here are summaries of some files present in my ",
    "Ok, based on your requests I will suggest which files need to be edited and then"
    " stop and wait for your approval.": "Don't try and edit any existing code without asking me to add the files ",
}
"""What clients let the model say, and how begins what they told it before that: Qwen Code of its folder and its day,
Aider 0.86 of files as they are now, each time at another place."""


def said_by_somebody(messages: list[Json]) -> list[Json]:
    """Return what people and models have said: no system prompts, no surroundings, no exchanges that nobody had."""
    said: list[Json] = []
    for message in messages:
        role = message["role"]
        if role in NOT_SAID or (role == "user" and _is_of_surroundings(message)):
            continue
        if role == "assistant" and said and _is_of_client(said[-1], message):
            said.pop()
        else:
            said.append(message)
    return said


def _is_of_surroundings(message: Json) -> bool:
    text = message.get("content")
    return isinstance(text, str) and text.startswith(_SURROUNDINGS) and text.endswith(_SURROUNDINGS_END)


def _is_of_client(told: Json, reply: Json) -> bool:
    text = reply.get("content")
    begin = _REPLIES.get(text) if isinstance(text, str) else None
    return begin is not None and told["role"] == "user" and said_in(told).startswith(begin)


def said_in(message: Json) -> str:
    """Return the text of a message."""
    content = message.get("content")
    return joined(content) if isinstance(content, list) else content or ""


def text_of(part: Any) -> str | None:
    """Return the text of a part, None where it is something else."""
    if isinstance(part, str):
        return part
    text = part.get("text", part.get("refusal"))
    return text if isinstance(text, str) else None


def joined(content: list[Any]) -> str:
    """Return the texts of a message's parts as one."""
    return "\n\n".join([text for part in content if (text := text_of(part))])
