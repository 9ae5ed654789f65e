"""Somebody who leaves while something is being sent to them is no error, and none is told at the server's console.

Streamlit 1.67 reads from such a connection once more, takes the refusal for a message of the wrong kind, and fails as it closes
what is closed.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Gone:
    """Around the whole server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what the app raises, but for a `RuntimeError` of a connection whose other end is gone."""
        is_gone = False

        async def send_if_there(message: Message) -> None:
            nonlocal is_gone
            try:
                await send(message)
            except OSError:
                is_gone = True
                raise

        try:
            await self._app(scope, receive, send_if_there if scope["type"] == "websocket" else send)
        except RuntimeError:
            if not is_gone:
                raise
