"""How a client asks for an answer in steps: one event for the words of some time, instead of one for each."""

HEADER = "X-Gather-Ms"
MOST_MS = 1000


def gather_s(header: str | None) -> float:
    """Return the seconds that the header's value asks for; 0, with which each word comes at once, for anything else."""
    if header is None or len(header) > len(str(MOST_MS)) or not (header.isascii() and header.isdigit()):
        return 0.0
    return min(int(header), MOST_MS) / 1000
