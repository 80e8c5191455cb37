"""One message on the page: its words, what is known about it, and what can be done with it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from chatapp.frontend.components.texts import draw_markdown, draw_text
from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.resources import AttachmentInfo
from chatapp.protocol.usage_line import usage_parts

AVATARS = {"user": ":material/person:", "assistant": ":material/forum:"}
_COPYABLE_CHARS = 200_000
_FIELD_PX_PER_LINE, _FIELD_LINES = 26, 12
_FINISHES = {"length": "Cut off at the length limit", "content_filter": "Cut off by the model's content filter"}


def draw(entry: DisplayMessage, *, is_last: bool) -> None:
    """Draw a message with the row of things to do under it."""
    if entry.is_answer:
        with st.chat_message("assistant", avatar=AVATARS["assistant"]):
            _answer(entry)
            _answer_row(entry, is_last=is_last)
    elif state.view().editing == entry.id:
        _editor(entry)
    else:
        with st.chat_message("user", avatar=AVATARS["user"]):
            draw_files(entry.files)
            draw_text(entry.content, key=entry.id)
        _question_row(entry)


def draw_files(files: Sequence[AttachmentInfo]) -> None:
    """Draw the names and sizes of files, and what models do not get of them."""
    if files:
        shown = (f"<li>{escape(file.name)} <small>{_size(file.size)}</small></li>" for file in files)
        st.html(f'<ul class="files" aria-label="Files">{"".join(shown)}</ul>')
    for file in files:
        for note in file.notes:
            st.caption(literal(f"{file.name}: {note}"))


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"  # noqa: PLR2004 - a megabyte


def _answer(entry: DisplayMessage) -> None:
    thoughts = st.empty()
    if entry.reasoning:
        opened = thoughts.expander("Thoughts", icon=":material/neurology:")
        draw_markdown(opened, entry.reasoning, key=f"thoughts-{entry.id}")
    body = st.container()
    if entry.content:
        draw_markdown(body, entry.content, key=entry.id)
    elif entry.status == "complete" and not entry.tools:
        body.caption("The model said nothing.")
    _tools(entry)


def _tools(entry: DisplayMessage) -> None:
    """Draw the tools that an answer calls, and what came of them."""
    for step in entry.tools:
        with st.expander(literal(step.title), icon=":material/build:"):
            st.code(step.text, language=None, wrap_lines=True)


def _answer_row(entry: DisplayMessage, *, is_last: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key=f"under-answer-{entry.id}"):
        st.caption(literal(_footer(entry)))
        if len(entry.content) <= _COPYABLE_CHARS and entry.content:
            st.html(_copy_button(entry.content))
        if entry.is_stored or is_last:
            _button("Another answer", "refresh", f"regenerate-{entry.id}", actions.regenerate, entry)
        _branches(entry)


def _question_row(entry: DisplayMessage) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", gap="xxsmall", key=f"under-question-{entry.id}"):
        _button("Edit and ask again", "edit", f"edit-{entry.id}", actions.begin_edit, entry)
        _branches(entry)


def _branches(entry: DisplayMessage) -> None:
    """Draw the way to the alternatives of a message, where it has some."""
    ids = entry.siblings
    if len(ids) < 2 or entry.id not in ids:  # noqa: PLR2004 - itself and one more
        return
    place = ids.index(entry.id)
    with st.container(
        horizontal=True, vertical_alignment="center", gap=None, width="content", key=f"branch-{entry.id}"
    ):
        _arrow("Earlier version", "chevron_left", f"older-{entry.id}", ids[place - 1] if place else None)
        st.caption(f"{place + 1} / {len(ids)}", width="content")
        following = ids[place + 1] if place + 1 < len(ids) else None
        _arrow("Later version", "chevron_right", f"newer-{entry.id}", following)


def _arrow(name: str, icon: str, key: str, message_id: str | None) -> None:
    is_off = message_id is None or _is_busy()
    st.button(
        name,
        icon=f":material/{icon}:",
        key=key,
        type="tertiary",
        disabled=is_off,
        on_click=actions.show_branch,
        args=(message_id,),
    )


def _button(name: str, icon: str, key: str, on_click: object, entry: DisplayMessage) -> None:
    st.button(
        name,
        icon=f":material/{icon}:",
        key=key,
        type="tertiary",
        disabled=_is_busy(),
        on_click=on_click,  # type: ignore[arg-type]
        args=(entry,),
    )


def _is_busy() -> bool:
    return state.view().conversation.live is not None


def _editor(entry: DisplayMessage) -> None:
    """Draw the question as a field."""
    field = f"edited-{entry.id}"
    lines = min(_FIELD_LINES, 2 + entry.content.count("\n") + len(entry.content) // 80)
    with st.container(key="editor"):
        st.text_area(
            "Your question",
            entry.content,
            key=field,
            height=lines * _FIELD_PX_PER_LINE + _FIELD_PX_PER_LINE,
            max_chars=state.settings().max_prompt_chars,
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.button("Cancel", key="edit-cancel", on_click=actions.end_edit)
            st.button("Ask", key="edit-send", type="primary", on_click=actions.send_edit, args=(entry, field))


def _copy_button(text: str) -> str:
    """Return a button that `assets/copying.js` makes work."""
    return f'<button class="copy" title="Copy" aria-label="Copy the answer" data-copy="{escape(text)}"></button>'


def _footer(entry: DisplayMessage) -> str:
    """Return the line under an answer: how it ended if not well, its model, how long it took, when it was."""
    if entry.model is None:
        return entry.when
    end = entry.end or _FINISHES.get(entry.finish_reason or "")
    seconds = _seconds(entry.elapsed_s) if entry.elapsed_s is not None else None
    parts = (end, entry.model, seconds, *usage_parts(entry.usage), entry.when, *entry.notices)
    return " · ".join(part for part in parts if part)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two figures are enough
