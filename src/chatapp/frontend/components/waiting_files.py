"""Files that wait for their question, or went along with one: what a model gets of each, and a look at it."""

import base64
from collections.abc import Sequence

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.of_divisions import chosen_divisions, counted_divisions, name_of_divisions
from chatapp.frontend.languages.words import figures, said, t, words
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import actions, own_backend, state
from chatapp.frontend.session.backend import preview_of
from chatapp.protocol.resources import AttachmentInfo, AttachmentPreview
from chatapp.protocol.wording import later

MOST_OFFERS = 3

_ICONS = {"image": ":material/image:", "audio": ":material/graphic_eq:"}
_GETS = {
    "image": later("The model gets the picture, about {count} tokens."),
    "audio": later("The model gets the sound, about {count} tokens."),
}
_TEXT = later("The model gets its text, about {count} tokens.")
_TOO_LONG = later("{model} reads {count} at most: it gets the parts that fit the question.")
_UNSEEN = later("No other model here is known to. Take them away, or ask once more to send them all the same.")
_PREVIEW_PX, _WIDE_PX = 320, 640


def waiting_files(files: Sequence[AttachmentInfo]) -> None:
    """Draw the files, each with a look at it, and say whether the model takes them."""
    with st.container(horizontal=True, gap="xsmall", key="waiting"):
        for place, file in enumerate(files):
            icon = _ICONS.get(file.kind, ":material/description:")
            with st.popover(literal(_label(file)), icon=icon, type="tertiary", key=f"file-{place}-{file.id}"):
                _about(file, place)
        flat_button(t("Leave them out"), "close", "drop", actions.drop_files)
    for file in files:
        for note in file.notes:
            st.caption(literal(f"{file.name}: {said(note)}"))
    if any(file.kind == "image" for file in files):
        _warn_of_blindness()


def _label(file: AttachmentInfo) -> str:
    parts = chosen_divisions(file, words()) or counted_divisions(file, words())
    told = filter(None, (file.name, parts, figures(file.shown_size)))
    return " · ".join(map(words().isolated, told))


def show_file(file: AttachmentInfo) -> None:
    """Lay over the page what a model got of a file."""
    st.dialog(literal(_label(file)), width="large")(_look)(file, _WIDE_PX)


def _about(file: AttachmentInfo, place: int) -> None:
    """Draw what a model gets of a file, and where pages of it can be chosen."""
    if file.pages is not None and file.pages > 1:
        _choice(file, place)
    _look(file, _PREVIEW_PX)


def _look(file: AttachmentInfo, size_px: int) -> None:
    preview = preview_of(
        state.settings().backend_url, api_key=state.api_key(), attachment_id=file.id, pages=file.chosen
    )
    if preview is None:
        st.caption(t("It cannot be shown now."))
        return
    st.caption(literal(_gets(file, preview)))
    if preview.picture:
        st.image(base64.b64decode(preview.picture.partition(",")[2]), width=size_px)
    if preview.text:
        st.code(preview.text, language=None, wrap_lines=True, height=size_px)


def _choice(file: AttachmentInfo, place: int) -> None:
    field = f"pages-{place}-{file.id}"
    st.text_input(
        name_of_divisions(file, words()),
        file.chosen or "",
        key=field,
        placeholder=t("All of them, or some, such as 2-5, 8"),
        on_change=actions.choose_pages,
        args=(place, field),
    )


def _gets(file: AttachmentInfo, preview: AttachmentPreview) -> str:
    """Return what a model gets of a file and how much that is, as a sentence."""
    said = t(_GETS.get(file.kind, _TEXT), count=preview.tokens)
    listing, model = own_backend.models(), own_backend.answering_model()
    window = listing.window_of(model) if listing is not None and model else None
    if window is not None and preview.tokens > window and file.kind == "text":
        said += " " + t(_TOO_LONG, model=model, count=window)
    return said


def _warn_of_blindness() -> None:
    """Say that the model takes no pictures, where that is known, and offer some that do."""
    listing, model = own_backend.models(), own_backend.answering_model()
    if listing is None or not model or listing.takes_images(model) is not False:
        return
    names = listing.taking_images()[:MOST_OFFERS]
    rest = t("Which is to answer?") if names else t(_UNSEEN)
    with st.container(key="blind", gap="small"):
        st.warning(f"{t('{model} takes no pictures.', model=literal(model))} {rest}", icon=":material/visibility_off:")
        with st.container(horizontal=True, gap="small"):
            for name in names:
                st.button(literal(name), key=f"seeing-{name}", on_click=actions.choose_model, args=(name,))
