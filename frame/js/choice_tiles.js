// Tiles of which one is chosen: a radio group, so that Tab reaches the chosen one and the arrow keys move on from there.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-choice");
  const make = (tag, parent, values) => parent.appendChild(Object.assign(document.createElement(tag), values));
  root.setAttribute("aria-label", data.label);
  root.style.setProperty("--columns", data.columns);
  root.style.setProperty("--few", data.few);
  const mark = (number) => {
    const known = data.tiles.some((tile) => tile.number === number);
    [...root.children].forEach((button, place) => {
      const chosen = button.dataset.number === String(number);
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen || (!known && place === 0) ? 0 : -1;
    });
  };
  const pick = (number) => {
    mark(number);
    setTriggerValue("pick", number);
  };
  const shown = JSON.stringify(data.tiles);
  if (root.dataset.shown !== shown) {
    const focused = [...root.children].findIndex((button) => button.matches(":focus"));
    root.dataset.shown = shown;
    root.replaceChildren();
    for (const { number, name, png, bar, word } of data.tiles) {
      const button = make("button", root, { type: "button", title: name });
      button.setAttribute("role", "radio");
      button.setAttribute("aria-label", name);
      button.dataset.number = number;
      if (png) make("img", button, { src: "data:image/png;base64," + png, alt: "" });
      else make("i", make("div", button, { className: "bar" }), {}).style.height = `${100 * (bar ?? 0)}%`;
      if (word) make("span", button, { textContent: word });
    }
    if (focused >= 0) root.children[Math.min(focused, root.children.length - 1)]?.focus();
  }
  [...root.children].forEach((button, place) => {
    const number = Number(button.dataset.number);
    button.onclick = () => pick(number);
    button.onkeydown = (event) => {
      const last = root.children.length - 1;
      const to = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = root.children[(to + last + 1) % (last + 1)];
      next.focus();
      pick(Number(next.dataset.number));
    };
  });
  mark(data.chosen);
}
