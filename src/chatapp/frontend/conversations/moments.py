"""When something was said, as the reader's clock and calendar have it."""

from datetime import UTC, datetime, tzinfo


def local_time(moment: str, zone: tzinfo | None) -> datetime:
    """Return `moment` in the reader's time zone, None for this machine's.

    Programs write the first or the last moment of the calendar for "never". There is no such time in every zone; then
    it stays as it was written. What is no time at all is the first moment there is.
    """
    try:
        written = datetime.fromisoformat(moment)
    except ValueError:
        written = datetime.min.replace(tzinfo=UTC)
    try:
        return written.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return written
