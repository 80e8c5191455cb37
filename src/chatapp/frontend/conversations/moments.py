"""When something was said, as the reader's clock and calendar have it."""

from datetime import date, datetime, tzinfo

from chatapp.protocol.wording import ENGLISH, Words, later

MONTHS = (
    later("January"),
    later("February"),
    later("March"),
    later("April"),
    later("May"),
    later("June"),
    later("July"),
    later("August"),
    later("September"),
    later("October"),
    later("November"),
    later("December"),
)
_WEEKDAYS = (
    later("Monday"),
    later("Tuesday"),
    later("Wednesday"),
    later("Thursday"),
    later("Friday"),
    later("Saturday"),
    later("Sunday"),
)


def local_time(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return `moment` in the reader's time zone, None for this machine's.

    Programs write the first or the last moment of the calendar for "never". There is no such time in every zone; then
    it stays as it was written.
    """
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return moment


def short_day(day: str, t: Words = ENGLISH) -> str:
    """Return a day, YYYY-MM-DD, in the figures that the reader writes it in."""
    date_ = date.fromisoformat(day)
    return t("{year:d}-{month:02d}-{day:02d}", year=date_.year, month=date_.month, day=date_.day)


def day_name(day: str | None, t: Words = ENGLISH) -> str:
    """Return how a day, YYYY-MM-DD, is called between messages; "Today" for None."""
    if not day:
        return t("Today")
    date_ = date.fromisoformat(day)
    weekday, month = t(_WEEKDAYS[date_.weekday()]), t(MONTHS[date_.month - 1])
    return t("{weekday}, {day:02d} {month} {year:d}", weekday=weekday, day=date_.day, month=month, year=date_.year)
