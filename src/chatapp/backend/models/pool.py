"""The connections there are: those that were named, those in the file as it is now, and those that are found."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from chatapp.backend.models.member import Member, ModelConnection
from chatapp.config.connections import ConnectionsFile
from chatapp.config.connections_watch import ConnectionsWatch
from chatapp.errors import SettingsError
from chatapp.hosts import is_loopback
from chatapp.providers.connection import Upstream, upstream_of

FIND_EVERY_S = 30.0
"""How often servers are looked for on this machine, at most."""

Connect = Callable[[Upstream], ModelConnection]
Find = Callable[[], Sequence[Upstream]]

log = logging.getLogger(__name__)


class ConnectionPool:
    """Connections in their order, the one that is asked by default first; `upstreams` describes them by their names.

    `named` come before those of the file, which `watch` tells of, `given` behind them; what `find` finds comes last,
    and `fallback` is there where nothing else is. There must be one at least.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        named: Sequence[Upstream] = (),
        given: Sequence[Upstream] = (),
        fallback: Upstream | None = None,
        watch: ConnectionsWatch | None = None,
        find: Find | None = None,
    ) -> None:
        self.members: list[Member] = []
        self.upstreams: Mapping[str, Upstream] = {}
        self.routes: Mapping[str, Sequence[str]] = {}
        self._connect = connect
        self._named = named
        self._given = given
        self._fallback = fallback
        self._watch = watch
        self._find = find
        self._find_at = 0.0
        self._finding: asyncio.Task[None] | None = None
        self._file: list[Upstream] = []
        self._found: Sequence[Upstream] = ()
        self._retiring: set[asyncio.Task[None]] = set()
        self.refresh()
        in_file = {upstream.name for upstream in self._file}  # these come and go with the file
        self._given = [upstream for upstream in given if upstream.name not in in_file]
        self._arrange()

    @property
    def fault(self) -> SettingsError | None:
        """What is wrong with the file; the connections of before are still there."""
        return self._watch.fault if self._watch else None

    @property
    def first(self) -> Member:
        """The connection that is asked by default."""
        return self.members[0]

    def named(self, name: str) -> Member | None:
        """Return the connection of that name."""
        return next((member for member in self.members if member.name == name), None)

    def refresh(self) -> None:
        """Take in what has changed in the file; a file that is wrong changes nothing."""
        if self._watch is None:
            return
        before = self._watch.fault
        file = self._watch.news()
        if file is not None:
            self._take(file)
        elif self._watch.fault is not None and self._watch.fault is not before:
            log.warning("%s What it said before still holds.", self._watch.fault.detail)

    def look_for_more(self) -> None:
        """Look for servers on this machine, if that is wanted and has not just been done."""
        if self._find is not None and time.monotonic() >= self._find_at:
            self._find_at = time.monotonic() + FIND_EVERY_S
            self._finding = asyncio.create_task(self._look_for_more(self._find), name="looks for model servers")

    async def close(self) -> None:
        """Close every connection."""
        if self._finding is not None:
            self._finding.cancel()
        for member in self.members:
            member.look_no_more()
        await asyncio.gather(*(member.connection.close() for member in self.members), *self._retiring)

    def _take(self, file: ConnectionsFile) -> None:
        self._file = [upstream_of(name, table) for name, table in file.connections.items()]
        self.routes = {name: route.models for name, route in file.models.items()}
        self._arrange()

    async def _look_for_more(self, find: Find) -> None:
        found = await asyncio.to_thread(find)
        if list(found) != list(self._found):
            self._found = found
            self._arrange()

    def _arrange(self) -> None:
        """Connect what is new and retire what is gone; what is as it was stays, with all it has learned."""
        wanted = _without_doubles([*self._named, *self._file, *self._given, *self._found])
        if not wanted and self._fallback is not None:
            wanted = [self._fallback]
        before = {member.name: member for member in self.members}
        members: list[Member] = []
        for upstream in wanted:
            member = before.get(upstream.name)
            if member is None or member.upstream != upstream:
                member = Member(self._connect(upstream))
            member.prefix = f"{upstream.name}/" if members else ""
            members.append(member)
        for gone in [member for member in self.members if member not in members]:
            gone.look_no_more()
            task = asyncio.get_running_loop().create_task(gone.connection.retire(), name=f"retires {gone.name}")
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
        self.members = members
        self.upstreams = {member.name: member.upstream for member in members}


def _without_doubles(upstreams: Sequence[Upstream]) -> list[Upstream]:
    """Return them without those whose name or place on this machine an earlier one has."""
    kept: dict[str, Upstream] = {}
    places: set[int] = set()
    for upstream in upstreams:
        parts = urlsplit(upstream.base_url)
        port = parts.port if is_loopback(parts.hostname or "") else None
        if upstream.name not in kept and (port is None or port not in places or not upstream.is_found):
            kept[upstream.name] = upstream
            places |= {port} if port else set()
    return list(kept.values())
