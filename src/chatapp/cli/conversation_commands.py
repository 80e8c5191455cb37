"""`chatapp archive`, `pin` and `share` as typer reads them."""

from chatapp.cli.parameters import AsJson, BackendUrl, LinkDays, ListsLinks, Named, Revoked, Shown, Undo


def archive(
    conversations: Named = None, *, undo: Undo = False, json: AsJson = False, backend_url: BackendUrl = None
) -> None:
    """Take conversations out of the list, and keep them; `list --archived` lists them."""
    from chatapp.cli.conversations import mark_conversations

    mark_conversations(conversations or (), mark="archived", is_undone=undo, as_json=json, backend_url=backend_url)


def pin(
    conversations: Named = None, *, undo: Undo = False, json: AsJson = False, backend_url: BackendUrl = None
) -> None:
    """Put conversations at the top of the list."""
    from chatapp.cli.conversations import mark_conversations

    mark_conversations(conversations or (), mark="pinned", is_undone=undo, as_json=json, backend_url=backend_url)


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
