"""`ask --schema`: what the JSON of an answer is to be like, and a word where it is none."""

from collections.abc import Iterable
from typing import Any

from chatapp.cli.files import text_in
from chatapp.cli.writing import first_code
from chatapp.client.answer_events import Events, gathered
from chatapp.errors import SettingsError
from chatapp.protocol.events import Done, Event, Notice


def schema_of(given: str | None) -> dict[str, Any] | None:
    """Return the JSON schema that is `given` itself, or in the file of that name.

    Raises:
        SettingsError: it is none.
    """
    if given is None:
        return None
    import json  # milliseconds that few questions need

    is_itself = given.lstrip().startswith("{")
    name = "--schema" if is_itself else given
    try:
        schema = json.loads(given if is_itself else text_in(given))
    except ValueError as error:
        raise SettingsError(f"{name} is no JSON: {error}.") from None
    except RecursionError:
        raise SettingsError(f"{name} is nested more deeply than can be read.") from None
    if not isinstance(schema, dict):
        raise SettingsError(f"{name} is no JSON schema.", hint='For instance: {"type": "object"}')
    return schema


def noticed_if_no_json(events: Iterable[Event]) -> Events:
    """Return the events, with a notice where a whole answer is no JSON: not every model server minds a schema."""
    import json

    texts: list[str] = []
    for event in events:
        gathered(texts, event)
        if isinstance(event, Done) and event.finish_reason == "stop":
            try:
                json.loads(first_code("".join(texts)))
            except (ValueError, RecursionError):
                yield Notice("no_json", "The answer is no JSON: the model server seems not to mind --schema.")
        yield event
