"""What a browser's session holds. The only file that knows the keys of `st.session_state`."""

import time
import uuid
from datetime import datetime
from itertools import pairwise
from typing import Literal, TypedDict, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from chatapp.client import BackendClient, messages_from
from chatapp.events import Message
from chatapp.frontend.connection import client_of
from chatapp.frontend.live_answer import LiveAnswer
from chatapp.settings import Settings

PAGE_OF_MESSAGES = 20
PROMPT = "prompt"
STREAMING = "use_streaming"
TIMEOUT = "request_timeout"


class ShownMessage(TypedDict):
    """One message of the conversation; `timestamp` is the reader's time of day, HH:MM:SS."""

    role: Literal["user", "assistant"]
    content: str
    timestamp: str


def begin() -> None:
    """Make the session's first run its own; in every run, take over an answer that ended meanwhile."""
    if "session_id" not in st.session_state:
        _fill()
    for key in (STREAMING, TIMEOUT):  # Streamlit forgets the value of a widget that one run did not draw
        st.session_state[key] = st.session_state[key]
    settle()


def settings() -> Settings:
    """Give the settings this session began with."""
    return cast(Settings, st.session_state.settings)


def api_key() -> str | None:
    """Give the key this session sends: the one that was typed in, else BACKEND_API_KEY."""
    if st.session_state.api_key:
        return cast(str, st.session_state.api_key)
    key = settings().backend_api_key
    return key.get_secret_value() if key else None


def needs_sign_in() -> bool:
    """Say whether a key must be typed in before anything is shown."""
    return cast(bool, st.session_state.needs_sign_in)


def sign_in(key: str) -> None:
    """Send `key` from now on."""
    st.session_state.api_key = key
    st.session_state.needs_sign_in = False


def sign_out() -> None:
    """Ask for a key before anything more is shown; the conversation waits."""
    st.session_state.needs_sign_in = True


def client() -> BackendClient:
    """Give the client that this session asks."""
    return client_of(settings().backend_url, timeout_s=float(st.session_state[TIMEOUT]), api_key=api_key())


def messages() -> list[ShownMessage]:
    """Give the conversation, oldest first."""
    return cast(list[ShownMessage], st.session_state.messages)


def shown_messages() -> list[tuple[int, ShownMessage]]:
    """Give the last part of the conversation, oldest first, each message with its place in the whole."""
    return list(enumerate(messages()))[-st.session_state.shown :]


def show_earlier() -> None:
    """Show a page of messages more."""
    st.session_state.shown += PAGE_OF_MESSAGES


def answer_at(place: int) -> LiveAnswer | None:
    """Give what is known about the answer at `place` in the conversation."""
    return cast(dict[int, LiveAnswer], st.session_state.answers).get(place)


def live() -> LiveAnswer | None:
    """Give the answer that is being made."""
    return cast(LiveAnswer | None, st.session_state.live)


def unfinished() -> LiveAnswer | None:
    """Give the answer to the last question if it failed or was stopped."""
    return cast(LiveAnswer | None, st.session_state.unfinished)


def queued_prompt() -> str | None:
    """Give the question that is asked when the answer that is being made is complete."""
    return cast(str | None, st.session_state.queued)


def duration_s() -> float:
    """Give the seconds since this session began."""
    return time.time() - cast(float, st.session_state.started_at)


def ask(prompt: str) -> None:
    """Ask `prompt`, at once or after the answer that is being made."""
    if live() is not None:
        st.session_state.queued = "\n\n".join(filter(None, (queued_prompt(), prompt)))
        return
    messages().append(_message("user", prompt))
    _start(prompt)


def ask_again(*, without_streaming: bool = False) -> None:
    """Ask the last question once more, in place of what was answered to it."""
    if live() is not None or not messages():
        return
    if without_streaming:
        st.session_state[STREAMING] = False
    if messages()[-1]["role"] == "assistant":
        messages().pop()
        st.session_state.answers.pop(len(messages()), None)
    _start(messages()[-1]["content"])


def stop() -> None:
    """Stop the answer that is being made and keep what was said."""
    if answer := live():
        answer.stop()


def settle() -> None:
    """Move an answer that has ended into the conversation, then ask what was queued, or give it back for editing."""
    answer = live()
    if answer is None or answer.is_going:
        return
    state = st.session_state
    state.live = None
    state.unfinished = None if answer.status == "complete" else answer
    if answer.text or answer.status == "complete":
        state.answers[len(messages())] = answer
        messages().append(_message("assistant", answer.text))
    queued, state.queued = state.queued, None
    if queued and answer.status == "complete":
        ask(queued)
    elif queued:
        state[PROMPT] = queued


def new_chat() -> None:
    """Begin an empty conversation. An answer that is being made is stopped."""
    stop()
    state = st.session_state
    state.messages, state.answers, state.shown = [], {}, PAGE_OF_MESSAGES
    state.live = state.unfinished = state.queued = None


def _fill() -> None:
    state = st.session_state
    state.session_id = str(uuid.uuid4())
    state.started_at = time.time()
    state.settings = Settings.load()
    state.needs_sign_in = settings().api_keys is not None
    state.api_key = state.live = None
    state[STREAMING] = settings().use_streaming
    state[TIMEOUT] = settings().request_timeout
    new_chat()


def _start(prompt: str) -> None:
    """Ask `prompt`, which is the last message."""
    state = st.session_state
    state.unfinished = None
    state.live = LiveAnswer.start(client(), prompt, messages=_history(), is_streamed=state[STREAMING])


def _history() -> list[Message]:
    """Give the answered questions before the last one; models take turns, so a question without answer stays out."""
    earlier = messages()[:-1]
    answered = [
        (question, answer)
        for question, answer in pairwise(earlier)
        if (question["role"], answer["role"]) == ("user", "assistant") and answer["content"].strip()
    ]
    return messages_from([message for pair in answered for message in pair])


def _message(role: Literal["user", "assistant"], content: str) -> ShownMessage:
    return {"role": role, "content": content, "timestamp": datetime.now(_timezone()).strftime("%H:%M:%S")}


def _timezone() -> ZoneInfo | None:
    """Give the browser's time zone, or None for this machine's."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
