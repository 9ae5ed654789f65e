"""The frame of the dashboard: `streamlit run app.py`. Pages are in `pages/`, everything they know is in `tl_core/`."""

import streamlit as st

from frame import components, entry, language, services, shelf, state
from frame.text import plain
from tl_core.paths import ASSETS

st.set_page_config(page_title="Transfer learning, measured", page_icon=str(ASSETS / "icon.svg"), layout="wide")

language.follow_visitor()
PAGES = {  # each url_path equals its file's name: see frame.entry
    "cases": st.Page("pages/1_cases.py", title="The four cases", url_path="cases", default=True),
    "train": st.Page("pages/2_train.py", title="Train", url_path="train"),
    "images": st.Page("pages/3_images.py", title="My images", url_path="images"),
    "rule": st.Page("pages/4_rule.py", title="Does the rule hold?", url_path="rule"),
    "evidence": st.Page("pages/5_evidence.py", title="Evidence", url_path="evidence"),
}

page = st.navigation(list(PAGES.values()), position="top")
st.session_state.pages = PAGES
st.html(ASSETS / "style.css")
components.provide_plotly()
components.remember_visitor(services.owner())
services.get_engine()
shelf.watch_shelf()
for note in state.read_url():
    st.warning(plain(note))
entry.announce()
page.run()
state.write_url()
