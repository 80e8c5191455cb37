"""Runs of a fragment: the first is one of the page, the others are of the fragment alone."""


class Runs:
    """How often a fragment has run since the page was drawn."""

    def __init__(self) -> None:
        self._count = 0

    def is_again(self) -> bool:
        """Return, once for each run, whether it is of the fragment alone."""
        self._count += 1
        return self._count > 1
