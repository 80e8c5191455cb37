"""Thoughts that stand in the text of an answer, as many programs export them."""

from dataclasses import replace

from chatapp.backend.store.imported import ImportedMessage
from chatapp.backend.transfer.importers.fields import paragraphs

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
    ":::thinking\n": "\n:::",
}
"""Those of most models, of Magistral, and LibreChat's of earlier."""

_LONE = "</think>\n\n"
"""What ends thoughts whose beginning was in the prompt, as in the templates of Qwen and DeepSeek."""

_HEAD = 100
"""Characters in which the tag has to be, behind blanks."""


def apart(message: ImportedMessage) -> ImportedMessage:
    """Return an answer with its thoughts beside its text; one that says nothing else stays as it is."""
    if message.role != "assistant":
        return message
    head = message.content[:_HEAD].lstrip()
    opening = next((tag for tag in _TAGS if head.startswith(tag)), "")
    if not opening and _LONE not in message.content:
        return message
    text = message.content.lstrip()[len(opening) :]
    thought, _, said = text.partition(_TAGS[opening] if opening else _LONE)
    if not said.strip() or (not opening and _is_talked_about(thought)):
        return message
    return replace(message, content=said.strip("\n"), reasoning=paragraphs(message.reasoning, thought.strip()))


def _is_talked_about(before: str) -> bool:
    """Return whether a closing tag is a word of the answer: it was opened in there, or it stands in code."""
    return "<think" in before or before.count("```") % 2 == 1
