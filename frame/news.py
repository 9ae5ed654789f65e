"""What the pages that are open wait for, and what their browsers hear when they ask: `GET /news/TOKEN`."""

import secrets
from collections.abc import Callable
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Awaited:
    """What one open page waits for. The visitor's session keeps it; who has left for good is forgotten here too.

    `token`: how the browser calls the page. `conditions`: the page is drawn again when one of them becomes true. They are asked
    often, so they look at what is at hand.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.conditions: tuple[Callable[[], bool], ...] = ()
        _pages[self.token] = self


_pages: WeakValueDictionary[str, Awaited] = WeakValueDictionary()


def answer(token: str) -> Response:
    """200: draw the page again; 204: nothing yet; 404: this server does not know the page, which must be drawn again too."""
    page = _pages.get(token)
    if page is None:
        return Response(status_code=404, headers=_HEADERS)
    return Response(status_code=200 if any(happened() for happened in page.conditions) else 204, headers=_HEADERS)


def news(request: Request) -> Response:
    """See `answer`. For a thread: some conditions look at files."""
    return answer(request.path_params["token"])
