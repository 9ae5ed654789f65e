// Draws a Plotly figure and updates it in place, so that zoom and legend survive every new point.
// How much larger the type is in projector mode: see frame/projector.py.
const size = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--tl-big")) || 1;

function scaled(layout, times) {
  if (times === 1) return layout;
  layout.height *= times;
  layout.font = { ...layout.font, size: (layout.font?.size ?? 12) * times };
  for (const side of Object.keys(layout.margin ?? {})) layout.margin[side] *= times;
  const parts = [...(layout.annotations ?? []), layout.xaxis?.title, layout.yaxis?.title, layout.xaxis, layout.yaxis];
  for (const part of parts) {
    for (const name of ["font", "tickfont"]) if (part?.[name]?.size) part[name] = { ...part[name], size: part[name].size * times };
  }
  return layout;
}

// The drawing is an image with a text; the buttons of the mode bar beside it stay within reach of the keyboard.
function describe(plot, alt) {
  const [drawing, ...over] = plot.querySelectorAll("svg.main-svg");
  drawing?.setAttribute("role", "img");
  drawing?.setAttribute("aria-label", alt);
  for (const svg of over) svg.setAttribute("aria-hidden", "true");
}

export default function ({ data, parentElement }) {
  const plot = parentElement.querySelector(".tl-plot");
  const ink = getComputedStyle(parentElement).getPropertyValue("--st-text-color").trim();
  let times = null;
  const draw = () => {
    times = size();
    const layout = scaled(structuredClone(data.figure.layout), times);
    plot.style.height = layout.height + "px";
    if (ink) layout.font = { ...layout.font, color: ink };
    load().then(async (Plotly) => {
      await Plotly.react(plot, data.figure.data, layout, { responsive: true, displaylogo: false,
        modeBarButtonsToRemove: ["lasso2d", "select2d", "sendChartToCloud"], displayModeBar: "hover" });
      describe(plot, data.alt);
    });
  };
  draw();
  const watcher = new ResizeObserver(() => { if (times !== size()) draw(); });
  watcher.observe(plot);
  return () => { watcher.disconnect(); window.Plotly?.purge(plot); };
}
