"""The routers of the API, in the order in which they are tried: the most asked for first."""

from fastapi import APIRouter

from chatapp.backend.api.routes import conversations, health, query, turns

ASKED_FIRST = (query.questions, query.router, health.router, turns.router, conversations.router)
"""What a question, a list of conversations and whoever waits for the backend ask for."""


def all_routers() -> tuple[APIRouter, ...]:
    """Return all of them; the others are loaded now."""
    from chatapp.backend.api.routes import (  # noqa: PLC0415 - a tenth of the way to the first answer
        attachments,
        docs,
        estimate,
        exports,
        imports,
        metrics,
        project_files,
        projects,
        shares,
        summaries,
        usage,
    )

    return (
        query.questions, query.router, estimate.router, health.router, turns.router, conversations.router,
        projects.router, summaries.router, project_files.router, exports.router, attachments.router, imports.router,
        usage.router, shares.router, metrics.router, docs.router,
    )  # fmt: skip
