"""What would go to a model with a question, before it is asked."""

import asyncio
from dataclasses import replace
from typing import NamedTuple

from chatapp.backend.attachments.wording import AttachmentWording
from chatapp.backend.models.chat_model import ChatModel, ModelRequest
from chatapp.backend.store import Prospect, Store
from chatapp.backend.turns.context_fitter import ContextFitter, TokenScales, conversation
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.events import Notice
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
    question: Question, *, model: ChatModel, store: Store, scales: TokenScales, wording: AttachmentWording | None
) -> Preview:
    """Return what `question` would be asked with. One without words stands for the next, whatever it will be.

    Raises:
        NotFoundError: no such conversation or message.
        StoreUnavailableError: it cannot be read.
    """
    found = await _found(question, model, store)
    name, parameters = found.model, {**found.sampling, **question.parameters}
    turn = Turn(name, owner=question.owner)
    turn.project_id = found.project_id
    fitter = ContextFitter(
        ModelRequest(conversation(question, found), model=name, parameters=parameters),
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
    return Preview(name, request, await model.window(name), fitter.left_out, told, found.summarised)


async def _found(question: Question, model: ChatModel, store: Store) -> Prospect:
    default = await model.default_model()
    if question.conversation_id is None and question.project_id is None:
        return Prospect(question.model or default, question.system, question.messages, {})
    return await asyncio.to_thread(store.turns.prospect, question, fallback_model=default)
