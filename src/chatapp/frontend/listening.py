"""What browsers say, heard by script runs that wait: Streamlit tells a run that it is to end only when that asks."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatapp.frontend.conversations.bell import browsers


class Listening:
    """ASGI middleware that rings a bell behind each message that a browser sends over its websocket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""

        async def receive_and_ring() -> Message:
            message = await receive()
            asyncio.get_running_loop().call_soon(browsers().ring)  # once Streamlit has taken it, in this same step
            return message

        await self._app(scope, receive_and_ring if scope["type"] == "websocket" else receive, send)
