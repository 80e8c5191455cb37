"""Budgets: what a call may take at most is put aside before it is made, and what it really took is settled after."""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from chatapp.backend.models.attempts import Destination
from chatapp.backend.models.chat_model import ModelRequest, TokenUsage
from chatapp.backend.store import Book, ModelCall, Reservations, Standing
from chatapp.backend.turns.admissions import Admission
from chatapp.backend.turns.estimate import likely_usage
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage.budget_words import exceeded, named, notice, renewal, value
from chatapp.backend.usage.ceilings import Ceiling, ceiling_of, limited
from chatapp.backend.usage.pricing import Pricer
from chatapp.config.budgets import Budget
from chatapp.errors import BudgetExceededError, StoreUnavailableError
from chatapp.protocol.events import Notice

LEAST_ANSWER_TOKENS = 16
"""An answer that has to be shorter is not asked for."""

NOTICE_SHARE = 0.8
HEARTBEAT_S = 5.0
SETTLE_S = 1.0
"""How long the end of an answer waits for what it took to be written down; then it is told all the same."""

log = logging.getLogger(__name__)


class Budgets:
    """Lets calls pass as long as every budget that applies to them has enough left, over all processes.

    `sources` give those there are now. `waiting` gives the calls that have ended and are not written down yet, and
    `write_down` does it.
    """

    def __init__(
        self,
        sources: Sequence[Callable[[], Sequence[Budget]]],
        reservations: Reservations,
        pricer: Pricer,
        *,
        waiting: Callable[[], Iterable[str]],
        write_down: Callable[[], Coroutine[Any, Any, None]],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sources = sources
        self._reservations = reservations
        self._pricer = pricer
        self._waiting = waiting
        self._write_down = write_down
        self._clock = clock
        self._active: set[str] = set()
        self._unmade: set[str] = set()
        self._ended: set[str] = set()

    def concerns(self, owner: str) -> bool:
        """Return whether there is a budget that calls of `owner` may count for."""
        return any(budget.owner in {None, owner} for budget in self._budgets())

    def _budgets(self) -> Iterator[Budget]:
        return (budget for source in self._sources for budget in source())

    async def admit(
        self,
        call_id: str,
        request: ModelRequest,
        *,
        owner: str,
        destination: Destination,
        model: str,
        turn_id: str | None = None,
        surface: str | None = None,
        answer_tokens: int | None = None,
    ) -> Admission:
        """Put aside what the call may take there, and return how it may be made: with a limit on its answer.

        What was put aside for it elsewhere is given back. `answer_tokens` is its longest answer, None as it says.

        Raises:
            BudgetExceededError: a budget has not enough left, or cannot hold since nobody knows the price.
            StoreUnavailableError: nothing can be put aside. Then nothing is asked, or the budget would be none.
        """
        budgets = [it for it in self._budgets() if it.applies_to(owner, destination.connection)]
        if not budgets and call_id not in self._active:
            return Admission(request)
        call = ModelCall(
            id=call_id,
            owner=owner,
            connection=destination.connection,
            model=model,
            status="interrupted",
            created_at=self._clock(),
            duration_ms=0,
            turn_id=turn_id,
            surface=surface,
            prompt_tokens=likely_usage(request).prompt_tokens,
            is_estimated=True,
        )
        tariff = self._pricer.tariff(*destination, call.created_at, request)
        ceiling = ceiling_of(request, tariff, answer_tokens=answer_tokens)
        answer, notices = await self._put_aside(call, budgets, ceiling, replace(request, model=destination.model))
        return Admission(limited(request, answer) if budgets else request, notices)

    async def _put_aside(
        self, call: ModelCall, budgets: Sequence[Budget], ceiling: Ceiling, request: ModelRequest
    ) -> tuple[int, list[Notice]]:
        """Reserve what the answer may take; whoever leaves meanwhile has it given back once it is put aside."""
        reserving = asyncio.create_task(asyncio.to_thread(self._reserve, call, budgets, ceiling, request))
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            reserving.add_done_callback(lambda _: self._unmake(call.id))
            await asyncio.wait([reserving])
            raise

    def done(self, call_id: str) -> None:
        """Note that the call has ended; what was put aside is given back when it is written down."""
        if call_id in self._active:
            self._active.discard(call_id)
            self._ended.add(call_id)

    async def settle(self, call_id: str) -> None:
        """Write down what a call has taken that has ended, which gives back the rest of what was put aside for it.

        What is wrong with it is told by the task that writes from time to time, and tries again.
        """
        if call_id not in self._ended:
            return
        self._ended.discard(call_id)
        writing = asyncio.create_task(self._settled(), name="settles budgets")
        writing.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.wait([writing], timeout=SETTLE_S)

    async def keep_alive(self) -> None:
        """Write down what processes before this one have left; then, again and again, say which calls are still made.

        Calls that wait to be written down are among these. Never returns.
        """
        await self._try(self._release, ())
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            await self._try(self._reservations.heartbeat, this_process(), {*self._active, *self._waiting()})
            await self._try(self._give_back_unmade)

    async def _try(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            await asyncio.to_thread(work, *arguments)
        except StoreUnavailableError as error:
            log.warning("%s", error.detail)

    async def _settled(self) -> None:
        await self._write_down()
        await self._try(self._give_back_unmade)

    def _unmake(self, call_id: str) -> None:
        """Note that a call was not made after all, which must not be taken for one whose process has died."""
        self._unmade.add(call_id)
        self._ended.add(call_id)
        self._active.discard(call_id)

    def _give_back_unmade(self) -> None:
        if unmade := set(self._unmade):
            self._release(unmade)
            self._unmade -= unmade

    def _release(self, call_ids: Iterable[str]) -> None:
        with self._reservations.book(is_gone=is_gone, reader=this_process()) as book:
            book.release(call_ids)

    def standings(self, owner: str | None) -> list[tuple[Budget, Standing, datetime]]:
        """Return how the budgets stand that are about `owner`, or all for None, and when each renews."""
        now = self._clock()
        shown = [it for it in self._budgets() if owner is None or it.owner in {None, owner}]
        with self._reservations.book(is_gone=is_gone, reader=this_process()) as book:
            return [
                (it, book.standing(owner=it.owner, connection=it.connection, since=_since(it, now)), renewal(it, now))
                for it in shown
            ]

    def _reserve(
        self, call: ModelCall, budgets: Sequence[Budget], ceiling: Ceiling, request: ModelRequest
    ) -> tuple[int, list[Notice]]:
        """Put aside what the answer may take, and return its tokens and what is to be told, all in one transaction."""
        with self._reservations.book(is_gone=is_gone, reader=this_process()) as book:
            book.release([call.id])
            answer, notices = _room(book, budgets, ceiling, model=request.model or "the model", now=call.created_at)
            if budgets:
                book.reserve(self._estimate(call, request, answer), ceiling.amount(answer), process_id=this_process())
        self._active.add(call.id)
        return answer, notices

    def _estimate(self, call: ModelCall, request: ModelRequest, answer: int) -> ModelCall:
        """Return the call as it counts if nobody lives to see what it took: its answer as long as it may be.

        A budget is to hold also where processes die again and again.
        """
        prompt = call.prompt_tokens or 0
        usage = TokenUsage(prompt, answer, prompt + answer)
        cost, source = self._pricer.price(
            usage, connection=call.connection, models=(request.model,), when=call.created_at, request=request
        )
        return replace(call, completion_tokens=answer, cost_pico=cost, price_source=source)


def _room(
    book: Book, budgets: Sequence[Budget], ceiling: Ceiling, *, model: str, now: datetime
) -> tuple[int, list[Notice]]:
    """Return the tokens that the answer may have, and what its readers are to know.

    Raises:
        BudgetExceededError: a budget has not enough left, or cannot hold since nobody knows the price.
    """
    answer, notices = ceiling.answer, list[Notice]()
    for budget in budgets:
        if budget.unit == "dollars" and ceiling.is_unknown:
            raise BudgetExceededError(
                f"Nobody knows what {model} costs, so that the budget of {named(budget)} cannot hold.",
                hint="Give the connection `prices` or the budget in tokens, or ask without searches and service tiers.",
            )
        standing = book.standing(owner=budget.owner, connection=budget.connection, since=_since(budget, now))
        answer = min(answer, _affordable(budget, standing, ceiling))
        if answer < min(LEAST_ANSWER_TOKENS, ceiling.answer):
            raise exceeded(budget, standing, now)
        if value(budget, standing.spent) >= NOTICE_SHARE * budget.amount:
            notices.append(notice(budget, standing, now))
    return answer, notices


def _since(budget: Budget, now: datetime) -> date:
    return now.date() if budget.period == "day" else now.date().replace(day=1)


def _affordable(budget: Budget, standing: Standing, ceiling: Ceiling) -> int:
    """Return how many tokens of the answer `budget` has left for, below 0 where not even the prompt fits."""
    left = budget.amount - value(budget, standing.spent) - value(budget, standing.reserved)
    if budget.unit == "tokens":
        return left - ceiling.prompt
    if ceiling.amount(ceiling.answer).pico == 0:
        return ceiling.answer  # a model that costs nothing may always be asked
    base = ceiling.amount(0).pico
    if not ceiling.answer:
        return 0 if base <= left else -1
    for_each = (ceiling.amount(ceiling.answer).pico - base) / ceiling.answer
    return -1 if left < base else math.floor((left - base) / for_each) if for_each else ceiling.answer
