"""What clients ask a model for themselves, beside a conversation: for its title, for tags, for what to remember of it.

Nothing marks such a request but its words, which are the client's own and always the same. They are here as the
releases send them that were looked at; who sets others sends the header that keeps nothing.
"""

from typing import Any

from chatapp.backend.gateway.held import said_in

Json = dict[str, Any]

_BEGINNINGS = (
    "Generate a title for this conversation:\n",  # opencode 1.18
    "Managed memory directory: `",  # Qwen Code 0.15
    "Managed memory has TWO directories. Choose which one to write each memory into ",  # 0.24
    "Your task: Create a 2-4 word title for this conversation.\n",  # gptme 0.35
    "Provide a concise, 5-word-or-less title for the conversation, using title case conventions.",  # LibreChat's agents
    "Analyze this conversation and provide:\n1. The detected language of the conversation\n",  # 3.2, both of these
)
_TASK, _OF_A_CHAT = "### Task:\n", "\n### Chat History:\n<chat_history>\n"
"""Both stand in what Open WebUI 0.12 asks of chats. Questions about documents begin so too, but have no history."""

_MOST_STEPS = 64
"""How far back a question is looked for: what a client asks for itself takes no longer, and runs of agents may."""


def is_aside(messages: list[Json]) -> bool:
    """Return whether the last question in `messages`, oldest first, is one that a client asks for itself.

    Behind it may stand what tools have said to it.
    """
    is_asked = False
    for message in reversed(messages[-_MOST_STEPS:]):
        if message["role"] != "user":
            if is_asked:
                break
            continue
        is_asked = True
        text = said_in(message)
        if text.startswith(_BEGINNINGS) or (text.startswith(_TASK) and _OF_A_CHAT in text):
            return True
    return False
