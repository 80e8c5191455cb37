"""Saved prompts, written on the page by whoever runs it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from chatapp.config.prompts import MOST_BYTES, MOST_NAME, remove_prompt, save_prompt, saved_prompts, source_of
from chatapp.errors import SettingsError
from chatapp.frontend.access.owner import may_change_servers
from chatapp.frontend.components.servers import tell_outcome
from chatapp.frontend.components.told import forget_prompts
from chatapp.frontend.languages.words import t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import state
from chatapp.frontend.session.outcomes import RemovedPrompt
from chatapp.protocol.wording import later

_TEXT = later(
    "What stands in double braces is still to be written; input there is what is typed. Lines at the top, between two "
    "of ---, say what it is about, and what a place holds unless it is given."
)
_EXAMPLE = "---\nabout: Into another language\nlanguage: French\n---\nTranslate into {{language}}:\n\n{{input}}"


def prompts() -> None:
    """Draw a menu of the prompts, and a form for the one that is chosen there or for a new one."""
    names = ["", *(prompt.name for prompt in saved_prompts())]
    if state.value_of(state.PROMPT_CHOSEN) not in names:
        state.show(state.PROMPT_CHOSEN, "")
    chosen = st.selectbox(
        t("Saved prompts"), names, format_func=lambda name: name or t("New prompt"), key=state.PROMPT_CHOSEN
    )
    with st.form(f"prompt-form-{chosen}"):
        if not chosen:
            st.text_input(t("Name"), max_chars=MOST_NAME, key=state.PROMPT_NAME)
        field = f"prompt-text-{chosen}"
        st.text_area(
            t("Text"),
            source_of(chosen),
            max_chars=MOST_BYTES,
            height=240,
            placeholder=_EXAMPLE,
            key=field,
            help=literal(t(_TEXT)),
        )
        with st.container(horizontal=True, gap="small"):
            st.form_submit_button(t("Save"), type="primary", key="prompt-save", on_click=_save, args=(chosen, field))
            if chosen:
                st.form_submit_button(t("Delete"), key="prompt-delete", on_click=_remove, args=(chosen,))
    outcome, state.view().prompt_outcome = state.view().prompt_outcome, None
    tell_outcome(outcome)
    if state.view().removed_prompt is not None:
        st.button(t("Undo"), icon=":material/undo:", key="prompt-undo", on_click=_restore)


def _save(chosen: str, field: str) -> None:
    name = chosen or state.value_of(state.PROMPT_NAME).strip()
    save = partial(save_prompt, name, state.value_of(field), is_new=not chosen)
    _do(save, t("{name} is saved.", name=name), shown=name)


def _remove(name: str) -> None:
    removed = RemovedPrompt(name, source_of(name))
    if _do(partial(remove_prompt, name), t("{name} is removed.", name=name), shown=""):
        state.view().removed_prompt = removed


def _restore() -> None:
    if removed := state.view().removed_prompt:
        restore = partial(save_prompt, removed.name, removed.source, is_new=True)
        _do(restore, t("{name} is saved.", name=removed.name), shown=removed.name)


def _do(change: Callable[[], None], done: str, *, shown: str) -> bool:
    """Change a prompt, say what has become of it, and go on with the prompt `shown`; return whether it was changed."""
    try:
        # What was drawn may be older than the end of the sign-in.
        if not may_change_servers(state.settings(), state.api_key()):
            raise SettingsError(t("You may not change saved prompts."), hint=t("Sign in again."))
        change()
    except SettingsError as error:
        state.view().prompt_outcome = error
        return False
    state.view().prompt_outcome, state.view().removed_prompt = done, None
    state.show(state.PROMPT_CHOSEN, shown)
    forget_prompts()
    return True
