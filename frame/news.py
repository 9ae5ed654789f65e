"""What the pages that are open wait for, and what their browsers hear when they ask: `GET /news/TOKEN`."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

MOST_PAGES = 5_000
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_awaited: OrderedDict[str, tuple[Callable[[], bool], ...]] = OrderedDict()
_lock = threading.Lock()


def await_news(token: str, conditions: tuple[Callable[[], bool], ...]) -> None:
    """From now on the page with this token waits for one of these to become true, and no longer for what it waited for before.

    They are asked often, so they look at what is at hand.
    """
    with _lock:
        _awaited[token] = conditions
        _awaited.move_to_end(token)
        while len(_awaited) > MOST_PAGES:
            _awaited.popitem(last=False)


def answer(token: str) -> Response:
    """200: draw the page again; 204: nothing yet; 404: this server does not know the page, which must be drawn again too."""
    with _lock:
        conditions = _awaited.get(token)
    if conditions is None:
        return Response(status_code=404, headers=_HEADERS)
    return Response(status_code=200 if any(happened() for happened in conditions) else 204, headers=_HEADERS)


def news(request: Request) -> Response:
    """See `answer`. For a thread: some conditions look at files."""
    return answer(request.path_params["token"])
