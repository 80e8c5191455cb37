"""What would go to a model with a question, before it is asked."""

import asyncio
from dataclasses import replace
from typing import Any, NamedTuple

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.models.chat_model import ChatModel, ModelRequest
from chatapp.backend.store import Store
from chatapp.backend.turns.context_fitter import ContextFitter, TokenScales, conversation
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import Message
from chatapp.protocol.question import Question


class Preview(NamedTuple):
    """What `model` would be asked: `request` is without the `left_out` earlier messages that find no room.

    `window` are the tokens that it can read, None if nobody knows; `notices` is what readers would be told of files.
    A summary stands for as many messages as are `summarised`.
    """

    model: str
    request: ModelRequest
    window: int | None
    left_out: int
    notices: list[str]
    summarised: int = 0


async def preview(
    question: Question,
    *,
    model: ChatModel,
    store: Store,
    scales: TokenScales,
    wording: AttachmentWording | None,
) -> Preview:
    """Return what `question` would be asked with. One without words stands for the next, whatever it will be.

    Raises:
        NotFoundError: no such conversation or message.
        StoreUnavailableError: it cannot be read.
    """
    name, messages, parameters, summarised, project_id = await _read(question, model, store)
    turn = Turn(name, owner=question.owner)
    turn.project_id = project_id
    fitter = ContextFitter(
        ModelRequest(messages, model=name, parameters=parameters),
        turn=turn,
        model=model,
        scales=scales,
        wording=wording,
    )
    await fitter.fit()
    request = fitter.request
    if not question.prompt and not question.attachments:
        request = replace(request, messages=request.messages[:-1])
    told = [entry.text for entry in turn.entries if isinstance(entry, Notice)]
    return Preview(name, request, await model.window(name), fitter.left_out, told, summarised)


class _Reading(NamedTuple):
    """What would be read: by which model, with which parameters, and the project whose files go along."""

    model: str
    messages: list[Message]
    parameters: dict[str, Any]
    summarised: int = 0
    project_id: str | None = None


async def _read(question: Question, model: ChatModel, store: Store) -> _Reading:
    default = await model.default_model()
    if question.conversation_id is None and question.project_id is None:
        return _Reading(question.model or default, conversation(question), question.parameters)
    found = await asyncio.to_thread(store.turns.prospect, question, fallback_model=default)
    parameters = {**found.sampling, **question.parameters}
    return _Reading(found.model, conversation(question, found), parameters, found.summarised, found.project_id)
