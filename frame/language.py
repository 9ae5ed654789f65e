"""Which language a visitor reads: from the address (`lang=de`), else the browser's, until another one is chosen."""

import threading

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from frame.agreed import disagree
from tl_core import language
from tl_core.language import ENGLISH, LANGUAGES

KEY = "language"
PARAMETER = "lang"

_STYLE = """<style>
.st-key-language { position: fixed; top: 0.775rem; right: 3.4rem; z-index: 999991; width: auto; }
.st-key-language button { min-height: 2.2rem; padding: 0 0.5rem; background: var(--st-background-color); }
</style>"""


# A thread draws for one visitor; the state of a session is slow to ask, for hundreds of texts
_drawing = threading.local()


def follow_visitor() -> None:
    """Let every text be looked up in the language of the visitor whose page is being drawn; threads speak English."""
    language.choose_by(_of_visitor)
    if KEY not in st.session_state:
        st.session_state[KEY] = _code(st.query_params.get(PARAMETER) or _browsers())
    _drawing.context = None


def choose_language() -> None:
    """A small button for each other language, at the upper right of every page."""
    with st.container(key="language", width="content"):
        st.html(_STYLE)
        for code, name in LANGUAGES.items():
            if code != language.language():
                st.button(name, key=f"language_{code}", type="tertiary", on_click=_change, args=(code,))


def in_address() -> str | None:
    """The language to be put into the address: none where the browser asks for it anyway."""
    code = language.language()
    return code if code != _code(_browsers()) else None


def _of_visitor() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return ENGLISH
    if getattr(_drawing, "context", None) is not context:
        _drawing.code, _drawing.context = st.session_state.get(KEY, ENGLISH), context
    return _drawing.code


def _browsers() -> str:
    return st.context.locale or ENGLISH


def _code(asked: str) -> str:
    code = asked.lower().replace("_", "-").split("-")[0]
    return code if code in LANGUAGES else ENGLISH


def _change(code: str) -> None:
    st.session_state[KEY] = code
    _drawing.context = None
    disagree()
