// Shows an SVG that Python drew and reports which of its parts, marked data-pick, was clicked or chosen with the keyboard.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-drawing");
  const focused = parentElement.activeElement?.closest?.("[data-pick]")?.dataset.pick
    ?? root.getRootNode().activeElement?.closest?.("[data-pick]")?.dataset.pick;
  for (const which of ["wide", "tall"]) {
    const holder = root.querySelector(".tl-" + which);
    const svg = data[which] || "";
    if (holder.dataset.svg !== svg) {
      holder.dataset.svg = svg;
      holder.innerHTML = svg;
      const again = focused && [...holder.querySelectorAll("[data-pick]")].find((part) => part.dataset.pick === focused);
      if (again && again.getBoundingClientRect().width > 0) again.focus();
    }
  }
  root.classList.toggle("tl-has-tall", Boolean(data.tall));
  const pick = (event) => {
    const part = event.target.closest("[data-pick]");
    if (part) setTriggerValue("pick", part.dataset.pick);
    return Boolean(part);
  };
  root.onclick = pick;
  root.onkeydown = (event) => {
    if ((event.key === "Enter" || event.key === " ") && pick(event)) event.preventDefault();
  };
}
