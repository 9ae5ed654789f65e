// Shows an SVG that Python drew, swaps it without a flicker, and reports where it was clicked.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-drawing");
  root.classList.toggle("tl-pickable", Boolean(data.pickable));
  for (const which of ["wide", "tall"]) {
    const holder = root.querySelector(".tl-" + which);
    const svg = data[which] || "";
    if (holder.dataset.svg !== svg) {
      holder.dataset.svg = svg;
      holder.innerHTML = svg;
    }
  }
  root.classList.toggle("tl-has-tall", Boolean(data.tall));
  root.onclick = !data.pickable ? null : (event) => {
    const svg = root.querySelector(".tl-wide svg");
    const box = svg.getBoundingClientRect();
    setTriggerValue("pick", {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
    });
  };
}
