"""When something was said, as the reader's clock and calendar have it."""

from datetime import date, datetime, tzinfo


def local_time(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return `moment` in the reader's time zone, None for this machine's.

    Programs write the first or the last moment of the calendar for "never". There is no such time in every zone; then
    it stays as it was written.
    """
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return moment


def day_name(day: str | None) -> str:
    """Return how a day, YYYY-MM-DD, is called between messages; "Today" for None."""
    return f"{date.fromisoformat(day):%A, %d %B %Y}" if day else "Today"
