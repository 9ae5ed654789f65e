"""Connections that the server accepts send at once."""

import asyncio
import socket

import pytest

from frame import no_delay
from tests.loops import run_in_loop


async def accepted(listening: socket.socket) -> bool:
    """Whether the server's end of a connection sends at once."""
    found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        found.set_result(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    server = await asyncio.start_server(connected, sock=listening)
    async with server:
        _reader, writer = await asyncio.open_connection(*listening.getsockname()[:2])
        try:
            return await found
        finally:
            writer.close()
            await writer.wait_closed()


def test_a_connection_sends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.base_events._set_nodelay", asyncio.base_events._set_nodelay)  # as it is, afterwards
    no_delay.install()
    listening = socket.socket(socket.AF_INET)  # as Streamlit makes it
    listening.bind(("127.0.0.1", 0))
    assert run_in_loop(accepted(listening))
