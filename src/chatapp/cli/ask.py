"""`chatapp ask`: a question from the shell, its answer on stdout and everything else on stderr."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import typer

from chatapp.cli.attachments import MAX_STDIN_BYTES, STDIN, attached, expanded
from chatapp.cli.backends import why_nothing_is_stored, with_backend
from chatapp.cli.schema import noticed_if_no_json
from chatapp.cli.shell_chat import ShellChat, full_id, last_conversation
from chatapp.cli.terminal import StatusLine, printable
from chatapp.cli.writing import note, require_one_form, write_code, write_error, write_json, write_text
from chatapp.client import BackendClient
from chatapp.client.answer_events import Events
from chatapp.client.chat import ChatOptions
from chatapp.errors import BackendUnreachableError, ChatappError, ProcessDiedError, SettingsError
from chatapp.protocol.question import EFFORTS


def run(
    question: str | None,
    *,
    options: ChatOptions,
    models: Sequence[str] = (),
    files: Sequence[str] = (),
    template: str | None = None,
    params: Sequence[str] = (),
    save_as: str | None = None,
    backend_url: str | None,
    conversation_id: str | None,
    project: str | None,
    is_continued: bool,
    is_stored: bool,
    is_streamed: bool,
    is_extracted: bool,
    as_json: bool,
) -> int:
    """Return the exit code of asking the backend that is configured, or else runs here, or else is ours for this call.

    Without a question, on a terminal, questions are taken until the user leaves. Each of several `models` answers the
    question; what one fails with is said below its name.
    """
    if save_as is not None:
        return _save(save_as, question, template, beside=[*files, *params])
    _require_one_conversation(conversation_id, project, is_continued=is_continued, is_stored=is_stored)
    _require_known_effort(options)
    write = _writer(options, is_extracted=is_extracted, as_json=as_json)
    is_for_people = not (is_extracted or as_json)
    prompt = _prompt(question, template, params, files=files, models=models, is_for_people=is_for_people)
    names, status = expanded(files), StatusLine()

    def talk(backend: BackendClient, *, is_stored: bool) -> int:
        within = _project_id(backend, project)
        begin = partial(ShellChat, backend, is_stored=is_stored, is_streamed=is_streamed, project_id=within)
        chosen = _chosen(backend, conversation_id, is_continued=is_continued)
        if prompt is None:
            return _hold_session(backend, chosen, begin, options, files=files, status=status)
        if len(models) > 1:
            backend.health()  # so that it is there, or fails, before the first heading
        chat = begin(conversation_id=chosen)
        answer = chat.ask(prompt, options, attachments=[attached(backend, name, status) for name in names])
        return _write(answer, chat, options, models, lambda events: write(events, status), has_headings=not as_json)

    if is_stored and not is_continued and conversation_id is None and project is None:
        return _with_backend_that_stores(talk, backend_url, status)
    return with_backend(partial(talk, is_stored=is_stored), backend_url, status=status, is_stored=is_stored)


def _with_backend_that_stores(talk: Callable[..., int], backend_url: str | None, status: StatusLine) -> int:
    """Return the exit code of `talk`, which is told whether it `is_stored`: not where our own backend cannot."""
    try:
        return with_backend(partial(talk, is_stored=True), backend_url, status=status)
    except ProcessDiedError:
        reason = why_nothing_is_stored()
        if reason is None:
            raise
    note(f"This conversation is not kept. {reason}")
    return with_backend(partial(talk, is_stored=False), backend_url, status=status, is_stored=False)


def _require_known_effort(options: ChatOptions) -> None:
    effort = (options.sampling or {}).get("reasoning_effort")
    if effort is not None and effort not in EFFORTS:
        raise SettingsError(f"--effort is {effort!r}: it must be one of {', '.join(EFFORTS)}.")


def _require_what_a_session_takes(models: Sequence[str]) -> None:
    if len(models) > 1:
        raise SettingsError("Several models need a question.", hint='For instance: chatapp ask -m A -m B "Why?"')


def _writer(options: ChatOptions, *, is_extracted: bool, as_json: bool) -> Callable[[Events, StatusLine], None]:
    """Return what writes an answer, and say where nobody will see it."""
    require_one_form(is_extracted=is_extracted, as_json=as_json)
    if getattr(sys.stdout, "name", None) == os.devnull:  # as `python -m chatapp` opens what was closed
        note("The answer is shown nowhere: standard output is closed.")
    write = write_json if as_json else write_code if is_extracted else write_text
    if options.json_schema is None:
        return write
    return lambda events, status: write(noticed_if_no_json(events), status)


def _write(
    answer: Events,
    chat: ShellChat,
    options: ChatOptions,
    models: Sequence[str],
    write: Callable[[Events], None],
    *,
    has_headings: bool,
) -> int:
    """Write the answer, and those of further models behind it; return the exit code."""
    if others := [_retried(chat, options._replace(model=model)) for model in models[1:]]:
        return _write_each([answer, *others], models, write, has_headings=has_headings)
    with closing(answer) as events:
        write(events)
    return 0


def _retried(chat: ShellChat, options: ChatOptions) -> Events:
    """Return the events of another answer, which is asked for once the first of them is wanted."""
    yield from chat.retry(options)


def _write_each(
    answers: Sequence[Events], models: Sequence[str], write: Callable[[Events], None], *, has_headings: bool
) -> int:
    """Write each answer below the name of its model, and return the exit code of the last that failed."""
    code = 0
    for place, (answer, model) in enumerate(zip(answers, models, strict=True)):
        if has_headings:
            typer.echo("\n" * bool(place) + f"## {printable(model)}\n")
        try:
            with closing(answer) as events:
                write(events)
        except BackendUnreachableError:
            raise
        except ChatappError as error:
            write_error(error)
            code = error.exit_code
    return code


def _chosen(backend: BackendClient, conversation_id: str | None, *, is_continued: bool) -> str | None:
    """Return the id of the conversation to go on with, None for a new one."""
    if conversation_id is None:
        return last_conversation(backend).id if is_continued else None
    return full_id(backend, conversation_id)


def _hold_session(
    backend: BackendClient,
    conversation_id: str | None,
    begin: Callable[..., ShellChat],
    options: ChatOptions,
    *,
    files: Sequence[str],
    status: StatusLine,
) -> int:
    from chatapp.cli.session import Session  # most calls are one question

    backend.health()  # so that it is there, or fails, before the first question
    title = backend.conversations.get(conversation_id).title if conversation_id else None
    status.clear()
    if title:
        note(f"Going on with: {title}")
    chat = begin(conversation_id=conversation_id)
    Session(chat, begin=begin, backend=backend, options=options).run(files)
    return 0


def _require_one_conversation(
    conversation_id: str | None, project: str | None, *, is_continued: bool, is_stored: bool
) -> None:
    if conversation_id is not None and not conversation_id.strip():
        raise SettingsError("--conversation names no conversation.", hint="Leave it out to begin one.")
    if is_continued and conversation_id is not None:
        raise SettingsError("--continue and --conversation each name a conversation.", hint="Use one of them.")
    if not is_stored and (is_continued or conversation_id is not None):
        raise SettingsError(
            "--no-store asks outside of all conversations.", hint="Leave it out, or --continue and --conversation."
        )
    _require_new_conversation(project, is_new=conversation_id is None and not is_continued, is_stored=is_stored)


def _require_new_conversation(project: str | None, *, is_new: bool, is_stored: bool) -> None:
    if project is None:
        return
    if not is_new:
        raise SettingsError(
            "--project is for a new conversation.", hint="Leave it out: a conversation goes on in its project."
        )
    if not is_stored:
        raise SettingsError("--no-store asks outside of all projects.", hint="Leave it out, or --project.")


def _project_id(backend: BackendClient, name: str | None) -> str | None:
    if name is None:
        return None
    from chatapp.cli.projects import project_named  # most questions are in no project

    return project_named(backend, name).id


def _prompt(
    question: str | None,
    template: str | None,
    params: Sequence[str],
    *,
    files: Sequence[str],
    models: Sequence[str],
    is_for_people: bool,
) -> str | None:
    """Return what is asked, None where questions are typed one after the other."""
    if template is None and params:
        raise SettingsError("--param is for a saved prompt.", hint="Name it with --template.")
    if question is None and template is None and is_for_people and STDIN not in files and _can_be_typed():
        _require_what_a_session_takes(models)
        return None
    return _asked(question, template, params, is_stdin_a_file=STDIN in files)


def _save(name: str, question: str | None, template: str | None, *, beside: Sequence[str]) -> int:
    """Save what would be asked as a prompt, which cannot hold what is given `beside`."""
    from chatapp.cli.saved import save

    if template is not None:
        raise SettingsError("--template is saved already.", hint="Leave it out, or --save.")
    if beside:
        raise SettingsError("A saved prompt holds words alone.", hint="Give --attach and --param when you ask it.")
    save(name, _asked(question, None, (), is_stdin_a_file=False))
    return 0


def _asked(question: str | None, template: str | None, params: Sequence[str], *, is_stdin_a_file: bool) -> str:
    """Return the question, and what is piped in below it, or what a saved prompt makes of both."""
    piped_in = None if is_stdin_a_file else _piped_in(is_wanted=question == "-")
    typed = None if question == "-" else _readable(question)
    prompt = "\n\n".join(part for part in (typed, piped_in) if part and part.strip())
    if template is not None:
        from chatapp.cli.saved import prompt_of  # most questions are not saved

        return prompt_of(template, params, prompt)
    if not prompt:
        raise SettingsError("There is no question.", hint='Ask one: chatapp ask "What is Python?"')
    return prompt


def _readable(question: str | None) -> str | None:
    """Return a question whose bytes the locale of the shell did not know as the UTF-8 that they are."""
    return question and question.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _can_be_typed() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _piped_in(*, is_wanted: bool) -> str | None:
    if sys.stdin.isatty() and not is_wanted:
        return None
    return sys.stdin.buffer.read(MAX_STDIN_BYTES).decode("utf-8-sig", errors="replace")
