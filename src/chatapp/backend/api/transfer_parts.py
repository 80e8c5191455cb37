"""What takes in exports of others and hands out ours, for the endpoints: made with them, as most starts do without."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.datastructures import State

from chatapp.backend.api.dependencies import part
from chatapp.backend.telemetry.metrics import SHARED_FOLDER
from chatapp.backend.transfer.export_desk import ExportDesk
from chatapp.backend.transfer.exporters import Exports
from chatapp.backend.transfer.import_board import ImportBoard
from chatapp.backend.transfer.import_desk import ImportDesk
from chatapp.backend.transfer.importers import Imports
from chatapp.config import environment

CurrentExportDesk = Annotated[ExportDesk, Depends(part("export_desk"))]
CurrentExports = Annotated[Exports, Depends(part("exports"))]
CurrentImportDesk = Annotated[ImportDesk, Depends(part("import_desk"))]


def add_desks(state: State) -> None:
    """Add to the `state` of an application what these ask for; its `transfer_desks` are to be closed."""
    store, shared = state.store, environment.value(SHARED_FOLDER)
    state.exports = Exports(store.conversations, store.messages, store.attachments)
    state.export_desk = ExportDesk(state.exports, is_closing=lambda: state.turns.is_closing)
    board = ImportBoard(Path(shared) if shared else None)
    imports = Imports(
        store.database, state.attachment_desk.keep, state.settings.max_attachment_bytes, state.project_desk.fill
    )
    state.import_desk = ImportDesk(imports, is_closing=lambda: state.turns.is_closing, board=board)
    state.transfer_desks = [state.export_desk, state.import_desk]
