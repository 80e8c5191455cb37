"""How log lines look, and where they go."""

import json
import logging
import time
from typing import Any, TextIO

from chatapp.config.settings import Settings


class LineFormatter(logging.Formatter):
    """One line of text, put together in one step: every request writes one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's level and message; behind it a traceback, where there is one."""
        record.message = record.getMessage()
        line = f"{record.levelname}:     {record.message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to stderr, which lets each line go by itself."""

    def flush(self) -> None:
        """Do nothing."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON: time (UTC), level, logger, and either the fields or the message."""
        head = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None) or {"message": record.getMessage()}
        return json.dumps({**head, **fields})  # ASCII: nothing in it is obeyed by who looks at it


def log_config(settings: Settings) -> dict[str, Any]:
    """Return the `logging.config` dictionary for us and for uvicorn: to stderr, as LOG_LEVEL and LOG_FORMAT say."""
    level = settings.log_level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonFormatter if settings.log_format == "json" else LineFormatter}},
        "handlers": {"stderr": {"()": LineHandler, "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False} for name in ("chatapp", "uvicorn")
        },
    }
