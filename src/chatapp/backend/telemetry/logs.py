"""How log lines look, and where they go."""

import json
import logging
import time
from typing import Any

from chatapp.config.settings import Settings


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
    text = {"format": "%(levelname)s:     %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonFormatter} if settings.log_format == "json" else text},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            name: {"handlers": ["stderr"], "level": level, "propagate": False} for name in ("chatapp", "uvicorn")
        },
    }
