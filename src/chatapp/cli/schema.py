"""`ask --schema`: what the JSON of an answer is to be like."""

from typing import Any

from chatapp.cli.files import text_in
from chatapp.errors import SettingsError


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
