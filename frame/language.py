"""Which language a visitor reads: from the address (`lang=de`), else the browser's, until another one is chosen."""

import streamlit as st

from tl_core import language
from tl_core.language import ENGLISH, LANGUAGES

KEY = "language"


def follow_visitor() -> None:
    """Let every text be looked up in the language of the visitor whose page is being drawn."""
    language.choose_by(lambda: st.session_state.get(KEY, ENGLISH))
    if KEY not in st.session_state:
        asked = st.query_params.get("lang") or (st.context.locale or ENGLISH)
        code = asked.lower().replace("_", "-").split("-")[0]
        st.session_state[KEY] = code if code in LANGUAGES else ENGLISH
