"""Pictures as tiles: a class's own, which can be deleted one by one, and the few that a sentence is about."""

import base64
from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from frame.browser import browser_part
from tl_core.data.batch import Pictures
from tl_core.language import _

_CSS = """
.tl-tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(76px, 1fr)); gap: 8px; }
.tl-tiles figure { position: relative; margin: 0; min-width: 0; }
.tl-tiles img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px; }
.tl-tiles button { position: absolute; top: 2px; right: 2px; width: 26px; height: 26px; padding: 0; border: 0;
  border-radius: 13px; font: 17px/26px sans-serif; color: #fff; background: rgba(20, 25, 30, 0.72); cursor: pointer; opacity: 0; }
.tl-tiles figure:hover button, .tl-tiles button:focus-visible { opacity: 1; }
.tl-tiles button:hover { background: #b3261e; }
.tl-pager { display: flex; gap: 10px; align-items: center; margin-top: 6px; font-size: 0.85rem; }
.tl-pager button { font: inherit; color: inherit; background: none; cursor: pointer; border-radius: 4px; padding: 2px 10px;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.tl-pager button:disabled { opacity: 0.35; cursor: default; }
@media (hover: none) { .tl-tiles button { opacity: 1; } }
"""
_JS = """
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-set");
  const shown = JSON.stringify(data);
  if (root.dataset.shown === shown) return;
  root.dataset.shown = shown;
  const make = (tag, parent, values) => parent.appendChild(Object.assign(document.createElement(tag), values));
  root.replaceChildren();
  const tiles = make("div", root, { className: "tl-tiles" });
  for (const { number, source, name } of data.tiles) {
    const figure = make("figure", tiles, {});
    make("img", figure, { src: source, alt: name, title: name });
    const button = make("button", figure, { type: "button", textContent: "\\u00d7", title: data.words.delete });
    button.setAttribute("aria-label", data.words.deleteOne.replace("{name}", name));
    button.onclick = () => { figure.style.opacity = 0.3; button.disabled = true; setTriggerValue("remove", number); };
  }
  if (data.pages > 1) {
    const pager = make("div", root, { className: "tl-pager" });
    const turn = (text, label, to) => {
      const button = make("button", pager, { type: "button", textContent: text, disabled: to < 0 || to >= data.pages });
      button.setAttribute("aria-label", label);
      button.onclick = () => setTriggerValue("turn", to);
    };
    turn("\\u2039", data.words.earlier, data.page - 1);
    make("span", pager, { textContent: data.range });
    turn("\\u203a", data.words.later, data.page + 1);
  }
}
"""
_tiles = browser_part("tl_tiles", html='<div class="tl-set"></div>', css=_CSS, js=_JS)


def picture_tiles(
    pictures: Pictures, numbers: Sequence[int], *, key: str, page_size: int, on_remove: Callable[[int], None]
) -> None:
    """One page of pictures with buttons to turn the page, and on each tile one to delete it, which calls `on_remove`."""
    pages = max(1, -(-len(numbers) // page_size))
    page = min(st.session_state.get(f"{key}_page", 0), pages - 1)
    shown = numbers[page * page_size : (page + 1) * page_size]

    def picked(name: str) -> int | None:
        value = (st.session_state.get(key) or {}).get(name)
        return int(value) if isinstance(value, int | float) else None

    def removed() -> None:
        if picked("remove") in numbers:
            on_remove(picked("remove"))

    def turned() -> None:
        st.session_state[f"{key}_page"] = max(0, min(picked("turn") or 0, pages - 1))

    first = page * page_size + 1
    data = {
        "tiles": [{"number": n, "source": _source(pictures, n), "name": pictures[n].name} for n in shown],
        "page": page,
        "pages": pages,
        "range": _("{first:,} to {last:,} of {n:,}", first=first, last=first + len(shown) - 1, n=len(numbers)),
        "words": {
            "delete": _("Delete this picture"),
            "deleteOne": _("Delete {name}"),
            "earlier": _("Earlier pictures"),
            "later": _("Later pictures"),
        },
    }
    _tiles(data=data, key=key, on_remove_change=removed, on_turn_change=turned)


def show_pictures(pictures: Pictures, numbers: Sequence[int], words: Sequence[str]) -> None:
    """A row of small pictures with a word under each."""
    figures = "".join(
        f'<figure><img alt="{escape(pictures[n].name)}" title="{escape(pictures[n].name)}" src="{_source(pictures, n)}">'
        f"<figcaption>{escape(word)}</figcaption></figure>"
        for n, word in zip(numbers, words, strict=True)
    )
    st.html(_ROW_STYLE + f'<div class="tl-row">{figures}</div>')


def _source(pictures: Pictures, number: int) -> str:
    try:
        data = pictures.thumbnail(number).read_bytes()
    except OSError:
        data = b""
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


_ROW_STYLE = """<style>
.tl-row { display: grid; grid-template-columns: repeat(auto-fill, minmax(64px, 72px)); gap: 8px; }
.tl-row figure { margin: 0; min-width: 0; }
.tl-row img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px; }
.tl-row figcaption { font-size: 0.78rem; opacity: 0.8; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>"""
