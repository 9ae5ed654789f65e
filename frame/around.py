"""What stands around every page: the menu, the tools, the class, the address. Pages are in `pages/`."""

import streamlit as st
from sqlalchemy.exc import DBAPIError

from frame import class_banner, class_store, components, entry, language, outage, services, shelf, state, tools, wake
from frame.agreed import disagree
from frame.presses import forget_unasked
from frame.text import plain
from tl_core.language import _
from tl_core.paths import ASSETS


def show() -> None:
    """Draw the page that the visitor has come to; called by `app.py` for every full run."""
    language.follow_visitor()
    st.set_page_config(page_title=_("Transfer learning, measured"), page_icon=str(ASSETS / "icon.svg"), layout="wide")

    pages = {  # each url_path equals its file's name: see frame.entry
        "cases": st.Page("pages/1_cases.py", title=_("The four cases"), url_path="cases", default=True),
        "tour": st.Page("pages/9_tour.py", title=_("Tour"), url_path="tour"),
        "train": st.Page("pages/2_train.py", title=_("Train"), url_path="train"),
        "race": st.Page("pages/7_race.py", title=_("Race"), url_path="race"),
        "inside": st.Page("pages/6_inside.py", title=_("Look inside"), url_path="inside"),
        "images": st.Page("pages/3_images.py", title=_("My images"), url_path="images"),
        "rule": st.Page("pages/4_rule.py", title=_("Does the rule hold?"), url_path="rule"),
        "evidence": st.Page("pages/5_evidence.py", title=_("Evidence"), url_path="evidence"),
        "class": st.Page("pages/8_class.py", title=_("Class"), url_path="class"),
    }

    page = st.navigation(list(pages.values()), position="top")
    st.session_state.pages = pages
    if st.session_state.get("page_before") != page.url_path:
        disagree()
        st.session_state.page_before = page.url_path
    st.html(ASSETS / "style.css")
    language.choose_language()
    components.provide_plotly()
    components.remember_visitor(services.owner(), draws=page.url_path in ("train", "race", "class"))
    try:
        with class_store.one_look():
            services.get_engine()
            wake.begin()
            shelf.watch_shelf()
            with st.container():
                for note in state.read_url():
                    st.warning(plain(note))
            tools.show_tools(page.url_path)
            class_banner.show_banner()
            entry.announce()
            page.run()
            forget_unasked()
            state.write_url()
            wake.listen()
    except DBAPIError as error:
        outage.show_outage(error)
