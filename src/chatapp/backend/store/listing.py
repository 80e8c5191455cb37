"""Queries for what conversations are, alone and in lists. To put one together takes as long as to run it."""

from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from chatapp.backend.store.records import Conversation
from chatapp.backend.store.schema import conversations, projects, turns

LISTED_SYSTEM_CHARS = 1000
"""How much of a conversation's system prompt a list carries: with thirty of a megabyte each it would take seconds."""

NO_PROJECT = "none"
"""Stands for conversations that are in no project, where a list is of those of one."""

ConversationState = Literal["active", "archived", "deleted"]
"""Where a conversation is: in the list, put away, or deleted but not gone yet."""


@cache
def is_in(state: ConversationState) -> ColumnElement[bool]:
    """Return the condition that a conversation is in `state`."""
    is_deleted, is_archived = conversations.c.deleted_at.is_not(None), conversations.c.archived_at.is_not(None)
    if state == "deleted":
        return is_deleted
    return and_(~is_deleted, is_archived if state == "archived" else ~is_archived)


def is_of(project: str) -> ColumnElement[bool]:
    """Return the condition that a conversation is in a project, which is there, or with `NO_PROJECT` in none."""
    column = conversations.c.project_id
    if project != NO_PROJECT:
        return column == project
    return or_(column.is_(None), column.in_(select(projects.c.id).where(projects.c.deleted_at.is_not(None))))


@cache
def select_conversations() -> Select[Any]:
    """Return the query for all conversations, each with the turn that is active in it and its project."""
    is_active = and_(turns.c.conversation_id == conversations.c.id, turns.c.status == "streaming")
    return select(*_columns()).outerjoin(turns, is_active)


@cache
def select_listed() -> Select[Any]:
    """Return the query for what a list shows of conversations: of `system`, which may be long, the beginning."""
    system = func.substr(conversations.c.system, 1, LISTED_SYSTEM_CHARS).label("system")
    return select_conversations().with_only_columns(*_columns(system=system))


def _columns(**others: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Return the columns of a conversation, some of them made otherwise. A project that is deleted is none."""
    is_there = and_(projects.c.id == conversations.c.project_id, projects.c.deleted_at.is_(None))
    others["project_id"] = select(projects.c.id).where(is_there).scalar_subquery().label("project_id")
    return [*(others.get(it.name, it) for it in conversations.c), turns.c.id.label("active_turn_id")]


def conversation_of(row: Row[Any]) -> Conversation:
    """Return what a row of `select_conversations` says."""
    return Conversation(**{name: row._mapping[name] for name in Conversation.__dataclass_fields__})
