"""The options of the commands, each with the setting or variable that stands in for it."""

from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from chatapp.protocol.export_formats import OF_ALL

DEFAULT_BACKEND_URL = "http://localhost:8000"


def _setting(option: str, name: str, *, default: str, help: str) -> Any:  # noqa: A002 - as typer calls it
    """Return the option for the setting `name`. Its value stays text: `Settings` checks it, wherever it came from."""
    return typer.Option(option, envvar=name, metavar=name, help=f"{help} Default: {default}.")


Host = Annotated[
    str | None,
    _setting(
        "--host", "HOST", default="127.0.0.1", help="Address to listen on. Beyond this machine it needs API_KEYS."
    ),
]
Port = Annotated[str | None, _setting("--port", "PORT", default="8000", help="Port of the backend.")]
UiPort = Annotated[str | None, _setting("--ui-port", "UI_PORT", default="8501", help="Port of the page.")]
PagePort = Annotated[str | None, _setting("--port", "UI_PORT", default="8501", help="Port of the page.")]
BackendUrl = Annotated[
    str | None, _setting("--backend-url", "BACKEND_URL", default=DEFAULT_BACKEND_URL, help="Where the backend is.")
]

Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, max=64, help="Processes that answer; they share one model.")
]
Reload = Annotated[bool, typer.Option("--reload", help="Start again when chatapp's source changes, for developers.")]
Certificate = Annotated[
    str | None, typer.Option("--ssl-certfile", metavar="FILE", help="Certificate chain (PEM): serve https.")
]
CertificateKey = Annotated[
    str | None,
    typer.Option("--ssl-keyfile", metavar="FILE", help="Private key (PEM), unless the certificate's file holds it."),
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open the page in a browser.")]

Prompt = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUESTION", show_default=False, help="What you want to know; - is what is piped in."),
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", "-m", metavar="NAME", help="Ask this model. Repeatable: each answers the question."),
]
System = Annotated[str | None, typer.Option("--system", "-s", metavar="TEXT", help="How the model is to answer.")]
Temperature = Annotated[
    float | None, typer.Option("--temperature", metavar="NUMBER", help="0 is the most predictable, 2 the most varied.")
]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", metavar="N", help="Longest answer, in tokens.")]
Effort = Annotated[
    str | None,
    typer.Option("--effort", metavar="WORD", help="How much it thinks: none, minimal, low, medium, high or xhigh."),
]
Schema = Annotated[
    str | None,
    typer.Option("--schema", metavar="FILE", help="JSON schema that the answer is to fit: a file, or itself."),
]
NoStream = Annotated[bool, typer.Option("--no-stream", help="Wait for the whole answer.")]
Extract = Annotated[
    bool, typer.Option("--extract", "-x", help="Print the first block of code alone, or all where there is none.")
]
Continue = Annotated[
    bool,
    typer.Option("--continue", "-c", envvar="CHATAPP_ASK_CONTINUE", help="Go on with the conversation last talked in."),
]
ConversationId = Annotated[
    str | None,
    typer.Option("--conversation", metavar="ID", help="Go on with this conversation; its id's beginning is enough."),
]
Attach = Annotated[
    list[str] | None,
    typer.Option(
        "--attach",
        "-a",
        metavar="FILE",
        help="Show the model this file, folder, pattern or address, `-` what is piped in; "
        "`#pages=2-5` behind it chooses pages. Repeatable.",
    ),
]
Template = Annotated[
    str | None,
    typer.Option("--template", "-t", metavar="NAME", help="Ask a saved prompt: NAME.md in your folder of prompts."),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A variable of the saved prompt. Repeatable."),
]
SaveAs = Annotated[
    str | None,
    typer.Option("--save", metavar="NAME", help="Save the question as a prompt of that name, instead of asking it."),
]
ProjectName = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="In this project: its name, or its id's beginning.")
]
NoStore = Annotated[bool, typer.Option("--no-store", help="Do not keep question and answer.")]
NewFile = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="A file that is not there yet.")]
Exported = Annotated[
    str, typer.Argument(metavar="FILE", show_default=False, help="A file that is not there yet; - is stdout.")
]
Imported = Annotated[
    list[str], typer.Argument(metavar="FILE", show_default=False, help="Exported files; - is what is piped in.")
]
BackupFile = Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="What `chatapp backup` has made.")]
ExportFormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(it.name for it in OF_ALL),
        help="; ".join(f"{it.name} holds {it.holds}" for it in OF_ALL) + ". Default: what FILE ends in, or zip.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

By = Annotated[
    str, typer.Option("--by", metavar="WHAT", help="What to tell apart: day, model, connection, key or surface.")
]
Days = Annotated[int, typer.Option("--days", metavar="N", help="How many days, today the last.")]
Everybody = Annotated[bool, typer.Option("--all", help="What all keys have used, for the keys of ADMIN_KEYS.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Words = Annotated[list[str] | None, typer.Argument(metavar="WORDS", show_default=False, help="What to look for.")]
Shown = Annotated[
    str | None,
    typer.Argument(
        metavar="ID", show_default=False, help="Its id or the beginning of it. Default: the last talked in."
    ),
]
Named = Annotated[
    list[str] | None, typer.Argument(metavar="ID", show_default=False, help="Their ids, or the beginnings of them.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=10_000, help="Most to show.")]
IsArchived = Annotated[bool, typer.Option("--archived", help="Those that were archived.")]
IsDeleted = Annotated[bool, typer.Option("--deleted", help="Those that were deleted in the last 30 days.")]
Undo = Annotated[bool, typer.Option("--undo", help="Take them back instead.")]
LinkDays = Annotated[
    int, typer.Option("--days", metavar="N", min=1, max=365, help="Days until the link leads nowhere.")
]
ListsLinks = Annotated[bool, typer.Option("--list", help="List the links there are instead.")]
Revoked = Annotated[str | None, typer.Option("--revoke", metavar="ID", help="Take this link back instead.")]
CommandName = Annotated[str | None, typer.Argument(metavar="COMMAND", show_default=False, help="Which command.")]


_COMPLETION = {"install_completion", "show_completion"}


class _Light:
    """Reads what is there already without pydantic, which typer 0.29 imports for any parameter: 90 ms of 150."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, `--help` among them."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            parameter.process_value = partial(_processed, parameter)
            if parameter.nargs == -1:
                parameter.display_type = lambda _: "<str>"  # which help leaves out; "list[str]" it would not
            if parameter.name in _COMPLETION:
                parameter.allow_from_autoenv = parameter.show_envvar = False
        return parameters

    def get_short_help_str(self, limit: int = 0) -> str:
        """Return all that is said of the command: the list of commands has as many lines as it takes."""
        return self.help or ""  # type: ignore[attr-defined]


class LightCommand(_Light, TyperCommand):
    """A command that starts quickly."""


class LightGroup(_Light, TyperGroup):
    """A group of commands that starts quickly."""


def _processed(parameter: Any, context: Any, value: Any) -> Any:
    """Return the value of `parameter` as the command wants it."""
    wanted = parameter.type_descriptor.annotation
    if wanted == list[str] and isinstance(value, tuple):
        return list(value)
    if parameter.required or not (value is None or type(value) is wanted):
        return type(parameter).process_value(parameter, context, value)
    return parameter.callback(context, parameter, value) if parameter.callback else value


class ServeCommand(LightCommand):
    """`serve`, whose help ends with every setting there is."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the settings, read from their definition only now."""
        from chatapp.config.settings import setting_rows

        formatter.width = min(100, max(60, formatter.width))
        with formatter.section("Settings, by environment or in a .env file"):
            formatter.write_dl([(row.name, _with_default(row.meaning, row.default)) for row in setting_rows()])
        with formatter.section("A key for API_KEYS"):
            formatter.write_text(KEY_COMMAND)


def _with_default(meaning: str, default: str) -> str:
    return f"{meaning}  [default: {default}]" if default else meaning


KEY_COMMAND = "python -c \"import secrets; print('me:' + secrets.token_urlsafe(32))\""
"""Prints a pair that API_KEYS accepts."""
