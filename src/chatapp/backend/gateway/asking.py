"""Questions from the gateway on their way to a turn: who asks with which program, and whether it is remembered."""

import re
from functools import partial

from fastapi import Request
from starlette.types import Scope

from chatapp.backend.api.routes.query import start_turn
from chatapp.backend.attachments.desk import AttachmentDesk
from chatapp.backend.gateway.asides import is_aside
from chatapp.backend.gateway.hashed import HashedBeginnings
from chatapp.backend.gateway.held import HeldFile, HeldMessages
from chatapp.backend.http.context import context_of, header
from chatapp.backend.turns.turn import Turn
from chatapp.protocol.question import Question

STORE, BACKGROUND = b"x-chatapp-store", b"x-chatapp-background"
"""The headers with which a client whose words are OpenAI's alone says that nothing is to be kept (`false`), or that
the answer is to be made to its end where nobody reads it any more (`true`). `true` for the first keeps what a client
asks that always says `"store": false`, as Codex does."""

_VERSION = re.compile(r"/v?\d[^/]*$")
_LONGEST_NAME = 60


async def begun(request: Request, question: Question) -> Turn:
    """Return the turn that answers `question`. One that cannot be kept now is answered all the same.

    Raises:
        ChatappError: it cannot be answered.
    """
    owner = context_of(request.scope).principal.name
    return await start_turn(request, _remembered(question, request, owner=owner))


def _remembered(question: Question, request: Request, *, owner: str) -> Question:
    """Return `question` with who asks it, and with what is to be kept."""
    scope, settings = request.scope, request.app.state.settings
    wish = (header(scope, STORE) or "").lower()
    wire = question.wire_messages or []
    is_kept = settings.gateway_store and wish != "false" and (question.store or wish == "true") and not is_aside(wire)
    desk: AttachmentDesk = request.app.state.attachment_desk
    known: HashedBeginnings = request.app.state.hashed_beginnings
    held = HeldMessages(wire, take=partial(_take_later, desk, owner), known=known) if is_kept else None
    question.owner = owner
    question.store = held is not None and held.count > 0
    if held is not None and question.store:
        question.held, question.system, question.client = held, held.system, client_name(scope)
        question.outlives_readers = (header(scope, BACKGROUND) or "").lower() == "true"
    return question


def _take_later(desk: AttachmentDesk, owner: str, files: list[HeldFile]) -> None:
    desk.take_later(((file.name, file.content) for file in files), owner=owner)


def client_name(scope: Scope) -> str | None:
    """Return what a program calls itself: by the titles that OpenRouter's clients send, or by its User-Agent.

    A page in a browser goes by where it comes from: all browsers call themselves the same.
    """
    name = header(scope, b"x-title") or header(scope, b"x-openrouter-title")
    name = name or _VERSION.sub("", (header(scope, b"user-agent") or "").partition(" ")[0])
    if name == "Mozilla":
        name = (header(scope, b"origin") or name).rpartition("//")[2]
    name = name[:_LONGEST_NAME] if name.isprintable() else "".join(filter(str.isprintable, name))[:_LONGEST_NAME]
    return name.strip() or None
