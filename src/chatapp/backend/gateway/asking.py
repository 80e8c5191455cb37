"""Questions from the gateway on their way to a turn: who asks with which program, and whether it is remembered."""

import logging
import re
from dataclasses import replace

from fastapi import Request
from starlette.datastructures import Headers

from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.http.context import context_of
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.backend.turns.turn import Turn
from chatapp.errors import StoreUnavailableError
from chatapp.protocol.question import Question

STORE, BACKGROUND = "x-chatapp-store", "x-chatapp-background"
"""The headers with which a client whose words are OpenAI's alone says that nothing is to be kept (`false`), or that
the answer is to be made to its end where nobody reads it any more (`true`)."""

_VERSION = re.compile(r"/v?\d[^/]*$")
_LONGEST_NAME = 60

log = logging.getLogger(__name__)


async def begun(request: Request, question: Question) -> Turn:
    """Return the turn that answers `question`. One that cannot be kept now is answered all the same.

    Raises:
        ChatappError: it cannot be answered.
    """
    context = context_of(request.scope)
    turns: TurnRegistry = request.app.state.turns
    question = _remembered(question, request, owner=context.principal.name)
    try:
        turn = await turns.start(question, request_id=context.id)
    except StoreUnavailableError as error:
        if not question.store:
            raise
        log.warning("%s: this answer is not kept. %s", context.id, error.detail)
        turn = await turns.start(replace(question, store=False, held=None), request_id=context.id)
    else:
        if isinstance(question.held, HeldMessages) and question.held.files:
            desk: AttachmentDesk = request.app.state.attachment_desk
            desk.take_later(((file.name, file.content) for file in question.held.files), owner=question.owner)
    context.outcome = turn
    return turn


def _remembered(question: Question, request: Request, *, owner: str) -> Question:
    """Return `question` with who asks it, and with what is to be kept."""
    headers, settings = request.headers, request.app.state.settings
    is_kept = question.store and settings.gateway_store and headers.get(STORE, "").lower() != "false"
    wire = question.wire_messages or []
    held = HeldMessages(wire) if is_kept else None
    if held is None or not held.count:
        return replace(question, owner=owner, store=False)
    return replace(
        question,
        owner=owner,
        held=held,
        system=held.system,
        client=client_name(headers),
        outlives_readers=headers.get(BACKGROUND, "").lower() == "true",
    )


def client_name(headers: Headers) -> str | None:
    """Return what a program calls itself: by the title that OpenRouter's clients send, or by its User-Agent."""
    told = headers.get("x-title") or _VERSION.sub("", headers.get("user-agent", "").partition(" ")[0])
    return "".join(filter(str.isprintable, told))[:_LONGEST_NAME].strip() or None
