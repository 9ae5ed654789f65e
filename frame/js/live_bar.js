// How far it is, in a bar and in words, and what else must be known of it; has the page drawn again when a part of it is over.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  parentElement.tlStop?.(); // see wake.js
  const words = parentElement.querySelector(".tl-live-bar p");
  const bar = parentElement.querySelector("[role=progressbar]");
  const lines = parentElement.querySelector(".tl-live-lines");
  bar.setAttribute("aria-label", data.label);
  return parentElement.tlStop = follow(data.url, (state) => {
    if (state.over || state.done > data.done) setTriggerValue("over", true);
    if (state.text !== undefined) { // of a run that has ended: how, until the page is there that shows more
      words.textContent = state.text;
      // the next thing that is done begins at its beginning, and does not creep back to it
      bar.firstElementChild.style.transition = 100 * state.share < bar.getAttribute("aria-valuenow") - 1 ? "none" : "";
      bar.setAttribute("aria-valuenow", Math.round(100 * state.share));
      bar.firstElementChild.style.width = `${100 * state.share}%`;
    }
    if (state.over) return;
    const shown = JSON.stringify(state.lines ?? []);
    if (lines.dataset.shown === shown) return;
    lines.dataset.shown = shown;
    lines.replaceChildren(...(state.lines ?? []).map(({ kind, text }) => {
      const line = Object.assign(document.createElement("p"), { textContent: text, className: `tl-live-${kind}` });
      if (kind !== "note") line.setAttribute("role", "alert");
      return line;
    }));
  }, data.pressed);
}
