"""What browsers may ask the server for beside the pages."""

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frame.news import news

# Streamlit logs that no page is being drawn, which is as it should be here
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)


# What is live is imported with the first page: components must not be made before the server runs. Plain functions are called in
# threads, so that a database that does not answer holds up nobody else.


def live_run(request: Request) -> Response:
    from frame.live import answer
    from frame.live_run import look

    return answer(request, look)


def live_race(request: Request) -> Response:
    from frame.live import answer
    from frame.live_race import look

    return answer(request, look)


ROUTES = [Route("/live/race/{race_id}", live_race), Route("/live/{run_id}", live_run), Route("/news/{token}", news)]
