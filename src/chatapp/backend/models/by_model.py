"""What is learned of models, by their names: clients may ask for any, so that the oldest are forgotten."""

from typing import Any

MOST_MODELS = 1000


def make_room(learned: dict[Any, Any]) -> None:
    """Forget the oldest of what was `learned`, where one more would be too many."""
    if len(learned) >= MOST_MODELS:
        del learned[next(iter(learned))]
