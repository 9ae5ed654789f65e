"""What browsers may ask the server for beside the pages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frame import news

# Streamlit logs that no page is being drawn, which is as it should be here
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)

# Answers are made in threads, so that a database that does not answer holds up no page; in few, since each that has ever been
# at work keeps memory (Starlette itself would begin forty).
_threads = ThreadPoolExecutor(4, thread_name_prefix="asked")


def _in_thread(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(_threads, answer, request)

    return endpoint


# What is live is imported with the first page: components must not be made before the server runs.


def live_run(request: Request) -> Response:
    from frame.live import answer
    from frame.live_run import look

    return answer(request, look)


def live_race(request: Request) -> Response:
    from frame.live import answer
    from frame.live_race import look

    return answer(request, look)


ROUTES = [
    Route(path, _in_thread(answer))
    for path, answer in {
        "/live/race/{race_id}": live_race,
        "/live/{run_id}": live_run,
        "/news/{token}": news.news,
    }.items()
]
