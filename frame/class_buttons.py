"""Buttons that only the browser can obey: copy a text, fill the screen."""

from frame.browser import browser_part

_CSS = """
button { font: inherit; font-size: 0.95rem; padding: 0.35rem 0.8rem; border-radius: 6px; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color); border: 1px solid var(--st-border-color); }
button:hover, button:focus-visible { border-color: var(--st-primary-color); outline: 2px solid var(--st-primary-color); }
span { margin-left: 0.6rem; font-size: 0.95rem; color: var(--st-text-color); }
"""
# the old way is needed where the page comes by plain http, as in most classrooms
_COPY_JS = """
export default function ({ data: [data], parentElement }) {
  const button = parentElement.querySelector("button");
  const said = parentElement.querySelector("span");
  button.textContent = data.label;
  said.textContent = "";
  button.onclick = async () => {
    let done = false;
    try { await navigator.clipboard.writeText(data.text); done = true; } catch {
      const field = document.createElement("textarea");
      field.value = data.text;
      field.style.position = "fixed";
      field.style.opacity = "0";
      document.body.appendChild(field);
      field.select();
      done = document.execCommand("copy");
      field.remove();
      button.focus();
    }
    said.textContent = done ? data.done : data.failed;
  };
}
"""
_SCREEN_JS = """
export default function ({ data: [data], parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.();
  };
}
"""
_HTML = '<button type="button"></button><span role="status"></span>\n'
_copy = browser_part("tl_copy", html=_HTML, css=_CSS, js=_COPY_JS)
_screen = browser_part("tl_full_screen", html=_HTML, css=_CSS, js=_SCREEN_JS)


def copy_button(label: str, text: str, *, done: str, failed: str, key: str) -> None:
    """Copies `text`, and then says `done` or `failed`."""
    _copy(data={"label": label, "text": text, "done": done, "failed": failed}, key=key)


def full_screen_button(label: str, *, key: str) -> None:
    """Lets the page fill the screen, or not any more."""
    _screen(data={"label": label}, key=key, width="content")
