"""Other processes of this machine know which servers answers are being made with."""

import asyncio
from pathlib import Path

from chatapp.backend.models.openai.liveness import SHARED_EVERY_S, Liveness, SharedWork


def test_others_are_told_of_each_answer_that_lasts_and_of_its_end(tmp_path: Path) -> None:
    ours, theirs = Liveness(SharedWork(tmp_path, "http://a")), SharedWork(tmp_path, "http://a")

    async def is_still_told_of() -> bool:
        ours.begin()
        async with asyncio.timeout(SHARED_EVERY_S / 2):  # after all of it they are told of the same answer again
            while not theirs.is_elsewhere():  # noqa: ASYNC110 - a file rings no bell
                await asyncio.sleep(0.01)
        ours.end(is_well=True)
        return theirs.is_elsewhere()

    async def run() -> list[bool]:
        return [await is_still_told_of(), await is_still_told_of()]

    assert asyncio.run(run()) == [False, False]
