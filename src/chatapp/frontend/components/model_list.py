"""The models that can be asked, by connection: each with its state, what it can do, and a field to look for one."""

from collections.abc import Iterator
from typing import NamedTuple

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, state
from chatapp.protocol.resources import ConnectionInfo, ListedModelInfo, ModelsInfo

MOST_SHOWN, MOST_FOUND = 5, 20
"""Models of one connection that are shown while nobody looks for one, so that all connections are seen, and then."""

_THOUSAND = 1000


class ModelGroup(NamedTuple):
    """What is shown under one heading: `about` its connection, models with what they can do, how many more."""

    title: str
    about: str
    is_well: bool
    entries: tuple[tuple[str, str], ...]
    more: int = 0


def model_list(listing: ModelsInfo, chosen: str) -> None:
    """Draw all models under their connections, `chosen` marked."""
    words = st.text_input(
        t("Find a model"),
        key=state.MODEL_SEARCH,
        max_chars=100,
        icon=":material/search:",
        placeholder=t("Find a model"),
        label_visibility="collapsed",
    )
    groups = list(groups_of(listing, words))
    with st.container(key="model-list"):
        for place, group in enumerate(groups):
            with st.container(gap="xxsmall"):
                _draw(group, place, chosen)
    if not groups:
        st.caption(t("No model is called that."))


def groups_of(listing: ModelsInfo, words: str) -> Iterator[ModelGroup]:
    """Yield what is to be shown where somebody looks for `words`: the routes, then each connection."""
    wanted = words.lower().split()
    most = MOST_FOUND if wanted else MOST_SHOWN
    for route in listing.routes:
        if _fits(route.name, wanted):
            about = t("The first that answers of {models}", models=", ".join(route.models))
            yield ModelGroup("", about, True, ((route.name, ""),))
    for connection in listing.connections:
        found = [model for model in connection.models if _fits(f"{connection.name} {model.id}", wanted)]
        if found or not wanted:
            entries = tuple((model.id, _can(model)) for model in found[:most])
            yield ModelGroup(_title(connection), _about(connection), connection.ok, entries, max(0, len(found) - most))


def _draw(group: ModelGroup, place: int, chosen: str) -> None:
    if group.title:
        st.markdown(f"**{literal(group.title)}**")
    if group.title and group.about:
        st.caption(literal(group.about) if group.is_well else f":red[:material/error: {literal(group.about)}]")
    for model, can in group.entries:
        flat_button(
            literal(f"{model}  ·  {can}" if can else model),
            "check" if model == chosen else None,
            f"model-{place}-{model}",
            actions.choose_model,
            model,
        )
    if not group.title:
        st.caption(literal(group.about))
    if group.more:
        st.caption(t("… and {count} more", count=group.more))


def _fits(text: str, wanted: list[str]) -> bool:
    return all(word in text.lower() for word in wanted)


def _title(connection: ConnectionInfo) -> str:
    parts = (connection.name, connection.provider if connection.provider.lower() != connection.name else None)
    return " · ".join(filter(None, parts))


def _about(connection: ConnectionInfo) -> str:
    """Return what is wrong with a connection, or else what it cannot do."""
    if not connection.ok:
        fault = said((connection.detail or "It does not answer.").removeprefix("LLM processing failed: "))
        return fault[:1].upper() + fault[1:]
    without = [t("no {what}", what=what.replace("_", " ")) for what in connection.without]
    return ", ".join(without).capitalize()


def _can(model: ListedModelInfo) -> str:
    """Return how much a model can read, and what beside text it takes, as far as that is known."""
    window = model.window or 0
    reads = f"{window // _THOUSAND}k" if window >= _THOUSAND else str(window or "")
    pictures, sound = t("pictures") if model.images else "", t("sound") if model.audio else ""
    return " · ".join(filter(None, (reads, pictures, sound)))
