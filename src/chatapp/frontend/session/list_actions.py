"""What a click in the list of conversations does."""

from collections.abc import Callable, Sequence

from chatapp.frontend.conversations.bulk import What
from chatapp.frontend.session import state
from chatapp.frontend.session.actions import error_shown, keep
from chatapp.frontend.session.project_actions import offer_move
from chatapp.frontend.session.sharing_actions import offer_sharing

_OF_THE_LIST = {"Pin", "Unpin", "Choose several", "Archive", "Back to the list"}
"""Entries of a row's menu that change nothing beside the list."""


def is_list_enough() -> bool:
    """Return, once, whether what was clicked or typed in the list changes nothing else; bring the list up to date."""
    view = state.view()
    is_enough = view.listing.has_changed_alone or state.query() != view.listing.query
    view.listing.has_changed_alone = False
    if not is_enough or view.error or view.dialog or state.is_signed_out_elsewhere():
        return False
    view.refresh_lists(state.session_context(), state.query())
    return view.listing.error is None


def open_conversation(conversation_id: str) -> None:
    """Show a conversation of the list, at the message that a search has found in it."""
    view = state.view()
    found = view.listing.item(conversation_id)
    message_id = found.message_id if found else None
    view.listing.undo = None  # its reader has gone on
    if message_id is None:
        keep(view.show_stored(conversation_id))
    else:
        keep(view.show_found(conversation_id, message_id, words=state.query()))


def show_hit(*, is_earlier: bool) -> None:
    """Go on to the next place that a search has found."""
    with error_shown():
        state.view().show_hit(state.session_context(), is_earlier=is_earlier)


def end_search() -> None:
    """Mark nothing any more."""
    state.view().conversation.landing = None


def show_more() -> None:
    """Show a page of conversations more."""
    listing = state.view().listing
    listing.show_more()
    listing.has_changed_alone = True


def show_whole_list() -> None:
    """Tell the browser all of the list again."""
    listing = state.view().listing
    listing.news.forget()
    listing.has_changed_alone = True


def choose(conversation_id: str, entry: str) -> None:
    """Do what was chosen in a row's menu, where it is one of its entries."""
    client = state.client()
    handlers: dict[str, Callable[[], object]] = {
        "Export": lambda: _offer_export(conversation_id),
        "Move to project": lambda: offer_move((conversation_id,)),
        "Pin": lambda: client.conversations.change(conversation_id, pinned=True),
        "Unpin": lambda: client.conversations.change(conversation_id, pinned=False),
        "Share": lambda: offer_sharing(conversation_id),
        "Choose several": lambda: toggle(conversation_id),
        "Archive": lambda: _do_to([conversation_id], "Archived"),
        "Back to the list": lambda: _do_to([conversation_id], "Back in the list"),
        "Delete": lambda: _do_to([conversation_id], "Deleted"),
    }
    listing = state.view().listing
    if entry in handlers:
        with error_shown():
            handlers[entry]()
    listing.has_changed_alone = entry in _OF_THE_LIST
    listing.expire()


def rename(conversation_id: str, name: str) -> None:
    """Name a conversation."""
    if title := name.strip():
        with error_shown():
            state.client().conversations.change(conversation_id, title=title)
        state.view().listing.expire()
        state.view().listing.has_changed_alone = conversation_id != state.view().conversation_id


def undo() -> None:
    """Take back what was done to conversations last."""
    with error_shown():
        state.view().undo(state.session_context())


def show_archive(*, is_archive: bool) -> None:
    """Show what is archived, or the list again."""
    state.view().listing.has_changed_alone = True
    state.view().listing.show_archive(is_archive=is_archive)


def toggle(conversation_id: str) -> None:
    """Choose a conversation, or choose it no more."""
    listing = state.view().listing
    listing.chosen = (listing.chosen or set()) ^ {conversation_id}
    listing.has_changed_alone = True


def choose_all() -> None:
    """Choose all that the list shows, or none if all are chosen."""
    listing = state.view().listing
    shown = {item.id for item in listing.items}
    listing.chosen = set() if listing.chosen == shown else shown
    listing.has_changed_alone = True


def end_choosing() -> None:
    """Choose none any more."""
    listing = state.view().listing
    listing.chosen, listing.has_changed_alone = None, True


def archive_chosen() -> None:
    """Archive what is chosen, or take it out of the archive."""
    listing = state.view().listing
    _do_to(sorted(listing.chosen or ()), "Back in the list" if listing.is_archive else "Archived")


def delete_chosen() -> None:
    """Delete what is chosen."""
    _do_to(sorted(state.view().listing.chosen or ()), "Deleted")


def _do_to(ids: Sequence[str], what: What) -> None:
    with error_shown():
        state.view().do_to(ids, what, state.session_context())


def _offer_export(conversation_id: str) -> None:
    view = state.view()
    view.dialog, view.exported_id = "export", conversation_id
