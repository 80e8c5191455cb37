"""`chatapp export`, `import`, `backup` and `restore` as typer reads them."""

from chatapp.cli.parameters import AsJson, BackendUrl, BackupFile, Exported, ExportFormatName, Imported, NewFile, Yes


def export(file: Exported, *, format: ExportFormatName = None, backend_url: BackendUrl = None) -> None:  # noqa: A002
    """Write all conversations into one file: a zip that `chatapp import` takes in, Markdown, or one HTML page."""
    from chatapp.cli.export import run

    run(file, as_format=format, backend_url=backend_url)


def import_(files: Imported, *, json: AsJson = False, backend_url: BackendUrl = None) -> None:
    """Add the conversations of an export of ChatGPT, Claude, chatapp and others. Twice adds nothing twice."""
    from chatapp.cli.imports import run

    run(files, as_json=json, backend_url=backend_url)


def backup(file: NewFile) -> None:
    """Copy the whole store into one file, also while the backend runs."""
    from chatapp.cli.backup import run_backup

    run_backup(file)


def restore(file: BackupFile, *, yes: Yes = False) -> int:
    """Put a backup in the place of the store, after a look at both. What was there is kept beside it."""
    from chatapp.cli.backup import run_restore

    return run_restore(file, is_sure=yes)
