"""What browsers may ask the server for beside the pages."""

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frame.news import news

# Streamlit logs that no page is being drawn, which is as it should be here
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)


def live(request: Request) -> Response:
    """See `frame.live_run.answer`, which is imported with the first page: components must not be made before the server runs.

    A plain function, so that the server calls it in a thread: a database that does not answer holds up nobody else.
    """
    from frame.live_run import answer

    return answer(request)


ROUTES = [Route("/live/{run_id}", live), Route("/news/{token}", news)]
