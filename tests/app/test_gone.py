"""Who leaves while something is being sent leaves no error behind; other errors are told."""

from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from frame.gone import Gone
from tests.loops import run_in_loop

SCOPE = {"type": "websocket", "path": "/", "headers": [], "subprotocols": []}


async def send_then_read(socket: WebSocket) -> None:
    """As Streamlit does."""
    await socket.accept()
    try:
        await socket.send_bytes(b"a page")
    except WebSocketDisconnect:
        pass
    try:
        await socket.receive_bytes()
    except RuntimeError:
        await socket.close()


async def serve(endpoint: Callable[[WebSocket], Awaitable[None]], leaves: bool) -> list[str]:
    """What is sent to somebody who `leaves` before the first message."""
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"} if not sent else {"type": "websocket.receive", "bytes": b"a click"}

    async def send(message: Message) -> None:
        if leaves and sent:
            raise OSError("gone")
        sent.append(message["type"])

    async def app(scope, receive, send) -> None:
        await endpoint(WebSocket(scope, receive, send))

    await Gone(app)(SCOPE, receive, send)
    return sent


def test_who_has_left_is_no_error() -> None:
    assert run_in_loop(serve(send_then_read, leaves=True)) == ["websocket.accept"]
    assert run_in_loop(serve(send_then_read, leaves=False)) == ["websocket.accept", "websocket.send"]


def test_what_fails_for_another_reason_is_told() -> None:
    async def fail(socket: WebSocket) -> None:
        await socket.accept()
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        run_in_loop(serve(fail, leaves=False))
