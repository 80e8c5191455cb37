"""Brings what a new file is made by up to date with the migrations: `python tests/new_file.py`."""

from chatapp.backend.store.migration import NEW_FILE
from support.new_file import statements

NEW_FILE.write_text(statements(), encoding="utf-8")
