"""`ask -t NAME`: a saved prompt, with its variables, and what is typed or piped in."""

from collections.abc import Sequence

from chatapp.config.prompts import INPUT, prompts_folder, saved_prompt, saved_prompts
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


def prompt_in_words(words: str) -> str:
    """Return the question of a line: a prompt's name, `variable=value` for some of its variables, and other words.

    Raises:
        SettingsError: there is no such prompt, or something is missing that it wants.
    """
    name, _, rest = words.partition(" ")
    variables, given = saved_prompt(name).variables, []
    while rest.partition("=")[0] in variables:
        pair, _, rest = rest.partition(" ")
        given.append(pair)
    return prompt_of(name, given, rest.strip())


def prompt_lines() -> list[str]:
    """Return the saved prompts, a line each."""
    prompts = saved_prompts()
    return [f"{it.name}  {it.about}".rstrip() for it in prompts] or [f"None yet. They go into {prompts_folder()}"]


def _pair(given: str) -> tuple[str, str]:
    key, sign, value = given.partition("=")
    if not sign or not key:
        raise SettingsError(f"--param is {given!r}: it must be name=value.")
    return key, value
