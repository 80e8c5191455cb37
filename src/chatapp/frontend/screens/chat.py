"""The chat page: the conversation, the answer in the making, and the box to ask from."""

from contextlib import ExitStack
from html import escape
from threading import Event
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatapp.errors import StoreUnavailableError, StreamCutError
from chatapp.frontend.components.beside import live_beside
from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.components.compaction import compaction
from chatapp.frontend.components.drawings import show_drawing
from chatapp.frontend.components.gauge import gauge
from chatapp.frontend.components.model_menu import model_gone
from chatapp.frontend.components.problems import problem_of
from chatapp.frontend.components.servers import demo_note
from chatapp.frontend.components.told import tell
from chatapp.frontend.components.transcript import live_words, send_typed, transcript
from chatapp.frontend.components.waiting_files import show_file, waiting_files
from chatapp.frontend.conversations.bell import browsers
from chatapp.frontend.conversations.first_words import first_words
from chatapp.frontend.conversations.live_answer import LiveAnswer
from chatapp.frontend.conversations.open_conversation import OpenConversation, Unfinished
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, state
from chatapp.protocol.wording import later

TICK_S = 2.0
"""After which a run that waits looks around unasked: whatever there is to see rings a bell."""
SENT_S = 0.05
NAMED_S, FIRST_WORD_S = 1.0, 0.25
"""So long nothing else is drawn: what takes the processor then, of whichever session, keeps first words waiting."""
_AVATAR = ":material/forum:"
_MEGABYTE = 1024 * 1024
_GO_ON = later("Go on exactly where you stopped.")
_TEMPORARY = later("Temporary chat: nothing of it is stored, and it is gone with this tab.")

SUGGESTIONS = (
    (":material/wb_sunny:", later("Explain how a rainbow forms, in three sentences.")),
    (":material/code:", later("Write a Python function that tells whether a word is a palindrome.")),
    (":material/mail:", later("Draft a friendly email that moves Tuesday's meeting to Thursday.")),
    (":material/lightbulb:", later("Give me five ideas for a rainy Sunday at home.")),
)


class PromptBox(NamedTuple):
    """The places above and below the box to ask from."""

    over: DeltaGenerator
    under: DeltaGenerator


def prompt_box() -> PromptBox:
    """Draw the box to ask from, and return the places around it."""
    over = st.bottom.container(key="over-box")
    settings = state.settings()
    st.chat_input(
        t("Ask anything"),
        key=state.PROMPT,
        max_chars=settings.max_prompt_chars,
        accept_file="multiple",
        max_upload_size=max(1, settings.max_attachment_bytes // _MEGABYTE),
        on_submit=send_typed,
    )
    return PromptBox(over, st.bottom.container(key="under-box"))


def around_box(box: PromptBox, *, is_drawn_again: bool) -> None:
    """Draw what belongs to the conversation above and below the box to ask from.

    Where it is drawn by a part of the page and at once again by the whole, Stop is drawn by the whole alone: a click on
    what is a part's would wait until the whole has waited for the answer.
    """
    conversation, to_end = state.view().conversation, escape(t("To the end"))
    is_stopped_later = is_drawn_again and conversation.live is not None
    with box.over:
        st.html(f'<button class="to-end" title="{to_end}" aria-label="{to_end}"></button>')
        if not is_stopped_later and (conversation.live or conversation.queued or conversation.waiting_files):
            with st.container(key="going"):
                _going(conversation)
    with box.under:
        told = gauge()
    with box.over:
        compaction(told)


def _going(conversation: OpenConversation) -> None:
    if conversation.live is not None:
        icon = ":material/stop_circle:"
        st.button(t("Stop"), icon=icon, key="stop", shortcut="Esc", on_click=actions.stop, width="content")
    if conversation.queued or conversation.waiting_files:
        with st.container(key="queued"):
            _next(conversation)
    else:
        st.empty()  # takes away at once what is in the box again


def _next(conversation: OpenConversation) -> None:
    """Draw the question that waits for the answer to end, and the files that wait for a question."""
    if conversation.queued:
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.caption(literal(t("Asked next: {question}", question=conversation.queued)))
            flat_button(t("Edit it"), "edit", "queued-edit", actions.edit_queued)
    if conversation.waiting_files:
        if not conversation.queued:
            st.caption(t("With the next question:"))
        waiting_files(conversation.waiting_files)


def chat() -> "LiveView | None":
    """Draw the last part of the conversation; return the view of the answer that is being made, if one is."""
    view = state.view()
    conversation = view.conversation
    _above()
    with st.container(key="conversation-on-show"):  # the same for all: what draws the messages stays
        transcript(conversation)
        with st.container(key=f"behind-{conversation.name}"):
            live_view = _behind_messages(conversation)
    tell(conversation.unasked)
    drawing, view.drawing = view.drawing, None
    file, view.looked_at = view.looked_at, None
    if drawing and view.dialog is None:
        show_drawing(drawing)
    elif file is not None and view.dialog is None:
        show_file(file)
    return live_view


def _behind_messages(conversation: OpenConversation) -> "LiveView | None":
    """Draw what stands below the finished messages; return as `chat` does."""
    if conversation.live is None and conversation.unfinished is not None:
        with st.container(key="unfinished"):
            _unfinished(conversation.unfinished)
    elif conversation.is_cut_off:
        with st.container(key="unfinished"):
            st.button(
                t("Go on"), icon=":material/arrow_forward:", key="go-on", on_click=actions.go_on, args=(t(_GO_ON),)
            )
    else:
        st.empty()  # takes away what is said of the answer before, as a container here would not
    live_view = LiveView(conversation.answers) if conversation.live else None
    if live_view is None:
        model_gone()
    if landing := conversation.landing:
        mark = f'id="{landing.name}" data-message="{escape(landing.message_id)}" data-words="{escape(landing.words)}"'
        st.html(f'<i class="landing" {mark}></i>')
    if conversation.begun:  # behind all messages: it tells reading.js that they are there
        st.html(f'<i class="begun" id="{conversation.begun}"></i>')
    return live_view


class LiveView:
    """The place of an answer that is being made, or of several beside each other."""

    def __init__(self, answers: tuple[LiveAnswer, ...]) -> None:
        self._answers = answers
        if len(answers) > 1:
            live_beside(answers)
            return
        with st.container(key=f"live-{answers[0].name}"), st.chat_message("assistant", avatar=_AVATAR):
            live_words(answers[0])

    def let_speak(self) -> None:
        """Wait until the browser has the first word of what was asked just now; a reload finds it in the address."""
        answer, view = self._answers[0], state.view()
        if not view.conversation.is_temporary:
            answer.wait_named(NAMED_S)
            state.address().push_url(view)
        first_words().wait(answer.wait_told, max(0.0, FIRST_WORD_S - answer.elapsed_s))

    def let_through(self) -> None:
        """Wait until it is on its way to the browser: a run that takes the place of this one drops what is not."""
        self._answers[0].wait(SENT_S)

    def follow(self) -> None:
        """Wait for the end of the answer; the browser follows it. Any click ends the waiting, not the answer."""
        address, shown, news = state.address(), None, Event()
        with ExitStack() as heard:
            for bell in (browsers(), *(answer.bell for answer in self._answers)):
                heard.enter_context(bell.heard_by(news))
            while any(answer.is_going for answer in self._answers):
                view = state.view()  # where Streamlit ends this run for a click; its other ways cost more
                if view.is_unlisted() or state.is_signed_out_elsewhere():
                    return
                if view.conversation_id != shown:
                    shown = view.conversation_id
                    address.push_url(view)
                news.wait(TICK_S)
                news.clear()  # before all that one looks at: an answer that ends meanwhile ends the next wait at once


def _above() -> None:
    """Draw what stands above the first message that is shown."""
    view = state.view()
    conversation = view.conversation
    error, view.error = view.error, None
    is_new = conversation.id is None and not conversation.entries and conversation.live is None
    place = st.empty()  # what is below keeps its place
    if error is None and not conversation.is_temporary and not is_new:
        return
    with place.container(key="above"):
        if error is not None:
            problem = problem_of(error)
            st.warning(f"{literal(problem.sentence)} {literal(problem.next_step)}", icon=":material/error:")
        if conversation.is_temporary:
            st.caption(t(_TEMPORARY), text_alignment="center")
        if is_new:
            with st.container(key="welcome"):
                _welcome()


def _welcome() -> None:
    st.markdown(f"# {t('What would you like to know?')}", anchors=False)
    readiness = own_backend.readiness()
    if readiness.is_demo:
        demo_note(readiness.model)
    with st.container(key="suggestions"):
        for place, (icon, suggested) in enumerate(SUGGESTIONS):
            prompt = t(suggested)
            key = f"suggestion-{place}"
            st.button(prompt, icon=icon, key=key, on_click=actions.send, args=(prompt,), width="stretch")


def _unfinished(unfinished: Unfinished) -> None:
    error = unfinished.error
    if error is not None:
        problem = problem_of(error)
        st.error(f"**{literal(problem.title)}** — {literal(problem.sentence)}  \n{literal(problem.next_step)}")
    elif not unfinished.has_text:
        st.caption(t("Stopped before the first word."))
    with st.container(horizontal=True):
        st.button(t("Ask again"), icon=":material/refresh:", key="again", on_click=actions.ask_again)
        if isinstance(error, StreamCutError):
            st.button(t("Ask again without streaming"), key="again-whole", on_click=actions.ask_again_whole)
        if isinstance(error, StoreUnavailableError):
            st.button(t("Ask in a temporary chat"), key="again-temporary", on_click=actions.ask_temporarily)
