"""What clients ask a model for themselves, beside a conversation: for its title, for tags, for what to remember of it.

Nothing marks such a request but its words, which are the client's own and always the same. They are here as the
releases send them that were looked at; who sets others sends the header that keeps nothing.
"""

from chatapp.backend.gateway.held import DOCUMENTS
from chatapp.backend.gateway.said import said_in
from chatapp.backend.gateway.schemas import Json

_BEGINNINGS = (
    "Generate a title for this conversation:\n",  # opencode 1.18
    "Managed memory directory: `",  # Qwen Code 0.15
    "Managed memory has TWO directories. Choose which one to write each memory into ",  # 0.24
    "Your task: Create a 2-4 word title for this conversation.\n",  # gptme 0.35
    "Provide a concise, 5-word-or-less title for the conversation, using title case conventions.",  # LibreChat's agents
    "Analyze this conversation and provide:\n1. The detected language of the conversation\n",  # 3.2, both of these
    "Your task is to reflect the speaker's likely facial expression through a fitting emoji. ",  # Open WebUI 0.12
    "You have been provided with a set of responses from various models to the latest user query: ",  # and this
    "# IDENTITY and PURPOSE\n\nYou are an expert content summarizer.\nYou take a conversation and ",  # parllama
    "Please provide a suitable name for this conversation in maximum 5 words. ",  # agno 3.1, and the next two
    "You are a Memory Manager that is responsible for managing information and preferences about the user. ",
    "Analyze the following conversation between a user and an assistant, and extract the following details:\n",
    "- you will generate a short title based on a conversation transcript between a user and an assistant\n",  # Mastra
    "Generate a short, descriptive title (3-7 words) for a conversation that starts with ",  # Hermes Agent 0.19
    "Review the conversation above and consider saving to memory if appropriate.\n\n",  # and these three
    "Review the conversation above and update the skill library. Be ",
    "Review the conversation above and update two things:\n\n",
    "# ROLE\n\nYou are a Memory Extractor \u2014 a precise, evidence-bound processor ",  # mem0 2.2
)
_QUESTIONS = ("Please say 'hello, world'",)  # Inspect 0.3, to learn whether there are summaries of thoughts
_OPEN_WEBUI = (
    ("### Task:\n", "<chat_history>\n"),
    ("### Task:\nSummarize ", "\n### Messages Being Compacted:\n"),
    ("Available Tools: [", "\n\nYour task is to choose and return the correct tool(s) from the list of "),
)
"""How it begins and what stands in it, as Open WebUI 0.12 asks of chats: `### Task:` alone begins questions about
documents too."""

_MOST_STEPS = 64
"""How far back a question is looked for: what a client asks for itself takes no longer, and runs of agents may."""


def is_aside(messages: list[Json]) -> bool:
    """Return whether the last question in `messages`, oldest first, is one that a client asks for itself.

    What it is can stand in the system prompt before it, and what tools have said to it behind it.
    """
    if messages and messages[0]["role"] != "user" and _is_own(said_in(messages[0]).lstrip()):
        return True
    is_asked = False
    for message in reversed(messages[-_MOST_STEPS:]):
        if message["role"] != "user":
            if is_asked:
                break
            continue
        is_asked = True
        if _is_own(said_in(message)):
            return True
    return False


def _is_own(text: str) -> bool:
    if text.startswith(DOCUMENTS):  # what a person asks, and the documents may hold anything
        return False
    return (
        text in _QUESTIONS
        or text.startswith(_BEGINNINGS)
        or any(text.startswith(begin) and within in text for begin, within in _OPEN_WEBUI)
    )
