"""Tasks that run behind requests: kept going, and what they should not have raised told without its words."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from chatapp.errors import InternalError

RESTART_S, RESTART_AT_MOST_S = 1.0, 60.0
"""How long work that has died pauses before it begins anew; twice as long each time, until it has lasted."""

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


def described(defect: BaseException, *, frames: int = 0) -> str:
    """Return the type of a defect and where it was raised, its last `frames` or all; its words may hold a prompt."""
    return f"{type(defect).__name__}\n{''.join(traceback.format_tb(defect.__traceback__)[-frames:])}"


def defect_of(task: "asyncio.Task[Any]", *, what: str) -> InternalError | None:
    """Return the error for what `task`, which is done, raised that it should not have, and log it; None for nothing."""
    defect = None if task.cancelled() else task.exception()
    if defect is None:
        return None
    log.error("%s failed with %s", what, described(defect))
    return InternalError("Something went wrong in the backend.", hint="Its log says more.")


@asynccontextmanager
async def background(*works: Work) -> AsyncIterator[None]:
    """Run the works for as long as the block lasts; behind it none of them runs any more.

    One that dies is logged and begins anew: nobody waits for it, and nobody else would notice.
    """
    tasks = [asyncio.create_task(_kept_going(work), name=work.__qualname__) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_going(work: Work) -> None:
    loop, pause_s = asyncio.get_running_loop(), RESTART_S
    while True:
        began = loop.time()
        try:
            return await work()
        except Exception as defect:  # noqa: BLE001 - the outermost handler of what no request waits for
            log.error("%s begins anew in %g s, it failed with %s", work.__qualname__, pause_s, described(defect))
        await asyncio.sleep(pause_s)
        has_lasted = loop.time() - began > RESTART_AT_MOST_S + pause_s
        pause_s = RESTART_S if has_lasted else min(2 * pause_s, RESTART_AT_MOST_S)
