// The map of who won: shows it for the width there is, and says which cell was clicked.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-drawing");
  for (const which of ["wide", "tall"]) {
    const holder = root.querySelector(".tl-" + which);
    if (holder.dataset.svg !== data[which]) {
      holder.dataset.svg = data[which];
      holder.innerHTML = data[which];
    }
  }
  root.onclick = (event) => {
    const cell = event.target.closest("[data-cell]");
    if (!cell) return;
    setTriggerValue("pick", cell.dataset.cell);
    const runs = document.querySelector(data.target);
    if (runs && runs.getBoundingClientRect().top > window.innerHeight - 120) {
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      runs.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
    }
  };
}
