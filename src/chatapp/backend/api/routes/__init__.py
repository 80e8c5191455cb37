"""HTTP ⇄ function calls: one short function per endpoint."""

from chatapp.backend.api.routes import (
    attachments,
    conversations,
    docs,
    estimate,
    exports,
    health,
    imports,
    metrics,
    project_files,
    projects,
    query,
    shares,
    summaries,
    turns,
    usage,
)

ROUTERS = (
    query.questions,
    query.router,
    estimate.router,
    health.router,
    turns.router,
    conversations.router,
    projects.router,
    summaries.router,
    project_files.router,
    exports.router,
    attachments.router,
    imports.router,
    usage.router,
    shares.router,
    metrics.router,
    docs.router,
)
"""The most asked for first: they are tried in this order."""
