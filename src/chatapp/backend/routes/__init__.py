"""HTTP ⇄ function calls: one short function per endpoint."""

from chatapp.backend.routes import ask, conversations, imports, state, turns

ROUTERS = (ask.questions, ask.router, state.router, turns.router, conversations.router, imports.router)
"""The most asked for first: they are tried in this order."""
