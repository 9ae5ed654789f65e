"""The dashboard: `streamlit run app.py`. Pages are in `pages/`, what they share in `frame/`, what they know in `tl_core/`."""

if __name__ == "__main__":  # Streamlit draws a page
    from frame import starting

    starting.wait()
    from frame.around import show

    show()
else:  # the web server, which Streamlit starts, imports this file once
    from pathlib import Path

    import streamlit as st
    from starlette.middleware import Middleware

    from frame import last_words, leaving, made_files, no_delay, starting
    from frame.gone import Gone
    from frame.routes import ROUTES

    made_files.install()
    last_words.install()
    leaving.install()
    no_delay.install()
    app = st.App(Path(__file__).resolve(), routes=ROUTES, middleware=[Middleware(Gone)], lifespan=starting.starting)
