"""Asking a route as a browser with a cookie does."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from frame.services import VISITOR_COOKIE


def ask_route(
    route: Callable[[Request], Response], path: str, visitor: str | None, query: dict[str, str], **params: str
) -> Response:
    """`visitor`: the cookie's value, None without a cookie; `params`: what the route takes out of the path."""
    headers = [(b"cookie", f"{VISITOR_COOKIE}={visitor}".encode())] if visitor is not None else []
    scope = {"type": "http", "method": "GET", "path": path, "path_params": params, "headers": headers}
    return route(Request({**scope, "query_string": urlencode(query).encode()}))
