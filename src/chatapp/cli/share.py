"""`chatapp share`: conversations as links that others can read, in a terminal."""

import typer

from chatapp.cli.backends import with_backend
from chatapp.cli.shell_chat import NO_TITLE, SHORT_ID_CHARS, full_id, last_conversation
from chatapp.cli.terminal import printable
from chatapp.cli.writing import note, write_resource
from chatapp.client import BackendClient
from chatapp.errors import NotFoundError
from chatapp.protocol.share_resources import ShareInfo


def run(beginning: str | None, *, days: int, lists: bool, revoked: str | None, as_json: bool, url: str | None) -> None:
    """Make a link to a conversation, the one last talked in unless named; or list links, or take one back."""

    def work(backend: BackendClient) -> None:
        if revoked is not None:
            _revoke(backend, revoked)
        elif lists:
            _list(backend.conversations.shares(), as_json=as_json)
        else:
            conversation = full_id(backend, beginning) if beginning is not None else last_conversation(backend).id
            _tell(backend.conversations.share(conversation, days=days), backend.base_url, as_json=as_json)

    with_backend(work, url, asks=False)


def _tell(made: ShareInfo, url: str, *, as_json: bool) -> None:
    if as_json:
        write_resource(made)
        return
    typer.echo(f"{url.rstrip('/')}{made.path}")
    note(f"Whoever has this link can read the conversation until {_day(made)}, under the page's address too.")
    note(f"Take it back with: chatapp share --revoke {made.id[:SHORT_ID_CHARS]}")


def _list(shares: tuple[ShareInfo, ...], *, as_json: bool) -> None:
    if as_json:
        write_resource({"shares": shares})
        return
    for share in shares:
        title = " ".join((share.title or NO_TITLE).split())
        typer.echo(f"{share.id[:SHORT_ID_CHARS]}  until {_day(share)}  {printable(title)}")
    if not shares:
        note("No link leads anywhere.")


def _revoke(backend: BackendClient, beginning: str) -> None:
    found = [share.id for share in backend.conversations.shares() if share.id.startswith(beginning)]
    if len(found) != 1 or not beginning:
        hint = "List them with: chatapp share --list"
        raise NotFoundError(f"{len(found) or 'No'} links have ids that begin with {beginning!r}.", hint=hint)
    backend.conversations.revoke_share(found[0])
    note("The link leads nowhere any more.")


def _day(share: ShareInfo) -> str:
    return f"{share.expires_at.astimezone():%Y-%m-%d}"
