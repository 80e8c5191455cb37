"""The way of a question to one of the connections: by the model it names, and elsewhere where nothing has begun."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chatapp.backend.models.attempts import Attempts, Destination
from chatapp.backend.models.chat_model import ModelRequest, ModelStream, RawAnswer, RawKind
from chatapp.backend.models.failover import Candidate, FailoverStream, too_small
from chatapp.backend.models.member import Member, Sighting
from chatapp.backend.models.pool import ConnectionPool
from chatapp.errors import UpstreamModelNotFoundError, UpstreamParameterRefusedError
from chatapp.providers.connection import Timeouts, Upstream
from chatapp.providers.modalities import refused_medium

MOST_OFFERS = 5


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """One connection as it was seen, and the models it has: by the names they are asked by here, and by their own."""

    member: Member
    seen: Sighting
    models: dict[str, str]


class Router:
    """All connections as one `ChatModel`.

    The models of the first go by their own names, those of a further one by its name, a slash and theirs, or by their
    own where no other has it. A route is a name for several of them, of which the first that can answers. `default` is
    asked where nobody names a model; without one the first connection's.
    """

    def __init__(self, pool: ConnectionPool, *, default: str | None = None) -> None:
        self.pool = pool
        self._default = default

    @property
    def name(self) -> str:
        """The model that is asked by default."""
        return self._default or self.pool.first.connection.name

    def connection_for(self, model: str) -> str:
        """Return the name of the connection that `model` is asked over, the first of several."""
        return self._first_for(model).member.name

    def destinations(self, model: str) -> list[Destination]:
        """Return the connection that `model` is asked over, and behind it those that are asked where it fails."""
        return [Destination(candidate.member.name, candidate.model) for candidate in self._candidates(model)]

    def timeouts_for(self, model: str) -> Timeouts:
        """Return those of the connection that `model` is asked over; of several, each has its time for a first word."""
        candidates = self._candidates(model)
        timeouts = candidates[0].member.upstream.timeouts
        if len(candidates) == 1:
            return timeouts
        return replace(timeouts, first_content_s=sum(each.member.connection.first_content_s for each in candidates))

    async def prepare(self) -> None:
        """Prepare every connection, and find out what they have."""
        self.pool.look_for_more()
        await asyncio.gather(*(member.connection.prepare() for member in self.pool.members))
        if len(self.pool.members) > 1:
            await asyncio.gather(*(member.look() for member in self.pool.members))

    async def default_model(self) -> str:
        """Return the model that is asked where nobody names one."""
        self.pool.refresh()
        return self._default or await self.pool.first.connection.default_model()

    async def open(self, request: ModelRequest) -> ModelStream:
        """Return the stream of one answer; one retry where the model server has not begun to answer."""
        self.pool.refresh()
        name = request.model or self.name
        self._require_one(name)
        candidates = self._candidates(name)
        try:
            if len(self.pool.members) > 1 or len(candidates) > 1:  # how it goes is of use to those who are asked next
                return await FailoverStream.open(candidates, request, small=too_small(candidates, request))
            return await candidates[0].member.open_stream(request, candidates[0].model)
        except UpstreamModelNotFoundError as error:
            if not error.keeps_hint and (offers := self._offers(name)):
                error.hint = f"{offers} {error.hint}" if error.is_unexplained else offers
            raise
        except UpstreamParameterRefusedError as error:
            if medium := refused_medium(error.parameter):
                error.hint = self._offers_taking(medium) or error.hint
            raise

    def upstreams(self) -> Mapping[str, Upstream]:
        """Return what is connected now, by the names of the connections."""
        return self.pool.upstreams

    @property
    def upstream(self) -> Upstream:
        """What is connected where the default model is asked."""
        return self._first_for(self.name).member.upstream

    async def ask_raw(self, kind: RawKind, body: dict[str, Any], attempts: Attempts) -> RawAnswer:
        """Return the answer to `body`, as it came."""
        self.pool.refresh()
        candidate = self._first_for(body["model"])
        with candidate.member.its_settings():
            return await candidate.member.connection.ask_raw(kind, {**body, "model": candidate.model}, attempts)

    async def window(self, model: str) -> int | None:
        """Return the tokens that `model` can read: of several the first, or another that is said to read more."""
        first, *others = self._candidates(model)
        window = await first.member.connection.window(first.model)
        if window is None:
            return None
        return max([window, *(other.member.connection.window_told(other.model) or 0 for other in others)])

    def takes(self, model: str, medium: str) -> bool | None:
        """Return whether one of those that `model` stands for takes "images" or "audio", None where nobody knows."""
        told = {candidate.member.connection.takes(candidate.model, medium) for candidate in self._candidates(model)}
        return True if True in told else None if None in told else False

    async def models(self) -> list[str]:
        """Return the names of the models that can be asked: the default, the routes, then those of each connection.

        Raises:
            UpstreamError: there is one connection alone, and its server does not tell.
        """
        if self.is_single:
            with self.pool.first.its_settings():
                names = await self.pool.first.connection.models()
            self.pool.first.saw()
            return names
        return self.names(await self.look())

    @property
    def is_single(self) -> bool:
        """Whether there is one connection, and nothing to choose between."""
        self.pool.refresh()
        self.pool.look_for_more()
        return len(self.pool.members) == 1 and not self.pool.routes and self.pool.fault is None

    def names(self, reports: Sequence[ConnectionReport]) -> list[str]:
        """Return the names of all models in `reports`, the default and the routes before them."""
        own = [name for report in reports for name in report.models]
        return list(dict.fromkeys([*filter(None, [self.name]), *self.pool.routes, *own]))

    async def look(self) -> list[ConnectionReport]:
        """Return how each connection is. One that takes long to answer is reported as it was last."""
        self.pool.refresh()
        self.pool.look_for_more()
        members = list(self.pool.members)
        seen = await asyncio.gather(*(member.look() for member in members))
        return [
            ConnectionReport(member, sight, {f"{member.prefix}{model}": model for model in member.connection.offered()})
            for member, sight in zip(members, seen, strict=True)
        ]

    async def probe(self) -> str | None:
        """Ask the connection of the default model for a sign of life; of several, one is enough.

        Raises:
            UpstreamError: none gave one.
        """
        if self.is_single:
            return await self.pool.first.look_now()
        members = list(dict.fromkeys(candidate.member for candidate in self._candidates(self.name)))
        seen = await asyncio.gather(*(member.look() for member in members))
        well = next((sight for sight in seen if sight.error is None), None)
        fault = self.pool.fault.sentence() if self.pool.fault else None
        if well is None and (error := seen[0].error):
            error = error.fresh()
            error.hint = " ".join(filter(None, (error.hint, fault))) or None
            raise error
        return " ".join(filter(None, (well.note if well else None, fault))) or None

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()

    def _first_for(self, name: str) -> Candidate:
        return self._candidates(name)[0]

    def _candidates(self, name: str) -> list[Candidate]:
        """Return what `name` stands for: the models of a route, or one."""
        route = self.pool.routes.get(name)
        if route is None:
            return [self._candidate(name)]
        return [self._candidate(model) for model in route]

    def _require_one(self, name: str) -> None:
        """Refuse a name that several connections have, if the first is not among them.

        Raises:
            UpstreamModelNotFoundError: as it says.
        """
        pool = self.pool
        if len(pool.members) <= 2 or name in pool.routes or pool.named(name.partition("/")[0]):  # noqa: PLR2004
            return
        having = self._having(name)
        if len(having) > 1 and having[0] is not pool.first:
            names = " or ".join(f"{member.prefix}{name}" for member in having[:MOST_OFFERS])
            raise UpstreamModelNotFoundError(
                f"several connections have the model {name[:100]!r}.", hint=f"Ask for {names}."
            )

    def _having(self, name: str) -> list[Member]:
        """Return the connections that are known to have the model `name`."""
        return [member for member in self.pool.members if member.connection.has(name)]

    def _candidate(self, name: str) -> Candidate:
        """Return the connection that has the model `name`, and its own name for it.

        What no connection is known to have is for the first to refuse: many servers have models they do not list.
        """
        beginning, slash, rest = name.partition("/")
        if slash and (member := self.pool.named(beginning)):
            return Candidate(member, rest)
        first = self.pool.first
        if len(self.pool.members) == 1 or first.connection.has(name):
            return Candidate(first, name)
        return Candidate(next(iter(self._having(name)), first), name)

    def _offers(self, name: str) -> str | None:
        """Return what can be asked beside `name`, as a sentence, where somebody chose that and has a choice."""
        if self.pool.first.upstream.has_one_model or (len(self.pool.members) == 1 and name == self.name):
            return None
        names = [*self.pool.routes]
        for member in self.pool.members:
            names += [f"{member.prefix}{model}" for model in member.connection.offered()[:MOST_OFFERS]]
        others = [other for other in names if other != name]
        return f"Others that can be asked: {', '.join(others[:MOST_OFFERS])}." if others else None

    def _offers_taking(self, medium: str) -> str | None:
        """Return which models take `medium`, as a sentence, where any is known to."""
        names = [
            f"{member.prefix}{model}"
            for member in self.pool.members
            for model in member.connection.offered()
            if member.connection.takes(model, medium)
        ]
        return f"These do: {', '.join(names[:MOST_OFFERS])}." if names else None
