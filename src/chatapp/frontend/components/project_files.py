"""The files of a project in its dialog: dropped, listed and removed."""

import streamlit as st

from chatapp.frontend.components.buttons import flat_button
from chatapp.frontend.languages.words import said, t
from chatapp.frontend.markdown.rendering import literal
from chatapp.frontend.session import project_actions, state
from chatapp.protocol.project_resources import ProjectFileInfo, ProjectInfo

_MOST_SHOWN = 50
_MEGABYTE = 1024 * 1024


def project_files(project: ProjectInfo) -> None:
    """Draw the place to drop files, and those there are."""
    drop = state.view().project_drop
    field = f"project-drop-{project.id}-{drop.number}"
    with st.container(key="project-files", gap="small"):
        st.file_uploader(
            t("Files"),
            key=field,
            accept_multiple_files=True,
            max_upload_size=max(1, state.settings().max_attachment_bytes // _MEGABYTE),
            help=t(
                "Their text goes along with each conversation of the project: all of it while the model can read it, "
                "else the parts that fit the question. Pictures and sound go along while they fit, to models that take "
                "them."
            ),
            on_change=project_actions.add_files,
            args=(project.id, field),
        )
        files = project_actions.files_of(project.id)
        if files:
            st.caption(_together(files))
        for file in files[:_MOST_SHOWN]:
            _row(project, file)
        if len(files) > _MOST_SHOWN:
            st.caption(t("and {count} more", count=len(files) - _MOST_SHOWN))


def _together(files: tuple[ProjectFileInfo, ...]) -> str:
    tokens = sum(file.tokens for file in files)
    return t(
        "{count} file, about {tokens} tokens",
        plural="{count} files, about {tokens} tokens",
        count=len(files),
        tokens=tokens,
    )


def _row(project: ProjectInfo, file: ProjectFileInfo) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"project-file-{file.id}"):
        st.markdown(literal(file.name), width="stretch")
        flat_button(
            literal(t("Remove {name}", name=file.name)),
            "close",
            f"project-remove-{file.id}",
            project_actions.remove_file,
            project.id,
            file.id,
        )
    for note in file.notes:
        st.caption(literal(said(note)))
