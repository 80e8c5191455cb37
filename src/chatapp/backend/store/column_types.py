"""What columns hold: times, text that every database can hold, tokens."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import DateTime, Dialect, Integer, Text, TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone in Python, UTC in the database; SQLite keeps it as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC, without its zone where the database knows none."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_WITHOUT_ZONE = len("2026-01-02 03:04:05.000006")


@lru_cache(maxsize=64)
def sqlite_time(moment: datetime | None) -> str | None:
    """Return what SQLite holds of a time: SQLAlchemy's own way, through two classes, takes ten times as long.

    Rows that are saved together have few different ones.
    """
    if moment is None:
        return None
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]


def time_in_sqlite(held: str | None) -> datetime | None:
    """Return the time that SQLite holds."""
    return None if held is None else datetime.fromisoformat(held).replace(tzinfo=UTC)


class SafeText(TypeDecorator[str]):
    """Text as people and models write it. What UTF-8 or PostgreSQL cannot hold is replaced, character by character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return `value` at the same length, NUL as U+FFFD and lone surrogates as question marks."""
        return None if value is None else safe_text(value)


def safe_text(text: str) -> str:
    """Return the text that every database can hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def json_text(value: Any) -> str:
    """Return JSON as databases hold it, at a fifth of the cost of the standard library's, which takes any text."""
    try:
        return to_json(value).decode()
    except ValueError:  # half a character
        return json.dumps(value)


class TokenCount(TypeDecorator[int]):
    """Tokens as a model server counted them; a number that makes no sense is kept as unknown."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return the number, None where it is negative or more than PostgreSQL's integers hold."""
        return token_count(value)


def token_count(value: int | None) -> int | None:
    """Return the number of tokens that every database can hold, None where it makes no sense."""
    return value if value is not None and 0 <= value < 2**31 else None
