"""Saved prompts: `ask -t` asks one, with its variables and what is typed or piped in, `ask --save` makes one."""

import shlex
from collections.abc import Sequence

import typer

from chatapp.cli.terminal import printable
from chatapp.cli.writing import note, write_resource
from chatapp.config.prompts import INPUT, prompts_folder, save_prompt, saved_prompt, saved_prompts
from chatapp.errors import SettingsError


def prompt_of(name: str, given: Sequence[str], typed: str, *, in_session: bool = False) -> str:
    """Return the question that the prompt `name` makes of `given`, each `variable=value`, and of what is typed.

    What is missing is said as it is written in the shell or `in_session`.

    Raises:
        SettingsError: there is no such prompt, or something is missing that it wants.
    """
    prompt = saved_prompt(name)
    values = dict(_pair(each) for each in given)
    if unknown := next((key for key in values if key not in prompt.variables), None):
        there = f"It has: {', '.join(prompt.variables)}." if prompt.variables else "It has none."
        raise SettingsError(f"The prompt {name} has no variable {unknown!r}.", hint=there)
    if missing := next((key for key in prompt.variables if key not in {**prompt.defaults, **values}), None):
        option = "" if in_session else "-p "
        raise SettingsError(f"The prompt {name} wants to know {missing}.", hint=f"Add: {option}{missing}=…")
    if prompt.wants_input and not typed:
        how = f"Say them: /prompt {name} …" if in_session else f"Say or pipe them: ask -t {shlex.quote(name)} …"
        raise SettingsError(f"The prompt {name} wants words to work on.", hint=how)
    if prompt.wants_input:
        return prompt.filled({**values, INPUT: typed})
    return "\n\n".join(filter(None, (prompt.filled(values), typed)))


def prompt_in_words(words: str) -> str:
    """Return the question of a line: a prompt's name, `variable=value` for some of its variables, and other words.

    Raises:
        SettingsError: there is no such prompt, or something is missing that it wants.
    """
    names = sorted((it.name for it in saved_prompts()), key=len)  # of several that fit, the longest is meant
    name = next((it for it in reversed(names) if f"{words} ".startswith(f"{it} ")), words.partition(" ")[0])
    rest = words[len(name) :].lstrip()
    variables, given = saved_prompt(name).variables, []
    while rest.partition("=")[0] in variables:
        pair, _, rest = rest.partition(" ")
        given.append(pair)
    return prompt_of(name, given, rest.strip(), in_session=True)


def save(name: str, source: str) -> None:
    """Save a prompt, and say how it is asked.

    Raises:
        SettingsError: it cannot be called so or be as long, there is one already, or its file cannot be written.
    """
    if there := next((it.name for it in saved_prompts() if it.name.casefold() == name.casefold()), None):
        hint = f"Change {prompts_folder() / there}.md, or choose another name."
        raise SettingsError(f"There is a prompt called {there} already.", hint=hint)
    save_prompt(name, f"{source}\n", is_new=True)
    note(f"Saved as {prompts_folder() / name}.md. Ask it: chatapp ask -t {shlex.quote(name)}")


def list_prompts(*, as_json: bool) -> None:
    """Print the saved prompts, a line each."""
    if as_json:
        found = [
            {"name": it.name, "about": it.about, "variables": it.variables, "text": it.text} for it in saved_prompts()
        ]
        write_resource({"prompts": found})
    elif saved_prompts():
        typer.echo("\n".join(map(printable, prompt_lines())))
    else:
        note(prompt_lines()[0])


def prompt_lines() -> list[str]:
    """Return the saved prompts, a line each."""
    prompts = saved_prompts()
    return [f"{it.name}  {it.about}".rstrip() for it in prompts] or [f"None yet. They go into {prompts_folder()}"]


def _pair(given: str) -> tuple[str, str]:
    key, sign, value = given.partition("=")
    if not sign or not key:
        raise SettingsError(f"--param is {given!r}: it must be name=value.")
    return key, value
