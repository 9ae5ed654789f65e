// A table of text: sorted by a click on a heading, rows ticked by their boxes. What stands in it is never read as HTML.
const ANSWER = 5_000; // milliseconds in which the server is to say that it has heard of ticks
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-table");
  const make = (tag, parent, values = {}) => parent.appendChild(Object.assign(document.createElement(tag), values));
  const focusable = () => [...root.querySelectorAll("[data-focus]")];
  const focused = root.getRootNode().activeElement?.dataset.focus, scrolled = [root.scrollLeft, root.scrollTop];
  root.tabIndex = 0; // it may have to be scrolled
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", data.label);

  const columns = data.columns.map((title, place) => ({
    title, number: data.rows.some(({ cells }) => cells[place].length > 1),
  }));
  let { column, down } = root.tlSort ?? {}; // by its heading: the next rows may have other columns
  const order = () => {
    const place = data.columns.indexOf(column);
    if (place < 0) return data.rows;
    const { number } = columns[place];
    const key = ({ cells: { [place]: [text, value] } }) => (number ? value ?? null : text);
    const compare = (a, b) => (number ? a - b : a.localeCompare(b, document.documentElement.lang || undefined, { numeric: true }));
    return [...data.rows].sort((one, other) => {
      const a = key(one), b = key(other);
      if (a === null || b === null) return (a === null) - (b === null); // what is not there comes last, either way
      return compare(a, b) * (down ? -1 : 1);
    });
  };

  // ticks that the server has not heard of yet stay, whatever it draws meanwhile
  const told = data.rows.filter(({ ticked }) => ticked).map(({ id }) => id);
  const waits = root.tlTicked && performance.now() < root.tlTicked.until && String([...told].sort()) !== String([...root.tlTicked.ids].sort());
  if (!waits) root.tlTicked = null;
  const ticked = new Set(root.tlTicked?.ids ?? told);
  const tick = (id, on) => {
    if (on) ticked.add(id);
    else ticked.delete(id);
    root.tlTicked = { ids: [...ticked], until: performance.now() + ANSWER };
    setTriggerValue("ticked", root.tlTicked.ids);
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
        // the largest number, or the first word, on top; then the other way round; then as it was
        if (title !== column) [column, down] = [title, number];
        else if (down === number) down = !down;
        else column = undefined;
        root.tlSort = { column, down };
        draw();
        focusable().find((one) => one.dataset.focus === button.dataset.focus)?.focus();
      };
    }
    const body = make("tbody", table);
    for (const { id, cells, tick: words } of order()) {
      const row = make("tr", body, { className: ticked.has(id) ? "ticked" : "" });
      if (data.ticks) {
        const box = make("input", make("td", row, { className: "tick" }), { type: "checkbox", checked: ticked.has(id) });
        box.setAttribute("aria-label", words);
        box.dataset.focus = "tick " + id;
        box.onchange = () => {
          row.classList.toggle("ticked", box.checked);
          tick(id, box.checked);
        };
      }
      cells.forEach(([text], place) => {
        const kind = place ? "td" : "th"; // the first cell names the row
        make(kind, row, { textContent: text, className: columns[place].number ? "number" : "", ...(place ? {} : { scope: "row" }) });
      });
    }
  };
  draw();
  [root.scrollLeft, root.scrollTop] = scrolled;
  if (focused) focusable().find((one) => one.dataset.focus === focused)?.focus({ preventScroll: true });
}
