"""How a client asks for an answer in steps: one event for the words of some time, instead of one for each."""

HEADER = "X-Gather-Ms"
MOST_MS = 1000


def gather_s(told: str | None) -> float:
    """Return the seconds that the header's value asks for; 0, with which each word comes at once, for anything else."""
    if told is None or len(told) > len(str(MOST_MS)) or not (told.isascii() and told.isdigit()):
        return 0.0
    return min(int(told), MOST_MS) / 1000
