"""HTTP ⇄ function calls: one short function per endpoint."""

from fastapi import APIRouter

from chatapp.backend.routes import ask, conversations, state, turns

router = APIRouter()
for part in (state, ask, turns, conversations):
    router.include_router(part.router)
