"""`chatapp share` as typer reads it."""

from chatapp.cli.parameters import AsJson, BackendUrl, LinkDays, ListsLinks, Revoked, Shown


def share(
    conversation: Shown = None,
    *,
    days: LinkDays = 30,
    list: ListsLinks = False,  # noqa: A002 - the name of the option
    revoke: Revoked = None,
    json: AsJson = False,
    backend_url: BackendUrl = None,
) -> None:
    """Make a link under which others read a conversation; SHARE_LINKS must be on. Or list links, or take one back."""
    from chatapp.cli.share import run

    run(conversation, days=days, lists=list, revoked=revoke, as_json=json, url=backend_url)
