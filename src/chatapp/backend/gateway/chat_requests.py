"""Chat completions as they are asked for, turned into questions."""

from fastapi.exceptions import RequestValidationError

from chatapp.backend.gateway.anthropic_schemas import MessagesRequest
from chatapp.backend.gateway.schemas import ChatRequest, Json, ResponseRequest
from chatapp.protocol.question import Question
from chatapp.protocol.surfaces import Surface

SURFACE: Surface = "v1"
"""What the ledger calls this way in."""

_OURS = ("messages", "model", "stream", "stream_options", "n", "store")
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def question_of(wanted: ChatRequest) -> Question:
    """Return the question that a request asks: its messages go to the model server as they are.

    Raises:
        RequestValidationError: a message is none.
    """
    check_messages(wanted.messages)
    return question_with(wanted, wanted.messages, wanted.passed_on(*_OURS))


def question_with(
    wanted: ChatRequest | ResponseRequest | MessagesRequest, messages: list[Json], parameters: Json
) -> Question:
    """Return the question that a request asks, whose `messages` and `parameters` are those of a chat completion."""
    return Question(
        prompt=None,
        model=wanted.model,
        parameters=parameters,
        wire_messages=messages,
        store=getattr(wanted, "store", None) is not False,
        surface=SURFACE,
    )


def check_messages(messages: list[Json]) -> None:
    """Refuse what no model server could take for messages, before one is asked.

    Raises:
        RequestValidationError: it names the place.
    """
    for number, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str) or role not in _ROLES:
            raise wrong_field("Must be system, developer, user, assistant, tool or function", number, "role")
        if isinstance(content, list):
            for place, part in enumerate(content):
                if not isinstance(part, dict | str):
                    raise wrong_field("Must be an object", number, "content", place)
        elif content is not None and not isinstance(content, str):
            raise wrong_field("Must be a text or a list of parts", number, "content")


def in_one_text(parts: list[Json]) -> str | list[Json]:
    """Return parts as one text, if they are texts alone: not every model server takes a list."""
    texts = [part["text"] for part in parts if part.get("type") == "text"]
    return "\n\n".join(texts) if len(texts) == len(parts) else parts


def wrong_field(message: str, *place: str | int, field: str = "messages") -> RequestValidationError:
    """Return the error about a value within the field `field` of a body."""
    return RequestValidationError([{"type": "value_error", "loc": ("body", field, *place), "msg": message}])
