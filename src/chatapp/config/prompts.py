"""Prompts that are asked again and again: Markdown files in the folder `prompts` of your configuration folder.

A file may begin with lines `key: value` between two lines `---`: `about` says what it is for, each other key is what a
variable is unless it is given. Variables are written `{{name}}`; `{{input}}` is where the words go that are typed or
piped in, which else go below.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from chatapp.config.environment import user_file
from chatapp.config.replacing import replace_file, why_not
from chatapp.errors import SettingsError

INPUT = "input"
_TITLE_CHARS = 60
MOST_PROMPTS, MOST_BYTES, MOST_NAME = 200, 64 * 1024, 64
_NAME = re.compile(r"[^\W_](?:[\w .-]*\w)?")
_VARIABLE = re.compile(r"\{\{([A-Za-z][A-Za-z0-9_-]{0,39})\}\}")
_FENCE = "---"


class SavedPrompt(NamedTuple):
    """One prompt; `defaults` are what its variables are unless they are given."""

    name: str
    text: str
    about: str
    defaults: Mapping[str, str]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables but `input`, each once, in their order."""
        return tuple(dict.fromkeys(name for name in _VARIABLE.findall(self.text) if name != INPUT))

    @property
    def wants_input(self) -> bool:
        """Whether it has a place for words that are typed or piped in."""
        return INPUT in _VARIABLE.findall(self.text)

    def filled(self, values: Mapping[str, str]) -> str:
        """Return its text with what is known of its variables; the others stay as they are written."""
        known = {**self.defaults, **values}
        return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), self.text)


def prompts_folder() -> Path:
    """Return the folder of the prompts, which need not be there."""
    return user_file("prompts")


def saved_prompts() -> list[SavedPrompt]:
    """Return the prompts that can be read, by name."""
    return list(_prompts())


def saved_prompt(name: str) -> SavedPrompt:
    """Return the prompt of that name.

    Raises:
        SettingsError: there is none that can be read.
    """
    prompts = {prompt.name: prompt for prompt in _prompts()}
    if name not in prompts and (file := next((file for file in _files() if file.stem == name), None)):
        raise SettingsError(f"{file} cannot be read.", hint="A saved prompt is UTF-8 text of at most 64 KiB.")
    if name not in prompts:
        there = f"There are: {', '.join(prompts)}." if prompts else f"Save it as {prompts_folder() / name}.md."
        raise SettingsError(f"There is no prompt called {name!r}.", hint=there)
    return prompts[name]


def source_of(name: str) -> str:
    """Return what the file of a prompt says, nothing where there is none that can be read."""
    return next((text for file in _files() if file.stem == name and (text := _read(file))), "")


def title_of(question: str) -> str | None:
    """Return what a question has beside the saved prompt that it was made of; None where it has nothing, or is of none.

    Conversations that one prompt has begun are told apart by it. Of several that fit, the longest prompt is it.
    """
    fitting = [(it, places) for it in saved_prompts() if (places := _places_in(question, it)) is not None]
    prompt, places = max(fitting, key=lambda one: len(one[0].text), default=(None, []))
    if prompt is None:
        return None
    as_they_were = {name: prompt.defaults.get(name, f"{{{{{name}}}}}") for name, _ in places}
    own = {name: " ".join(said.split()) for name, said in places if said != as_they_were[name]}
    typed, said = own.pop(INPUT, "") or own.pop("", ""), ", ".join(filter(None, own.values()))
    title = ": ".join(filter(None, (said, typed)))
    if not title:
        return None
    return title if len(title) <= _TITLE_CHARS else f"{title[: _TITLE_CHARS - 1].rstrip()}…"


def _places_in(question: str, prompt: SavedPrompt) -> list[tuple[str, str]] | None:
    """Return what a question says at each place of a prompt, and below it without a name; None if it is of another."""
    first, *others = _VARIABLE.split(prompt.text)
    question = question.strip()
    if not question.startswith(first) or not any(map(str.strip, (first, *others[1::2]))):
        return None
    places, end = list[tuple[str, str]](), len(first)
    for name, literal in zip(others[::2], others[1::2], strict=True):
        start = question.find(literal, end) if literal else len(question)
        if start < 0:
            return None
        places.append((name, question[end:start]))
        end = start + len(literal)
    return [*places, ("", question[end:])] if end < len(question) else places


def save_prompt(name: str, source: str, *, is_new: bool) -> None:
    """Write the file of a prompt, in place of the one that is there unless it `is_new`.

    Raises:
        SettingsError: no file can be called that or be as long, or be written; one that is new is there already, or
            `MOST_PROMPTS` others are.
    """
    there = {file.stem.casefold() for file in _files(most=None)} if is_new else set()
    if name.casefold() in there:
        raise SettingsError(f"There is a prompt called {name} already.", hint="Choose it in the menu to change it.")
    if len(name) > MOST_NAME or not _NAME.fullmatch(name):
        what = f"A prompt cannot be called {name!r}." if name else "The prompt has no name yet."
        raise SettingsError(what, hint="Letters, digits, blanks, dots and dashes can be in a name.")
    if len(there) >= MOST_PROMPTS:
        raise SettingsError(f"There are {MOST_PROMPTS} prompts already.", hint="Delete one that is not used any more.")
    if not source.strip() or len(source.encode()) > MOST_BYTES:
        raise SettingsError(
            f"The prompt {name} is not saved.", hint="Its text is to have some words, and 64 KiB at most."
        )
    file = prompts_folder() / f"{name}.md"
    try:
        replace_file(file.resolve(), source)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {why_not(error)}") from None


def remove_prompt(name: str) -> None:
    """Delete the file of a prompt.

    Raises:
        SettingsError: it cannot be deleted.
    """
    for file in _files():
        if file.stem == name:
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                raise SettingsError(f"{file} cannot be deleted: {why_not(error)}") from None


def _files(*, most: int | None = MOST_PROMPTS) -> list[Path]:
    try:
        return sorted(prompts_folder().glob("*.md"))[:most]
    except OSError:
        return []


def _prompts() -> Iterator[SavedPrompt]:
    for file in _files():
        if (text := _read(file)) is not None:
            yield _parsed(file.stem, text)


def _read(file: Path) -> str | None:
    try:
        with file.open("rb") as content:
            data = content.read(MOST_BYTES + 1)
        return data.decode("utf-8-sig") if len(data) <= MOST_BYTES else None
    except (OSError, UnicodeError):
        return None


def _parsed(name: str, text: str) -> SavedPrompt:
    lines = text.splitlines()
    is_fence = [line.strip() == _FENCE for line in lines]
    end = is_fence.index(True, 1) if is_fence[:1] == [True] and True in is_fence[1:] else 0
    pairs = (line.partition(":") for line in lines[1:end])
    head = {key.strip(): value.strip() for key, _, value in pairs if key.strip()}
    about = head.pop("about", "")
    return SavedPrompt(name, "\n".join(lines[end + 1 if end else 0 :]).strip(), about, head)
