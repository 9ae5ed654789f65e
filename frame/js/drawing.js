// Shows an SVG that Python drew, swaps it without a flicker, and reports where it was clicked.
export default function ({ data: [data], parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tl-drawing");
  root.classList.toggle("tl-pickable", Boolean(data.pickable));
  root.classList.toggle("tl-has-tall", Boolean(data.tall));
  root.tlShow = (drawn) => {
    for (const which of ["wide", "tall"]) {
      const holder = root.querySelector(".tl-" + which);
      const svg = drawn[which] || "";
      if (holder.tlSvg !== svg) {
        holder.tlSvg = svg;
        holder.innerHTML = svg;
      }
    }
  };
  root.tlShow(data);
  root.tlDrawn = data;
  document.dispatchEvent(new Event("tl-drawn"));
  root.onclick = !data.pickable ? null : (event) => {
    const svg = root.querySelector(".tl-wide svg");
    const box = svg.getBoundingClientRect();
    setTriggerValue("pick", {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
    });
  };
}
