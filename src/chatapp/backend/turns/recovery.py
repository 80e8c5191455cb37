"""What has to be done in the store from time to time, whoever asks what."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any

from chatapp.backend.store import Store, TrustedClock
from chatapp.backend.turns.process import is_gone, this_process
from chatapp.errors import StoreUnavailableError

ORPHANS_EVERY_S = 5.0
FORGET_EVERY = 720
"""Each how many rounds, about an hour, what was thrown away long ago is removed."""

log = logging.getLogger(__name__)


async def run_maintenance(store: Store, *, active_ids: Callable[[], list[str]], clock: TrustedClock) -> None:
    """Again and again, end the turns whose process is gone, and remove what has been kept for long enough by `clock`.

    `active_ids` gives the turns that this process makes. The first orphans are ended before that: `end_orphans`.
    """
    for number in itertools.count():
        if number % FORGET_EVERY == 0:
            await _try(_forget, store, clock)
        await asyncio.sleep(ORPHANS_EVERY_S)
        await end_orphans(store, active_ids=active_ids())


async def end_orphans(store: Store, *, active_ids: list[str]) -> None:
    """End turns that nobody makes. Ours are made: a machine that has slept must not take them for silent."""
    await _try(_end_orphans, store, active_ids)


async def _try(tidy: Callable[..., None], *arguments: Any) -> None:
    try:
        await asyncio.to_thread(tidy, *arguments)
    except StoreUnavailableError as error:
        log.warning("%s", error.detail)


def _end_orphans(store: Store, active_ids: list[str]) -> None:
    store.turns.heartbeat(this_process(), making=active_ids)
    if orphans := store.turns.interrupt_orphans(is_gone=is_gone):
        log.warning("%d unfinished answers of a process that is gone are marked as interrupted", len(orphans))


def _forget(store: Store, clock: TrustedClock) -> None:
    """Remove what has been kept for long enough, by clocks that nobody can set in a moment."""
    trusted = clock.look()
    conversations = store.conversations.purge_expired(as_of=trusted) if trusted else 0
    if trusted:
        store.project_files.purge_expired(as_of=trusted)
        store.shares.purge_expired(as_of=trusted)
    turns = store.turns.forget_unattached()
    files = store.attachments.forget_unused(as_of=clock.since_the_start())
    if conversations or turns or files:
        removed = "%d conversations thrown away long ago are removed, %d unattached answers and %d files"
        log.info(removed, conversations, turns, files)
