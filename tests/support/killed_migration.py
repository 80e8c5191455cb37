"""A process that opens a store and is killed just before it sends a statement of the migration."""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from chatapp.backend.store import Store
from chatapp.config.settings import Settings


def main(data_dir: str, fatal_statement: str, database_url: str | None = None) -> None:
    def die_at_it(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith(fatal_statement):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", die_at_it)
    Store.open(Settings(data_dir=Path(data_dir), database_url=database_url)).close()


if __name__ == "__main__":
    main(*sys.argv[1:])
