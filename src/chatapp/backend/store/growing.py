"""A conversation that was imported before comes again: what is new is added, and shown if nobody went on here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from chatapp.backend.store.attachments import note_uses
from chatapp.backend.store.imports import note_imports
from chatapp.backend.store.placing import Placed, archived_at, files_of, last_moment, message_rows, turn_rows
from chatapp.backend.store.schema import conversations, messages, turns
from chatapp.protocol.messages import AttachmentPart, Part


@dataclass(slots=True)
class _Here:
    """The messages that are here, by id, oldest first."""

    rows: dict[str, Row[Any]]

    @property
    def last(self) -> int:
        """The highest number of a message."""
        return max((row.sequence for row in self.rows.values()), default=0)


def grow(connection: Connection, one: Placed, *, owner: str) -> int:
    """Return how many messages were new in a conversation that is here. What somebody said here stays."""
    here = _Here({row.id: row for row in connection.execute(_messages_of(one.id))})
    is_older, is_ours = _is_older(one), one.mine is not None and one.mine.id == one.theirs.id
    taken = set() if is_ours else set(one.ids.values())  # of two that come for one here, each would be above the other
    for own in here.rows.keys() & one.ids.keys() - taken:  # our own export, back where it came from
        one.ids[own] = own
    missing = [message for message in one.ordered if one.ids[message.id] not in here.rows]
    if missing:
        connection.execute(insert(messages), message_rows(one, missing, first=here.last + 1))
    note_uses(connection, one.id, files_of(one.ordered))
    if made := turn_rows(one, missing, owner=owner):
        connection.execute(insert(turns), made)
    if not is_older and not is_ours:
        _renew(connection, one, here)
    is_shown = not is_older and not is_ours and _is_as_it_came(one, here)
    follows = {} if is_older or is_ours else _as_listed(one)
    _show(connection, one, follows, has_grown=bool(missing), is_shown=is_shown)
    if not is_older and not is_ours:
        note_imports(connection, [one])
    return len(missing)


def _messages_of(conversation_id: str) -> Any:
    columns = (messages.c.id, messages.c.parent_id, messages.c.sequence, messages.c.content, messages.c.reasoning)
    is_of = messages.c.conversation_id == conversation_id
    return (
        select(*columns, messages.c.parts, messages.c.status, messages.c.role)
        .where(is_of)
        .order_by(messages.c.sequence)
    )


def _is_older(one: Placed) -> bool:
    """Return whether something newer was read before."""
    before = one.mine.imported_at if one.mine is not None else None
    return before is not None and one.changed_at is not None and one.changed_at < before


def _renew(connection: Connection, one: Placed, here: _Here) -> None:
    """Bring what was cut off, or read without its files, to what it is now, at the place that it has now."""
    rows = message_rows(one, one.ordered, first=0)
    known = [row for row in rows if row["id"] in here.rows]
    changed = [row for row in known if _differs(row, here.rows[row["id"]])]
    if changed:
        fields = ("content", "reasoning", "parts", "status")
        statement = update(messages).where(messages.c.id == bindparam("its_id"))
        connection.execute(
            statement.values({field: bindparam(f"new_{field}") for field in fields}),
            [{"its_id": row["id"], **{f"new_{field}": row[field] for field in fields}} for row in changed],
        )
    if any(row["parent_id"] != here.rows[row["id"]].parent_id for row in known):
        _place_anew(connection, one, here, rows)


def _differs(row: dict[str, Any], here: Row[Any]) -> bool:
    """Return whether a message is to become as it comes now. An export without its files takes none away."""
    fields = ("content", "reasoning", "parts", "status")
    is_same = all(row[field] == getattr(here, field) for field in fields)
    return not is_same and _file_ids(here.parts) <= _file_ids(row["parts"])


def _file_ids(parts: Iterable[Part] | None) -> set[str]:
    return {part.content_id for part in parts or () if isinstance(part, AttachmentPart) and part.content_id}


def _place_anew(connection: Connection, one: Placed, here: _Here, rows: list[dict[str, Any]]) -> None:
    """Number all messages anew, parents first: something now stands between two that were here.

    Search finds a message by its number. It is kept current where the text is written too, be it the same.
    """
    theirs = {row["id"]: row["parent_id"] for row in rows}
    parents = {**theirs, **{row.id: row.parent_id for row in here.rows.values() if row.id not in theirs}}
    first = here.last + len(rows) + 1
    placed = [
        {"its_id": message_id, "new_parent": parent_id, "new_sequence": first + number}
        for number, (message_id, parent_id) in enumerate(parents.items())
    ]
    statement = update(messages).where(messages.c.id == bindparam("its_id"))
    values = {
        "parent_id": bindparam("new_parent"),
        "sequence": bindparam("new_sequence"),
        "content": messages.c.content,
    }
    connection.execute(statement.values(values), placed)


def _as_listed(one: Placed) -> dict[str, Any]:
    """Return the title, the pin and the archiving that were changed there, where they are here as they came.

    Of what earlier versions have imported only the title is known as it came.
    """
    mine: Any = one.mine
    told = mine.told or {}
    came = told.get("listed") or {"title": told.get("title")}
    here = {"title": mine.title, "pinned": mine.pinned, "archived": mine.archived_at is not None}
    changed = {name: it for name, it in one.listed.items() if came.get(name, it) == here[name] != it}
    if changed.pop("archived", None) is not None:
        changed["archived_at"] = archived_at(one.theirs)
    return changed


def _show(connection: Connection, one: Placed, follows: dict[str, Any], *, has_grown: bool, is_shown: bool) -> None:
    """Let a conversation that has grown elsewhere move up the list, and end where it ends there."""
    mine = one.mine
    if mine is None:
        return
    changes = dict(follows)
    if has_grown:
        changes["updated_at"] = max(mine.updated_at, one.theirs.updated_at or last_moment(one.theirs))
    if is_shown and one.leaf_id != mine.leaf_id:
        changes["leaf_id"] = one.leaf_id
    if changes:
        connection.execute(update(conversations).where(conversations.c.id == mine.id).values(changes))


def _is_as_it_came(one: Placed, here: _Here) -> bool:
    """Return whether nobody has said anything here since, or chosen another branch.

    Of what 1.0.0 imported it is not known which branch was on show then: it is shown what is new, unless somebody
    said something here.
    """
    mine = one.mine
    if mine is None:
        return False
    if mine.import_id is not None:
        return bool(mine.leaf_id == mine.imported_leaf_id)
    return not here.rows.keys() - set(one.ids.values()) and one.leaf_id not in here.rows
