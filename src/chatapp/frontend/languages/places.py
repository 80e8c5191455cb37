"""Sentences that name something: what stands in the places of the message that they are made of."""

from string import Formatter


def values_in(sentence: str, message: str) -> dict[str, str] | None:
    """Return what stands in the places of `message` where `sentence` is made of it."""
    values: dict[str, str] = {}
    place, end = "", 0
    for literal, name, _, _ in Formatter().parse(message):
        is_last = name is None and place  # an address has points of its own
        start = sentence.rfind(literal, end) if is_last else sentence.find(literal, end) if literal else end
        if start < 0 or (start > end and not place):
            return None
        if place:
            values[place] = sentence[end:start]
        place, end = name or "", start + len(literal)
    if place:
        values[place], end = sentence[end:], len(sentence)
    return values if end == len(sentence) else None
