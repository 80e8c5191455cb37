"""What an examination finds, of a model server or of this machine."""

from typing import Literal, NamedTuple

Verdict = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """One thing that was looked at: what was seen, and where it is not as it should be what to do."""

    name: str
    verdict: Verdict
    seen: str
    fix: str | None = None
