"""The chat page: the conversation, the answer in the making, and the box to ask from."""

import streamlit as st

from chatapp.errors import StreamCutError
from chatapp.frontend import state
from chatapp.frontend.connection import readiness_of
from chatapp.frontend.growing_text import GrowingText
from chatapp.frontend.live_answer import LiveAnswer
from chatapp.frontend.problems import problem_of
from chatapp.frontend.rendering import display, literal

TICK_S = 0.1
_PULSE_S = 1.0
_AVATARS = {"user": ":material/person:", "assistant": ":material/forum:"}
_ENDS = {"stopped": "Stopped", "failed": "Interrupted"}
_FINISHES = {"length": "Cut off at the length limit", "content_filter": "Cut off by the model's content filter"}
_DEMO = (
    "You are talking to {model}, a small demonstration model: fine for a first try, often wrong. "
    "Connect a better one with `BASE_URL` or `OPENAI_API_KEY`."
)

SUGGESTIONS = (
    (":material/wb_sunny:", "Explain how a rainbow forms, in three sentences."),
    (":material/code:", "Write a Python function that tells whether a word is a palindrome."),
    (":material/mail:", "Draft a friendly email that moves Tuesday's meeting to Thursday."),
    (":material/lightbulb:", "Give me five ideas for a rainy Sunday at home."),
)


def prompt_box() -> None:
    """Draw the box to ask from, and take the question that was sent with it."""
    stop_slot = st.bottom.empty()
    limit = state.settings().max_prompt_chars
    prompt = st.chat_input("Ask anything", key=state.PROMPT, max_chars=limit)
    if prompt and prompt.strip():
        state.ask(prompt)
    if state.live() is not None:
        stop_slot.button(
            "Stop", icon=":material/stop_circle:", key="stop", shortcut="Esc", on_click=state.stop, width="content"
        )


def conversation() -> "LiveView | None":
    """Draw the last part of the conversation; give the view of the answer that is being made, if one is."""
    above = st.empty()
    if not state.messages():
        with above.container(key="welcome"):
            _welcome()
    elif len(state.shown_messages()) < len(state.messages()):
        above.button("Show earlier", icon=":material/expand_less:", on_click=state.show_earlier, key="earlier")
    with st.container(key="conversation"):
        for place, message in state.shown_messages():
            _message(place, message)
        live = state.live()
        view = LiveView(live) if live else None
    below = st.empty()
    if (answer := state.unfinished()) is not None:
        with below.container(key="unfinished"):
            _unfinished(answer)
    elif prompt := state.queued_prompt():
        below.caption(literal(f"Asked next: {prompt}"))
    return view


class LiveView:
    """The place of an answer that is being made: its reasoning, its text, and a line that shows life."""

    def __init__(self, answer: LiveAnswer) -> None:
        self._answer = answer
        self._next_pulse_s = 0.0
        with st.chat_message("assistant", avatar=_AVATARS["assistant"]):
            self._reasoning_slot = st.empty()
            self._text = GrowingText(st.container())
            self._pulse = st.empty()
        self._reasoning: GrowingText | None = None

    def follow(self) -> None:
        """Draw the answer while it grows, until it ends. Any click and a lost connection end this, not the answer."""
        while self._answer.is_going:
            self.draw()
            self._answer.wait(TICK_S)

    def draw(self) -> None:
        """Draw what has come since the last time."""
        if reasoning := self._answer.reasoning:
            self._reasoning = self._reasoning or self._open_reasoning()
            self._reasoning.show(reasoning)
        self._text.show(self._answer.text)
        if self._answer.elapsed_s >= self._next_pulse_s:
            self._next_pulse_s = self._answer.elapsed_s + _PULSE_S
            self._pulse.caption(_pulse(self._answer))

    def _open_reasoning(self) -> GrowingText:
        return GrowingText(self._reasoning_slot.expander("Thinking", icon=":material/neurology:", expanded=True))


def _welcome() -> None:
    st.markdown("# What would you like to know?", anchors=False)
    readiness = readiness_of(state.settings().backend_url, api_key=state.api_key())
    if readiness.is_demo:
        st.markdown(_DEMO.format(model=literal(readiness.model or "a model")))
    with st.container(key="suggestions"):
        for place, (icon, prompt) in enumerate(SUGGESTIONS):
            st.button(prompt, icon=icon, key=f"suggestion-{place}", on_click=state.ask, args=(prompt,), width="stretch")


def _message(place: int, message: state.ShownMessage) -> None:
    answer = state.answer_at(place)
    with st.chat_message(message["role"], avatar=_AVATARS[message["role"]]):
        if message["role"] == "user":
            st.text(message["content"])
            return
        thoughts = st.empty()
        if answer and answer.reasoning:
            thoughts.expander("Thoughts", icon=":material/neurology:").markdown(
                display(answer.reasoning), anchors=False
            )
        st.container().markdown(display(message["content"]), anchors=False)
        st.caption(literal(_footer(message, answer)))


def _footer(message: state.ShownMessage, answer: LiveAnswer | None) -> str:
    """Give the line under an answer: how it ended if not well, its model, how long it took, when it was."""
    if answer is None:
        return message["timestamp"]
    end = _ENDS.get(answer.status) or _FINISHES.get(answer.finish_reason or "")
    tokens = f"{answer.tokens} tokens" if answer.tokens else None
    parts = (end, answer.model, _seconds(answer.elapsed_s), tokens, message["timestamp"], *answer.notices)
    return " · ".join(part for part in parts if part)


def _pulse(answer: LiveAnswer) -> str:
    said = answer.text or answer.reasoning
    return f"{'Answering' if said else 'Waiting for the first word'} … {answer.elapsed_s:.0f} s"


def _unfinished(answer: LiveAnswer) -> None:
    if answer.error is not None:
        problem = problem_of(answer.error)
        st.error(f"**{literal(problem.title)}** — {literal(problem.sentence)}  \n{literal(problem.next_step)}")
    elif not answer.text:
        st.caption("Stopped before the first word.")
    with st.container(horizontal=True):
        st.button("Ask again", icon=":material/refresh:", key="again", on_click=state.ask_again)
        if isinstance(answer.error, StreamCutError):
            whole = {"without_streaming": True}
            st.button("Ask again without streaming", key="again-whole", on_click=state.ask_again, kwargs=whole)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two figures are enough
