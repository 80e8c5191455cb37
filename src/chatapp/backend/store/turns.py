"""Turns: begun with the question saved, saved as they grow, finished, cancelled, taken from makers that died."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn, Required, TypedDict, Unpack

from sqlalchemy import BindParameter, Connection, Row, and_, bindparam, delete, or_, select, update

from chatapp.backend.store.begin_turn import begin_turn, prospect
from chatapp.backend.store.chunks import append_chunk, drop_chunks, saved_chunks
from chatapp.backend.store.conversations import MOVE_UP, locked
from chatapp.backend.store.database import Database
from chatapp.backend.store.ending import ANSWER_COLUMNS, TURN_COLUMNS, Ending, WholeTurn, answer_row, turn_columns
from chatapp.backend.store.failures import DEFECTS
from chatapp.backend.store.held import begin_held, conversation_of, keep_held, save_answer_hash
from chatapp.backend.store.identity import now
from chatapp.backend.store.new_rows import Maker, moment_at_the_top
from chatapp.backend.store.prepared import Prepared
from chatapp.backend.store.records import BegunTurn, Prospect, Segments, StoredTurn
from chatapp.backend.store.schema import chunks, conversations, messages, turns
from chatapp.backend.store.turn_rows import TURN_ROW, TurnRow, locked_turn
from chatapp.backend.store.write_lane import Job
from chatapp.errors import ChatappError, NotFoundError, StoreUnavailableError, TurnActiveError
from chatapp.protocol.question import HeldConversation, Question

KEPT_WITHOUT_CONVERSATION = timedelta(days=1)

_UNFINISHED = {"streaming", "interrupted"}
"""What its maker may still finish: an interruption is no more than a guess that there is none."""

_ITS_ID: BindParameter[str] = bindparam("its_id")
_END_TURN = Prepared(update(turns).where(turns.c.id == _ITS_ID), (*TURN_COLUMNS, "conversation_id", "model"))
_END_ANSWER = Prepared(update(messages).where(messages.c.id == _ITS_ID), (*ANSWER_COLUMNS, "model"))


class AnswerSoFar(TypedDict, total=False):
    """An answer in the making.

    `text` and `reasoning` are what lies `behind` so many characters of each; `segments` are always all.
    `is_recast`: some text has become reasoning, and all is written again.
    """

    text: Required[str]
    segments: Required[Segments]
    reasoning: str
    behind: tuple[int, int]
    is_recast: bool


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of every process. One conversation has one that is `streaming` at most; the database sees to it."""

    database: Database

    def prospect(self, question: Question, *, fallback_model: str) -> Prospect:
        """Return what a question of a conversation would be read with. Nothing is saved.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
        """
        with self.database.read() as connection:
            return prospect(connection, question, fallback_model)

    def begin(self, question: Question, *, process_id: str, fallback_model: str) -> BegunTurn:
        """Return the turn with its question and an empty answer saved, all at once and for good.

        `process_id` names who makes it; `fallback_model` is asked where neither question nor conversation names one.
        Where another process begins one there at the same moment, a second try finds what that has committed, and says
        what it means.

        Raises:
            NotFoundError: no such conversation, or no such message in it.
            TurnActiveError: the conversation is still answering its last question.
            IdempotencyConflictError: the key was used with another body.
            InvalidRequestError: there is no question to answer again.
            StoreUnavailableError: it cannot be saved.
        """
        maker = Maker(process_id, self.database.pulse())
        work = partial(begin_turn, question=question, maker=maker, fallback_model=fallback_model)
        try:
            return self.database.write_together(work)
        except (TurnActiveError, *DEFECTS):
            return self.database.write_together(work)

    def beginning_held(
        self, question: Question, held: HeldConversation, *, process_id: str, fallback_model: str, turn_id: str | None
    ) -> Job[BegunTurn]:
        """Return what gives the turn of a conversation that its client holds, saved with what of it is new.

        `turn_id` is the id that it has already, if any.
        """
        maker, model = Maker(process_id, self.database.pulse()), question.model or fallback_model
        work = partial(begin_held, question=question, held=held, maker=maker, model=model, turn_id=turn_id)
        return Job(work, survives_power_cut=False)  # who holds it brings it again

    def saving(self, turn_id: str, **so_far: Unpack[AnswerSoFar]) -> Job[bool]:
        """Return what saves the answer so far, only what is new of it, and gives whether its maker should stop.

        It should when a cancellation was asked for, and when the turn has ended or is gone. One that was taken for
        interrupted goes on: whoever saves it lives, and `finishing` will save all of it.
        """

        def work(connection: Connection) -> bool:
            turn = locked_turn(connection, turn_id)
            if turn is None or turn.status not in _UNFINISHED:
                return True
            if turn.status == "interrupted":
                return bool(turn.cancel_requested)
            append_chunk(
                connection,
                turn,
                text=so_far["text"],
                reasoning=so_far.get("reasoning", ""),
                behind=so_far.get("behind", (0, 0)),
                is_recast=so_far.get("is_recast", False),
                changes={"segments": so_far["segments"], **self._alive(connection, turn_id)},
            )
            return bool(turn.cancel_requested)

        return Job(work, survives_power_cut=False)

    def _alive(self, connection: Connection, turn_id: str) -> dict[str, datetime]:
        """Return what says of a turn that its maker lives, if it is not said here: PostgreSQL goes by its own clock."""
        pulse = self.database.pulse()
        if isinstance(pulse, datetime):
            return {"heartbeat_at": pulse}
        connection.execute(update(turns).where(turns.c.id == turn_id).values(heartbeat_at=pulse))
        return {}

    def heartbeat(self, process_id: str, *, making: Collection[str] | None = None) -> set[str]:
        """Note that the process lives, for all of its turns at once; return the ids of those that should stop.

        `making` are the turns that it still makes: one whose end could not be saved falls silent, and is interrupted.
        None stands for all that are `streaming`.
        """
        is_mine = and_(turns.c.process_id == process_id, turns.c.status == "streaming")
        if making is not None:
            is_mine = and_(is_mine, turns.c.id.in_(making))
        with self.database.write(survives_power_cut=False) as connection:
            connection.execute(update(turns).where(is_mine).values(heartbeat_at=self.database.pulse()))
            return set(connection.scalars(select(turns.c.id).where(is_mine, turns.c.cancel_requested)))

    def keep(self, turns: Sequence[WholeTurn]) -> list[Callable[[], str]]:
        """Save turns that are over, each with its question, and return for each what gives its conversation.

        That raises what saving it met, which none of the others feels: `StoreUnavailableError` where it is not saved.
        """
        if len(turns) > 1 and not self.database.is_sqlite:  # two might wait for each other's conversations
            return [self.keep([turn])[0] for turn in turns]
        work = partial(keep_held, turns=turns, heartbeat_at=self.database.pulse())
        try:
            kept = self.database.write_together(work, survives_power_cut=False)  # who holds them brings them again
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            if len(turns) > 1 and not isinstance(error, StoreUnavailableError):
                return [self.keep([turn])[0] for turn in turns]  # one of them has spoiled it for all
            return [partial(_raise, error) for _ in turns]
        return [partial(str, conversation_id) for conversation_id in kept]

    def finishing(self, turn_id: str, **ending: Unpack[Ending]) -> Job[None]:
        """Return what saves how the turn ended.

        One that has ended before stays as it is, unless it was taken for interrupted.
        """
        answer_hash, outcome, answer = ending.get("answer_hash"), turn_columns(ending), answer_row(ending)

        def work(connection: Connection) -> None:
            turn = locked_turn(connection, turn_id)
            if turn is None or turn.status not in _UNFINISHED:
                return
            conversation_id = conversation_of(connection, turn)
            model = ending.get("model") or turn.model
            _END_TURN.run(
                connection, {"its_id": turn_id, "conversation_id": conversation_id, "model": model, **outcome}
            )
            if turn.answer_message_id is None:
                text, reasoning, is_recast = ending["text"], ending.get("reasoning", ""), ending.get("is_recast", False)
                append_chunk(connection, turn, text=text, reasoning=reasoning, is_recast=is_recast)
                return
            _save_answer(connection, turn, conversation_id, {**answer, "model": model})
            if answer_hash is not None:
                save_answer_hash(connection, turn, answer_hash, status=ending["status"])

        return Job(work, survives_power_cut=answer_hash is None)  # who holds it brings it again

    def get(self, turn_id: str, *, owner: str) -> StoredTurn:
        """Return the turn as far as it is saved, whichever process makes it.

        Raises:
            NotFoundError: there is no such turn, or it belongs to another owner.
        """
        with self.database.read() as connection:
            is_it = and_(turns.c.id == turn_id, turns.c.owner == owner)
            row = connection.execute(select(turns).where(is_it)).one_or_none()
            if row is None:
                raise NotFoundError("There is no such turn.")
            return _record(connection, row)

    def request_cancel(self, turn_id: str, *, owner: str) -> None:
        """Request that the turn's process stops it; nothing happens to a turn that has ended.

        Raises:
            NotFoundError: there is no such turn, or it belongs to another owner.
        """
        with self.database.write() as connection:
            is_it = and_(turns.c.id == turn_id, turns.c.owner == owner)
            if connection.scalar(select(turns.c.id).where(is_it)) is None:
                raise NotFoundError("There is no such turn.")
            is_streaming = turns.c.status == "streaming"
            connection.execute(update(turns).where(is_it, is_streaming).values(cancel_requested=True))

    def take_back(self, turn_id: str, *, owner: str) -> None:
        """Let nobody find the answer of a turn by the turn, which has no `user_message_id` from now on.

        Its words stay in the conversation, unless that came from a client and each of its answers was taken back: then
        it is deleted, and can be restored for 30 days.

        Raises:
            NotFoundError: no such answer, or it was taken back before.
            TurnActiveError: it is still being made.
        """
        with self.database.write() as connection:
            is_it = and_(turns.c.id == turn_id, turns.c.owner == owner, turns.c.user_message_id.is_not(None))
            turn = connection.execute(select(turns).where(is_it).with_for_update()).one_or_none()
            if turn is None or turn.status == "streaming":
                raise NotFoundError("There is no such turn.") if turn is None else TurnActiveError("It is being made.")
            conversation = locked(connection, turn.conversation_id, owner)
            connection.execute(update(turns).where(is_it).values(user_message_id=None))
            in_it = and_(turns.c.conversation_id == conversation.id, turns.c.user_message_id.is_not(None))
            if conversation.source == "v1" and connection.scalar(select(turns.c.id).where(in_it).limit(1)) is None:
                is_its = conversations.c.id == conversation.id
                connection.execute(update(conversations).where(is_its).values(deleted_at=now()))

    def interrupt_orphans(
        self, *, silent_s: float = 15, is_gone: Callable[[str], bool] = lambda _process_id: False
    ) -> list[str]:
        """End the turns whose maker is gone, keeping the text they had; return their ids.

        A maker is gone when `is_gone` says so of its process id, or when it has been silent for `silent_s` seconds.
        """
        with self.database.read() as connection:
            query = select(turns.c.process_id).where(turns.c.status == "streaming").distinct()
            makers = list(connection.scalars(query))
        if not makers:
            return []
        gone = [process_id for process_id in makers if is_gone(process_id)]
        return self._interrupt(gone, silent_s)

    def _interrupt(self, gone: list[str], silent_s: float) -> list[str]:
        with self.database.write() as connection:
            # Read the clock in here: who gives a sign of life while this waits to write is not from a time to come.
            is_silent = self.database.is_long_ago(turns.c.heartbeat_at, seconds=silent_s)
            is_orphan = and_(turns.c.status == "streaming", or_(turns.c.process_id.in_(gone), is_silent))
            query = select(*TURN_ROW, turns.c.segments).where(is_orphan).with_for_update(skip_locked=True)
            orphans = connection.execute(query).all()
            for *row, segments in orphans:
                _end_orphan(connection, TurnRow._make(row), segments)
        return [turn.id for turn in orphans]

    def forget_unattached(self, *, kept: timedelta = KEPT_WITHOUT_CONVERSATION) -> int:
        """Remove the turns without a conversation that ended longer than `kept` ago; return how many."""
        is_old = and_(turns.c.conversation_id.is_(None), turns.c.finished_at < now() - kept)
        with self.database.write() as connection:
            connection.execute(delete(chunks).where(chunks.c.turn_id.in_(select(turns.c.id).where(is_old))))
            return connection.execute(delete(turns).where(is_old)).rowcount


def _raise(error: BaseException) -> NoReturn:
    raise error.fresh() if isinstance(error, ChatappError) else error


def _end_orphan(connection: Connection, turn: TurnRow, segments: Segments) -> None:
    conversation_id = conversation_of(connection, turn)
    values = {"status": "interrupted", "finished_at": now(), "conversation_id": conversation_id}
    connection.execute(update(turns).where(turns.c.id == turn.id).values(values))
    if turn.answer_message_id is not None:
        text, reasoning = saved_chunks(connection, turn.id)
        answer = answer_row({"status": "interrupted", "text": text, "reasoning": reasoning, "segments": segments})
        _save_answer(connection, turn, conversation_id, {**answer, "model": turn.model})


def _save_answer(connection: Connection, turn: TurnRow, conversation_id: str | None, answer: dict[str, Any]) -> None:
    """Save the answer where it stays: in its message."""
    _END_ANSWER.run(connection, {"its_id": turn.answer_message_id, **answer})
    MOVE_UP.run(connection, {"its_id": conversation_id, "updated_at": moment_at_the_top(connection, turn.owner)})
    if turn.saved_text or turn.saved_reasoning:
        drop_chunks(connection, turn.id)


def _record(connection: Connection, row: Row[Any]) -> StoredTurn:
    values = dict(row._mapping)
    if row.status == "streaming" or row.answer_message_id is None:
        values["text"], values["reasoning"] = saved_chunks(connection, row.id)
    else:
        is_answer = messages.c.id == row.answer_message_id
        answer = connection.execute(select(messages.c.content, messages.c.reasoning).where(is_answer)).one()
        values["text"], values["reasoning"] = answer
    return StoredTurn(**{name: values[name] for name in StoredTurn.__dataclass_fields__})
