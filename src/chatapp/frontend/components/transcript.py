"""The finished messages, drawn by one component of ours: a click costs the same however many there are."""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from chatapp.frontend.conversations.entries import DisplayMessage
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.open_conversation import OpenConversation
from chatapp.frontend.languages.words import t, words
from chatapp.frontend.session import actions, answer_actions, list_actions, state
from chatapp.frontend.transcript.article import Article
from chatapp.frontend.transcript.request_code import RequestOptions
from chatapp.protocol.wording import later

MENU = {
    "quote": later("Quote"),
    "fork": later("Fork from here"),
    "text": later("Copy as text"),
    "curl": later("Copy as curl"),
    "python": later("Copy as Python"),
}
"""What else can be done with a message, as `assets/transcript/menu.js` offers it."""


def transcript(conversation: OpenConversation) -> None:
    """Draw the finished messages of a conversation."""
    news = state.transcript().show(conversation.name, _articles(conversation))
    live, landing = conversation.live, conversation.landing
    more = {
        "name": conversation.name,
        "shown": state.view().conversation_id,
        "opened": state.transcript().opened,
        "is_busy": live is not None,
        "live": [answer.name for answer in conversation.answers],
        "has_earlier": conversation.has_unloaded,
        "landing": state.transcript().key_of(landing.message_id) if landing else None,
        "max_chars": state.settings().max_prompt_chars,
        "menu": {what: t(name) for what, name in MENU.items()},
    }
    options = conversation.chat_options
    state.transcript().options = RequestOptions(
        state.settings().backend_url, options.system, options.sampling, conversation.has_unloaded
    )
    state.transcript().live, state.transcript().words = conversation.answers, words()
    state.transcript().fetch_picture = state.client().thumbnail
    told = ({**news, **more},)  # not a dictionary: Streamlit loads pandas to see whether what is in one is a table
    _component("transcript")(key=state.FINISHED, data=told, on_act_change=_act)


def live_words(answer: LiveAnswer) -> None:
    """Draw an answer in the making; the browser fetches what grows."""
    data = {"token": state.transcript().token, "name": answer.name, "is_stopping": answer.is_stopping}
    _component("live")(key=f"words-{answer.name}", data=data)


@cache
def _component(name: str) -> Callable[..., Any]:
    """Return a component whose files `pyproject.toml` beside the code names to Streamlit."""
    return st.components.v2.component(f"chatapp.{name}", js=f"{name}.js", isolate_styles=False)


def _articles(conversation: OpenConversation) -> list[Article]:
    view, language = state.view(), words()  # once: a look into Streamlit's session takes some 10 us
    day: str | None = None
    articles = []
    for entry in conversation.entries:
        articles.append(
            Article(
                entry,
                begins_day=entry.day != day,
                is_last=entry is conversation.entries[-1],
                is_whole=entry.id in view.drawn,
                beside=conversation.beside if entry is conversation.entries[-1] else (),
                words=language,
            )
        )
        day = entry.day
    return articles


def send_typed() -> None:
    """Ask what is in the box, in the conversation that was chosen while it stood there, where both arrive at once.

    Streamlit does what belongs to the box first, whatever came first.
    """
    clicked = state.clicked(state.FINISHED)
    if clicked.get("do") in {"open", "new"} and clicked.get("typed"):
        _open(clicked)
    actions.send_typed()


def _open(clicked: dict[str, str]) -> None:
    """Show another conversation, or a new one, once for each time that it was wished for."""
    name = clicked.get("name", "")
    if name and name == state.transcript().opened:
        return
    state.transcript().opened = name
    if clicked["do"] == "new":
        actions.new_chat()
    else:
        list_actions.open_conversation(clicked.get("id", ""))


def _act() -> None:
    """Do what a button in the component stands for."""
    clicked = state.clicked(state.FINISHED)
    what, text = clicked.get("do", ""), clicked.get("text", "")
    if what == "earlier":
        actions.load_earlier()
    elif what in {"open", "new"}:
        _open(clicked)
    elif what == "picture":
        state.view().drawing = text
    elif what == "file":
        actions.look_at(clicked.get("id", ""), clicked.get("to", ""))
    elif what == "keep":
        answer_actions.keep_answer(clicked.get("id", ""))
    elif what in {"older", "newer"}:
        actions.show_branch(clicked.get("to", ""))
    elif entry := _entry(clicked.get("id", "")):
        _act_on(entry, what, text)


def _act_on(entry: DisplayMessage, what: str, text: str) -> None:
    if what == "draw":
        actions.draw(entry.id)
    elif state.view().conversation.live is not None:
        return
    elif what == "fork":
        answer_actions.fork(entry)
    elif what == "regenerate":
        actions.regenerate(entry)
    elif what == "ask" and not entry.is_answer:
        actions.edit(entry, text[: state.settings().max_prompt_chars])
    elif what in {"summary", "drop-summary"}:
        answer_actions.change_summary(entry, text if what == "summary" else None)
    elif what == "restore-summary" and entry.removed_summary:
        answer_actions.change_summary(entry, entry.removed_summary)


def _entry(message_id: str) -> DisplayMessage | None:
    conversation = state.view().conversation
    return next((entry for entry in (*conversation.entries, *conversation.beside) if entry.id == message_id), None)
