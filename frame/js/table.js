// A table of text: sorted by a click on a heading, rows ticked by their boxes. What stands in it is never read as HTML.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-table");
  const make = (tag, parent, values = {}) => parent.appendChild(Object.assign(document.createElement(tag), values));
  const active = root.getRootNode().activeElement;
  const focused = active?.dataset.focus, scrolled = [root.scrollLeft, root.scrollTop];
  root.tabIndex = 0; // it may have to be scrolled
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", data.label);

  const columns = data.columns.map((title, place) => ({
    title, number: data.rows.some(({ cells }) => cells[place].length > 1),
  }));
  let { column, down } = root.tlSort ?? {}; // by its heading: another page of the same table may have other columns
  const key = ([text, value], number) => (number ? value ?? -Infinity : text.toLocaleLowerCase());
  const order = () => {
    const place = data.columns.indexOf(column);
    if (place < 0) return data.rows;
    const { number } = columns[place];
    const compare = (a, b) => (number ? a - b : a.localeCompare(b, document.documentElement.lang || undefined, { numeric: true }));
    return [...data.rows].sort((a, b) => compare(key(a.cells[place], number), key(b.cells[place], number)) * (down ? -1 : 1));
  };

  const draw = () => {
    root.replaceChildren();
    const table = make("table", root);
    const head = make("tr", make("thead", table));
    if (data.ticks) make("span", make("th", head, { className: "tick", scope: "col" }), { className: "unseen", textContent: data.tick_heading });
    for (const { title, number } of columns) {
      const cell = make("th", head, { scope: "col", className: number ? "number" : "" });
      if (title === column) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const button = make("button", cell, { type: "button", textContent: title, title: data.sort.replace("{column}", title) });
      button.dataset.focus = "sort " + title;
      button.onclick = () => {
        // best first for numbers; then the other way round; then as it was
        if (title !== column) [column, down] = [title, number];
        else if (down === number) down = !down;
        else column = undefined;
        root.tlSort = { column, down };
        draw();
        [...root.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === button.dataset.focus)?.focus();
      };
    }
    const body = make("tbody", table);
    for (const { id, cells, ticked, tick } of order()) {
      const row = make("tr", body, { className: ticked ? "ticked" : "" });
      if (data.ticks) {
        const box = make("input", make("td", row, { className: "tick" }), { type: "checkbox", checked: ticked });
        box.setAttribute("aria-label", tick);
        box.dataset.focus = "tick " + id;
        box.onchange = () => {
          row.classList.toggle("ticked", box.checked);
          setTriggerValue("tick", id);
        };
      }
      cells.forEach(([text], place) => make("td", row, { textContent: text, className: columns[place].number ? "number" : "" }));
    }
  };
  draw();
  [root.scrollLeft, root.scrollTop] = scrolled;
  if (focused) [...root.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === focused)?.focus({ preventScroll: true });
}
