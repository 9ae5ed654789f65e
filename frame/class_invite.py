"""How students get in: the link, a QR code of it, and the code to type."""

from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from frame.class_buttons import copy_button
from frame.state import JOIN
from tl_core.class_secrets import spoken_code
from tl_core.classes import SchoolClass
from tl_core.language import _

_ONLY_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")


def page_address(page: str) -> str:
    """The address of a page as the visitor's browser names this server; "" is the first page."""
    here = urlsplit(st.context.url or "http://localhost:8501/class")
    folder = here.path.rstrip("/")
    if folder.rsplit("/", 1)[-1] == "class":
        folder = folder[: -len("class")].rstrip("/")
    return f"{here.scheme}://{here.netloc}{folder}/{page}"


def join_address(found: SchoolClass) -> str:
    return f"{page_address('class')}?{urlencode({JOIN: found.code})}"


def qr_svg(text: str) -> str:
    """A QR code on white with its quiet zone, so that it is read in a dark room too."""
    return segno.make(text, error="m", micro=False).svg_inline(scale=8, border=4, dark="#000000", light="#ffffff")


def show_invitation(found: SchoolClass, *, big: bool = False) -> None:
    """QR code, code to type and link."""
    address = join_address(found)
    st.image(qr_svg(address), width=340 if big else 210, alt=_("QR code of the join link {address}", address=address))
    code = spoken_code(found.code)
    words = _("Class code: {code}", code=f'<span translate="no">{code}</span>')
    st.html(
        f'<p style="margin:0;font-size:{"1.7rem" if big else "1.25rem"};font-weight:650;white-space:nowrap">{words}</p>'
    )
    st.code(address, language=None, wrap_lines=True)
    if big:
        return
    copy_button(_("Copy the join link"), address, done=_("Copied."), failed=_("Copy it by hand."), key="copy_join")
    warn_of(address)


def warn_of(address: str) -> None:
    """Says so where a link can be opened on this machine alone."""
    if urlsplit(address).hostname in _ONLY_HERE:
        st.info(
            _(
                "You have opened this page as '{host}', which leads nowhere from other machines. Start it with "
                "`scripts/app --server.address 0.0.0.0`, and open it by the name or the address of this machine in your network; "
                "links and QR codes then change. The file docs/teacher.md says more.",
                host=urlsplit(address).hostname,
            )
        )
