"""`ask -t NAME`: a saved prompt, with its variables, and what is typed or piped in."""

from collections.abc import Sequence

from chatapp.config.prompts import INPUT, saved_prompt
from chatapp.errors import SettingsError


def prompt_of(name: str, given: Sequence[str], typed: str) -> str:
    """Return the question that the prompt `name` makes of `given`, each `variable=value`, and of what is typed.

    Raises:
        SettingsError: there is no such prompt, or something is missing that it wants.
    """
    prompt = saved_prompt(name)
    values = dict(_pair(each) for each in given)
    if unknown := next((key for key in values if key not in prompt.variables), None):
        there = f"It has: {', '.join(prompt.variables)}." if prompt.variables else "It has none."
        raise SettingsError(f"The prompt {name} has no variable {unknown!r}.", hint=there)
    if missing := next((key for key in prompt.variables if key not in {**prompt.defaults, **values}), None):
        raise SettingsError(f"The prompt {name} wants to know {missing}.", hint=f"Add: -p {missing}=…")
    if prompt.wants_input and not typed:
        raise SettingsError(f"The prompt {name} wants words to work on.", hint=f"Say or pipe them: ask -t {name} …")
    if prompt.wants_input:
        return prompt.filled({**values, INPUT: typed})
    return "\n\n".join(filter(None, (prompt.filled(values), typed)))


def _pair(given: str) -> tuple[str, str]:
    key, sign, value = given.partition("=")
    if not sign or not key:
        raise SettingsError(f"--param is {given!r}: it must be name=value.")
    return key, value
