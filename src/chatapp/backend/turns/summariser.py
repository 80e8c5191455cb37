"""Summaries of the beginning of a conversation, made by its model: each is a call like any other."""

import asyncio
from collections.abc import Iterator, Sequence

from chatapp.backend.models.chat_model import ChatModel
from chatapp.backend.store import Store, Summary
from chatapp.backend.store.summaries import ToSummarise
from chatapp.backend.turns.context_fitter import ANSWER_TOKENS
from chatapp.backend.turns.reader import Reader
from chatapp.backend.turns.registry import TurnRegistry
from chatapp.errors import ContextLengthExceededError, UpstreamBadResponseError
from chatapp.protocol.events import UsageDetails
from chatapp.protocol.messages import AttachmentPart, Message, ToolCallPart, ToolResultPart
from chatapp.protocol.question import Question
from chatapp.protocol.surfaces import Surface
from chatapp.providers.token_estimates import estimated_text_tokens

SYSTEM = (
    "You summarise conversations between a user and an assistant. The assistant will read your summary in place of the "
    "messages and go on from there."
)
WANTED = (
    "Summarise this conversation, and what was said before it if anything was, in at most 300 words, in the language "
    "it is held in. Keep names, numbers, decisions, what the user wants, open questions, and what code or text is "
    "being worked on. Write the summary alone."
)
_EARLIER = "What was said before this conversation, in short:"
_SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool", "system": "System"}
_LEAST_ROOM = 200
"""Tokens; a model that takes less at once can summarise nothing."""


class Summariser:
    """Has models summarise. What does not fit the window at once is summarised piece by piece, each with the last."""

    def __init__(self, turns: TurnRegistry, store: Store, model: ChatModel) -> None:
        self._turns = turns
        self._store = store
        self._model = model

    async def summarise(
        self,
        conversation_id: str,
        *,
        owner: str,
        up_to: str | None = None,
        model: str | None = None,
        written: str | None = None,
        surface: Surface | None = None,
    ) -> Summary:
        """Return the summary of the conversation up to a message, `written` or once it is made, when it is saved.

        Raises:
            NotFoundError: no such conversation or message.
            InvalidRequestError: there is nothing to summarise.
            ChatappError: the model cannot be asked, or nothing came of it.
        """
        plan = await asyncio.to_thread(self._store.summaries.plan, conversation_id, owner=owner, up_to=up_to)
        if written is not None:
            summary = Summary(plan.message_id, written, plan.summarised)
            return await asyncio.to_thread(self._store.summaries.keep, conversation_id, owner=owner, summary=summary)
        name = model or plan.model or await self._model.default_model()
        question = Question(prompt="", owner=owner, system=SYSTEM, model=name, surface=surface)
        calls: list[UsageDetails] = []
        text = await self._text_of(plan, question, calls)
        summary = Summary(plan.message_id, text, plan.summarised, tuple(calls))
        return await asyncio.to_thread(self._store.summaries.keep, conversation_id, owner=owner, summary=summary)

    async def _text_of(self, plan: ToSummarise, question: Question, calls: list[UsageDetails]) -> str:
        window = await self._model.window(str(question.model))
        room = window - min(ANSWER_TOKENS, window // 4) if window else None
        while True:
            try:
                return await self._piece_by_piece(plan, question, room, calls)
            except ContextLengthExceededError as error:  # of a window that nobody knew
                room = (room or error.window or sum(map(estimated_text_tokens, map(_line, plan.messages)))) // 2
                if room < _LEAST_ROOM:
                    raise

    async def _piece_by_piece(
        self, plan: ToSummarise, question: Question, room: int | None, calls: list[UsageDetails]
    ) -> str:
        text, lines = plan.earlier or "", [_line(message) for message in plan.messages]
        for piece in _pieces(
            lines, room and room - estimated_text_tokens(SYSTEM + WANTED) - min(ANSWER_TOKENS // 2, room // 4)
        ):
            question.prompt = _prompt(text, piece)
            text = await self._asked(question, calls)
        return text

    async def _asked(self, question: Question, calls: list[UsageDetails]) -> str:
        turn = await self._turns.start(question)
        with Reader(turn, wants_deltas=False) as reader:
            await reader.end()
        calls += [turn.usage_details] if turn.usage_details else []
        if not (text := turn.text.strip()):
            raise UpstreamBadResponseError("the model gave no summary.", hint="Try again, or choose another model.")
        return text


def _prompt(earlier: str, piece: Sequence[str]) -> str:
    """Return the conversation, and behind it what is wanted: small models have forgotten by then what stands first."""
    before = (_EARLIER, earlier) if earlier else ()
    return "\n\n".join((*before, "<conversation>", *piece, "</conversation>", WANTED))


def _line(message: Message) -> str:
    parts = (message.text, *(_named(part) for part in message.parts))
    return f"{_SPEAKERS[message.role]}: {' '.join(filter(None, parts))}"


def _named(part: object) -> str:
    match part:
        case AttachmentPart():
            return f"[File: {part.title}]"
        case ToolCallPart(name=name, arguments=arguments):
            return f"[Calls {name}: {arguments}]"
        case ToolResultPart(text=text):
            return text
    return ""


def _pieces(lines: Sequence[str], room: int | None) -> Iterator[list[str]]:
    """Return the lines in as few pieces as fit `room` tokens each; one that is longer by itself loses its middle."""
    if room is None:
        yield list(lines)
        return
    room = max(room, _LEAST_ROOM // 2)
    piece: list[str] = []
    taken = 0
    for line in (_shortened(line, room) for line in lines):
        size = estimated_text_tokens(line)
        if piece and taken + size > room:
            yield piece
            piece, taken = [], 0
        piece.append(line)
        taken += size
    yield piece


def _shortened(line: str, room: int) -> str:
    size = estimated_text_tokens(line)
    if size <= room:
        return line
    half = len(line) * room // (2 * size)
    return f"{line[:half]} … {line[len(line) - half :]}"
