"""One question asked to several models: the others are asked once the first has it."""

from collections.abc import Collection, Iterable, Sequence

from chatapp.client import BackendClient
from chatapp.client.answer_events import Events, in_one_piece, unbroken
from chatapp.errors import ChatappError, NotFoundError
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.protocol.events import Start
from chatapp.protocol.question import MOST_BESIDE
from chatapp.protocol.resources import MessageInfo

_LAST = 2
_LOOK_AGAIN_S = 0.05


def events_beside(
    client: BackendClient, first: LiveAnswer, model: str, known: Collection[str], *, is_streamed: bool
) -> Events:
    """Return the events of an answer of `model` beside the answer `first`.

    The question is the last one that is stored; none of the `known` ids, or it would be an earlier one.

    Raises:
        ChatappError: the question was not stored, or the model cannot be asked.
    """
    conversation_id = _conversation_of(first)
    stored = client.conversations.messages(conversation_id, limit=_LAST).items
    question = next((message for message in stored if message.role == "user" and message.id not in known), None)
    if question is None:
        raise first.error or _not_asked()
    yield Start("", model, conversation_id)
    fields = {"message_id": question.id, "model": model, "beside": True}
    events = unbroken(client, client.conversations.regenerate(conversation_id, **fields))
    yield from events if is_streamed else in_one_piece(events)


def answers_of(
    client: BackendClient, conversation_id: str, ids: Iterable[str], made: Iterable[LiveAnswer]
) -> list[MessageInfo]:
    """Return the messages `ids` in the order of the answers `made`; those that were refused, which have no turn, last.

    Raises:
        ChatappError: the backend cannot tell.
    """
    pages = (client.conversations.messages(conversation_id, branch=id_, limit=1) for id_ in ids)
    places = {answer.turn_id: place for place, answer in enumerate(made)}
    stored = [message for page in pages for message in page.items]
    return sorted(stored, key=lambda message: places.get(message.turn_id, len(places)))


def made_together(client: BackendClient, conversation_id: str, last: Sequence[MessageInfo]) -> list[MessageInfo]:
    """Return the answers that were made while each other was, the `last` one of a branch among them, oldest first.

    There are none where it was made by itself.

    Raises:
        ChatappError: the backend cannot tell.
    """
    if not last or last[-1].role != "assistant" or len(last[-1].siblings) < 2:  # noqa: PLR2004 - itself and another
        return []
    stored = answers_of(client, conversation_id, last[-1].siblings[-MOST_BESIDE:], ())
    together: list[MessageInfo] = []
    for answer in sorted(stored, key=lambda answer: answer.created_at):
        if not any(it.finished_at is None or answer.created_at <= it.finished_at for it in together):
            together = []
        together.append(answer)
    return together if len(together) > 1 and last[-1].id in [answer.id for answer in together] else []


def _conversation_of(first: LiveAnswer) -> str:
    """Return the conversation, once the question of `first` is stored in it or will not be."""
    while first.is_going and first.turn_id is None:
        first.wait_begun(_LOOK_AGAIN_S)
    if first.conversation_id is None:
        raise first.error or _not_asked()
    return first.conversation_id


def _not_asked() -> ChatappError:
    return NotFoundError("The question was not asked.", hint="Ask again.")
