"""Budgets: what a call may take at most is put aside before it is made, and what it really took is settled after."""

import asyncio
import json
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from chatapp.backend.models.chat_model import Destination, ModelRequest
from chatapp.backend.store import Amount, Book, Reservations, Standing
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.backend.usage.budget_words import exceeded, named, notice, renewal, value
from chatapp.backend.usage.pricing import Pricer
from chatapp.config.budgets import Budget
from chatapp.errors import BudgetExceededError, StoreUnavailableError
from chatapp.protocol.events import Notice
from chatapp.providers.prices import Tariff, Tokens

ANSWER_TOKENS = 4096
"""What an answer may take whose length nobody has limited, where a budget has to hold."""

LEAST_ANSWER_TOKENS = 16
"""An answer that has to be shorter is not asked for."""

NOTICE_SHARE = 0.8
PER_MESSAGE = 16
PER_PICTURE = 50_000
"""More than any vendor counts for a picture or a sound; the dearest, small models of OpenAI, come near."""

HEARTBEAT_S = 5.0

log = logging.getLogger(__name__)

_LIMITS = ("max_tokens", "max_completion_tokens", "n_predict")
"""The names under which servers are told how long an answer may be; llama.cpp lets its own overrule the others."""


class Ceiling(NamedTuple):
    """The most that a call can take: its prompt, its answer, and what a token of each costs at most."""

    prompt: int
    answer: int
    tariff: Tariff | None

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows what it costs."""
        return self.tariff is None or self.tariff.cost(Tokens(self.prompt, self.answer)) is None

    def amount(self, answer: int) -> Amount:
        """Return what is put aside for an answer of that many tokens."""
        return Amount(_most(self.tariff, self.prompt, answer) if self.tariff else 0, self.prompt + answer)


class Admission(NamedTuple):
    """A call that may be made: how it is to be asked, and what its readers are to know."""

    request: ModelRequest
    notices: Sequence[Notice] = ()


class _Way(NamedTuple):
    """A way that a call may take, the budgets that have to bear it, and the most that it takes there."""

    destination: Destination
    budgets: Sequence[Budget]
    ceiling: Ceiling


class _Allowed(NamedTuple):
    """What was put aside for: the tokens of an answer, over any of some connections."""

    answer: int
    notices: Sequence[Notice]
    connections: frozenset[str]


class Budgets:
    """Lets calls pass as long as every budget that applies to them has enough left, over all processes.

    `waiting` gives the calls that have ended and are not written down yet.
    """

    def __init__(
        self,
        budgets: Sequence[Budget],
        reservations: Reservations,
        pricer: Pricer,
        *,
        waiting: Callable[[], Iterable[str]] = tuple,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._budgets = budgets
        self._reservations = reservations
        self._pricer = pricer
        self._waiting = waiting
        self._clock = clock
        self._active: set[str] = set()

    async def admit(
        self,
        call_id: str,
        request: ModelRequest,
        *,
        owner: str,
        destinations: Sequence[Destination],
        answer_tokens: int | None = None,
    ) -> Admission:
        """Put aside what the call may take, and return how it may be made: with a limit on its answer.

        Of `destinations`, those are left whose budgets bear the answer that the first of them may give.
        `answer_tokens` is how long it is at most, None for what the request says.

        Raises:
            BudgetExceededError: a budget has not enough left, or cannot hold since nobody knows the price.
            StoreUnavailableError: nothing can be put aside. Then nothing is asked, or the budget would be none.
        """
        ways = [self._way(it, request, owner, answer_tokens) for it in destinations]
        if not any(way.budgets for way in ways):
            return Admission(request)
        work = asyncio.ensure_future(asyncio.to_thread(self._reserve, call_id, ways, owner))
        try:
            allowed = await asyncio.shield(work)
        except asyncio.CancelledError:
            # there will be no call; without a sign of life it is given back
            work.add_done_callback(lambda _: self.done(call_id))
            await asyncio.wait([work])
            raise
        return Admission(_limited(request, allowed), allowed.notices)

    def done(self, call_id: str) -> None:
        """Note that the call has ended; what was put aside is given back when it is written down."""
        self._active.discard(call_id)

    async def keep_alive(self) -> None:
        """Again and again, say which calls are still made, or wait to be written down. Never returns."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await asyncio.to_thread(self._reservations.heartbeat, this_process(), {*self._active, *self._waiting()})
            except StoreUnavailableError as error:
                log.warning("%s", error.detail)

    def standings(self, owner: str | None) -> list[tuple[Budget, Standing, datetime]]:
        """Return how the budgets stand that are about `owner`, or all for None, and when each renews."""
        now = self._clock()
        shown = [it for it in self._budgets if owner is None or it.owner in {None, owner}]
        with self._reservations.book(is_gone=is_gone) as book:
            return [
                (it, book.standing(owner=it.owner, connection=it.connection, since=_since(it, now)), renewal(it, now))
                for it in shown
            ]

    def _reserve(self, call_id: str, ways: Sequence[_Way], owner: str) -> _Allowed:
        """Put aside what the answer may take, and return it, all in one transaction."""
        now, answer, allowed = self._clock(), 0, list[_Way]()
        notices: list[Notice] = []
        refusals: list[BudgetExceededError] = []
        with self._reservations.book(is_gone=is_gone) as book:
            for way in ways:
                try:
                    room, told = _room(book, way, now)
                except BudgetExceededError as error:
                    refusals.append(error)
                    continue
                if not allowed:
                    answer, notices = room, told
                if room >= answer:
                    allowed.append(way)
            if not allowed:
                raise refusals[0]
            amount = max(way.ceiling.amount(answer) for way in allowed)
            connections = [way.destination.connection for way in allowed]
            book.reserve(call_id, amount, owner=owner, connection=connections[0], process_id=this_process())
        self._active.add(call_id)
        return _Allowed(answer, notices, frozenset(connections))

    def _way(self, destination: Destination, request: ModelRequest, owner: str, answer_tokens: int | None) -> _Way:
        """Return a way that the call may take, with the most that it can cost there."""
        budgets = [budget for budget in self._budgets if budget.applies_to(owner, destination.connection)]
        limits = [count for name in _LIMITS if (count := _count(request, name))]
        answers = _count(request, "n") or 1
        tariff = self._pricer.tariff(*destination, self._clock())
        answer = min(limits, default=ANSWER_TOKENS) * answers if answer_tokens is None else answer_tokens
        return _Way(destination, budgets, Ceiling(_most_tokens(request), answer, tariff))


def _room(book: Book, way: _Way, now: datetime) -> tuple[int, list[Notice]]:
    """Return the tokens that the answer may have this way, and what its readers are to know.

    Raises:
        BudgetExceededError: a budget has not enough left, or cannot hold since nobody knows the price.
    """
    answer, notices = way.ceiling.answer, list[Notice]()
    for budget in way.budgets:
        if budget.unit == "dollars" and way.ceiling.is_unknown:
            raise BudgetExceededError(
                f"Nobody knows what {way.destination.model or 'the model'} costs, so that the budget of "
                f"{named(budget)} cannot hold.",
                hint="Give the connection `prices`, or the budget in tokens.",
            )
        standing = book.standing(owner=budget.owner, connection=budget.connection, since=_since(budget, now))
        answer = min(answer, _affordable(budget, standing, way.ceiling))
        if answer < min(LEAST_ANSWER_TOKENS, way.ceiling.answer):
            raise exceeded(budget, standing, now)
        if value(budget, standing.spent) >= NOTICE_SHARE * budget.amount:
            notices.append(notice(budget, standing, now))
    return answer, notices


def _since(budget: Budget, now: datetime) -> date:
    return now.date() if budget.period == "day" else now.date().replace(day=1)


def _most_tokens(request: ModelRequest) -> int:
    """Return what no tokenizer exceeds: each token is a byte at least, of tools and the like too. Pictures are dear."""
    read = sum(len(message.text.encode(errors="replace")) + PER_MESSAGE for message in request.read_messages())
    parts = [part for message in request.wire_messages or () for part in _listed(message.get("content"))]
    others = sum(1 for part in parts if not (isinstance(part, dict) and part.get("type") == "text"))
    return read + others * PER_PICTURE + len(json.dumps(request.parameters, default=str))


def _listed(content: object) -> list[Any]:
    return content if isinstance(content, list) else []


def _most(tariff: Tariff, prompt: int, answer: int) -> int:
    """Return the picodollars that so many tokens cost at most, whatever was thought and in whichever tier it is."""
    said, thought = tariff.cost(Tokens(prompt, answer)), tariff.cost(Tokens(prompt, answer, reasoning=answer))
    return max(said or 0, thought or 0)


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


def _limited(request: ModelRequest, allowed: _Allowed) -> ModelRequest:
    """Return the request with the limit that was put aside for, over the connections that it was put aside for."""
    each = allowed.answer // (_count(request, "n") or 1)
    names = [name for name in _LIMITS if name in request.parameters] or ["max_tokens"]
    parameters = {**request.parameters, **dict.fromkeys(names, each)}
    return replace(request, parameters=parameters, connections=allowed.connections)


def _count(request: ModelRequest, name: str) -> int | None:
    """Return a parameter that counts something; what is no count, as -1 for no limit, holds nobody back."""
    value = request.parameters.get(name)
    return value if isinstance(value, int) and value > 0 else None
