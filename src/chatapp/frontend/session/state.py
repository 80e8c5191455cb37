"""What a browser's session holds. The only file that knows the keys of `st.session_state`."""

import time
import uuid
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from chatapp.client import BackendClient
from chatapp.client.chat import ChatOptions
from chatapp.config.settings import Settings
from chatapp.frontend.conversations.entries import ShownMessage
from chatapp.frontend.conversations.session_context import SessionContext
from chatapp.frontend.languages.choosing import language_for
from chatapp.frontend.languages.language import DEFAULT, languages
from chatapp.frontend.languages.words import Visitor
from chatapp.frontend.session.backend import client_of
from chatapp.frontend.session.kept_sign_ins import SignIn
from chatapp.frontend.session.url import Address
from chatapp.frontend.session.view import View
from chatapp.frontend.session.wishes import Wishes, read_wishes, wishes_text
from chatapp.frontend.transcript.open_transcripts import new_transcript
from chatapp.frontend.transcript.transcript import Transcript

PROMPT, PROMPT_CHOSEN, PROMPT_NAME = "prompt", "prompt-chosen", "prompt-name"
FINISHED = "finished"
ROWS = "rows"
STREAMING = "use_streaming"
TIMEOUT = "request_timeout"
LANGUAGE = "language"
INSTRUCTIONS = "instructions"
SEARCH = "search"
SHARE_DAYS = "share_days"
MODEL_SEARCH = "model_search"
PROJECT_SEARCH = "project_search"
EXPORT_FILE = "export_file"
SERVER_NAME, SERVER_URL, SERVER_KEY = "server-name", "server-url", "server-key"
USAGE_BY, USAGE_DAYS, USAGE_MEASURE, EVERYBODY = "usage_by", "usage_days", "usage_measure", "usage_everybody"
MAX_QUERY_CHARS = 500
"""What the backend takes to look for."""


def begin() -> None:
    """Make the session's first run its own, and keep what Streamlit would forget."""
    if "session_id" not in st.session_state:
        _fill()
    # Streamlit forgets the value of a widget that one run did not draw
    for key in (STREAMING, TIMEOUT, LANGUAGE, INSTRUCTIONS):
        st.session_state[key] = st.session_state[key]
    take_language()


def settings() -> Settings:
    """Return the settings this session began with."""
    return cast(Settings, st.session_state.settings)


def api_key() -> str | None:
    """Return the key this session sends: the one that was typed in, else BACKEND_API_KEY.

    None once another tab has ended the sign-in: Streamlit does what a click does before it draws the door.
    """
    return None if is_signed_out_elsewhere() else _own_key()


def _own_key() -> str | None:
    if st.session_state.api_key:
        return cast(str, st.session_state.api_key)
    key = settings().backend_api_key
    return key.get_secret_value() if key else None


def needs_sign_in() -> bool:
    """Return whether a key must be typed in before anything is shown."""
    return cast(bool, st.session_state.needs_sign_in)


def sign_in(key: str, kept: SignIn | None = None, *, ticket: str | None = None) -> None:
    """Send `key` from now on. Another key may be another person's, who is to see nothing of the last one's.

    `kept` is the sign-in of this browser, where it stays signed in, and `ticket` what it fetches its cookie with.
    """
    if _own_key() not in {None, key}:
        sign_out()
    st.session_state.api_key = key
    st.session_state.kept_sign_in, st.session_state.ticket = kept, ticket
    st.session_state.needs_sign_in = False


def ask_for_key() -> None:
    """Ask for a key before anything more is shown; the conversation waits."""
    st.session_state.needs_sign_in = True


def sign_out() -> None:
    """Forget the key and all that was shown, here and in every tab that shares the sign-in."""
    if kept := _kept_sign_in():
        kept.is_over = True
    view().leave()
    st.session_state.clear()
    st.query_params.clear()
    _fill()


def is_signed_out_elsewhere() -> bool:
    """Return whether the sign-in of this browser was ended in another tab."""
    kept = _kept_sign_in()
    return kept is not None and kept.is_over


def has_typed_key() -> bool:
    """Return whether this session sends a key that somebody has typed in."""
    return st.session_state.api_key is not None


def is_for_several() -> bool:
    """Return whether people sign in here: what the browser remembers of one, the next one would be told too."""
    return settings().api_keys is not None or has_typed_key()


def ticket() -> str | None:
    """Return the ticket that this session's browser is to fetch its cookie with."""
    return cast(str | None, st.session_state.ticket)


def _kept_sign_in() -> SignIn | None:
    return cast(SignIn | None, st.session_state.kept_sign_in)


def client() -> BackendClient:
    """Return the client that this session asks."""
    return client_of(settings().backend_url, timeout_s=timeout_s(), api_key=api_key())


def session_context() -> SessionContext:
    """Return how this session asks now."""
    return SessionContext(client(), is_streamed=is_streamed(), zone=timezone())


def timezone() -> ZoneInfo | None:
    """Return the browser's time zone, or None for this machine's."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def is_streamed() -> bool:
    """Return whether answers are shown while they are made."""
    return bool(st.session_state[STREAMING])


def timeout_s() -> float:
    """Return the seconds to wait for the next byte."""
    return float(st.session_state[TIMEOUT])


def wish_for_model(name: str | None) -> None:
    """Begin new conversations with this model, also when the page is loaded again."""
    st.session_state.wished_model = name


def wishes() -> str:
    """Return what the browser is to remember of how its reader wants the page."""
    instructions = None if is_for_several() else view().instructions
    told = Wishes(is_streamed(), timeout_s(), st.session_state.wished_model, value_of(LANGUAGE) or None, instructions)
    return wishes_text(told, settings())


def session_id() -> str:
    """Return what tells this session from others."""
    return cast(str, st.session_state.session_id)


def duration_s() -> float:
    """Return the seconds since this session began."""
    return time.time() - cast(float, st.session_state.started_at)


def view() -> View:
    """Return what this session shows."""
    return cast(View, st.session_state.view)


def transcript() -> Transcript:
    """Return what this session's browser is shown of the finished messages."""
    return cast(Transcript, st.session_state.transcript)


def address() -> Address:
    """Return where the browser is."""
    return cast(Address, st.session_state.address)


def messages() -> list[ShownMessage]:
    """Return the messages of the conversation on show, oldest first."""
    return cast(list[ShownMessage], st.session_state.messages)


def mirror_messages() -> None:
    """Put what is on show into `st.session_state.messages`, in place: a run may be ended at any assignment to a key."""
    shown, held = view(), messages()
    shown.mirrored = shown.conversation.messages
    held[:] = shown.mirrored


def accept_messages() -> None:
    """Show what other code has put into `st.session_state.messages`, as a temporary conversation."""
    if messages() != view().mirrored:
        view().show_messages(messages())
        mirror_messages()


def query() -> str:
    """Return the words that are looked for in the list of conversations."""
    return cast(str, st.session_state.get(SEARCH) or "").strip()[:MAX_QUERY_CHARS]


def clicked(component: str) -> dict[str, str]:
    """Return what was clicked in a component of ours, empty if nothing."""
    told = (st.session_state.get(component) or {}).get("act")
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}


def is_new_title(*told: str) -> bool:
    """Return whether the browser shows another title, or was told something else along with it; it keeps both."""
    before, st.session_state.title = st.session_state.title, told
    return bool(before != told)


def value_of(key: str) -> str:
    """Return what a widget holds, e.g. the words in a field or the chosen entry of a menu."""
    return cast(str, st.session_state.get(key) or "")


def choice_of(key: str) -> Any:
    """Return what a field holds that is no text, None where it is empty."""
    return st.session_state.get(key)


def take(key: str) -> str:
    """Return what a field holds and empty it, in what a click does only."""
    value, st.session_state[key] = value_of(key), ""
    return value


def typed() -> tuple[str, list[Any]]:
    """Return what is in the box: the words, and the files."""
    sent = st.session_state.get(PROMPT) or ""
    return (sent, []) if isinstance(sent, str) else (sent.text, list(sent.files))


def give_back(prompt: str) -> None:
    """Put a question that could not be asked into the box again. Before the box is drawn only."""
    st.session_state[PROMPT] = prompt


def show(key: str, value: object) -> None:
    """Set what a widget holds, before it is drawn only. What is typed in it meanwhile stays unless `value` is news."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def ask_whole() -> None:
    """Turn streaming off."""
    st.session_state[STREAMING] = False


def take_language() -> None:
    """Show the page in the language that its reader has chosen, else in one that their browser asks for."""
    st.session_state.visitor.language = languages()[language_of(value_of(LANGUAGE))]


def language_of(chosen: str) -> str:
    """Return the code of the language of a reader who has chosen `chosen`, or none."""
    return language_for(chosen, st.context.headers.get("Accept-Language")).code


def _fill() -> None:
    state = st.session_state
    state.session_id = str(uuid.uuid4())
    state.started_at = time.time()
    state.settings = Settings.load()
    state.visitor = Visitor(languages()[DEFAULT])
    state.needs_sign_in = settings().api_keys is not None
    state.api_key = state.kept_sign_in = state.ticket = None
    wishes = read_wishes(st.context.cookies, settings())
    state[STREAMING] = settings().use_streaming if wishes.is_streamed is None else wishes.is_streamed
    state[TIMEOUT] = wishes.timeout_s or settings().request_timeout
    state[LANGUAGE] = wishes.language or ""
    state.messages = []
    state.title = None
    state.wished_model = wishes.model
    state.view = View()
    state[INSTRUCTIONS] = "" if is_for_several() else wishes.instructions or ""
    state.view.instructions = state[INSTRUCTIONS] or None
    state.view.conversation.chat_options = ChatOptions(model=wishes.model, system=state.view.instructions)
    state.transcript = new_transcript()
    state.address = Address()
