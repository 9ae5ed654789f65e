"""What the server says is sent at once.

asyncio turns Nagle's algorithm off for the connections it accepts, but not where the listening socket was made without naming
TCP, as Streamlit 1.67 makes it: then a small message waits until the one before it has been acknowledged, 40 ms on one machine
and longer over a school's wireless network. An answer's head and body are two such messages, and a page is a hundred.
"""

import asyncio.base_events
import socket

_FAMILIES = {socket.AF_INET, socket.AF_INET6}


def install() -> None:
    """For every connection that is accepted from now on."""
    asyncio.base_events._set_nodelay = _set_no_delay


def _set_no_delay(connection: socket.socket) -> None:
    if connection.family in _FAMILIES and connection.type == socket.SOCK_STREAM:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
