// Draws Plotly figures and updates them in place, so that zoom and legend survive every new point; stands before the components
// that have such figures.
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

// Draw `figure` in the element `plot`; `ink` is the colour of the text.
function draw(plot, { figure, alt }, ink) {
  const layout = scaled(structuredClone(figure.layout), size());
  plot.style.height = layout.height + "px";
  if (ink) layout.font = { ...layout.font, color: ink };
  return load().then(async (Plotly) => {
    await Plotly.react(plot, figure.data, layout, { responsive: true, displaylogo: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "sendChartToCloud"], displayModeBar: "hover" });
    describe(plot, alt);
  });
}

const inkOf = (element) => getComputedStyle(element).getPropertyValue("--st-text-color").trim();

// Draw again what `drawn()` says when the size of the type changes; returns what ends that.
function keepScaled(plot, again) {
  let times = size();
  const watcher = new ResizeObserver(() => { if (times !== size()) { times = size(); again(); } });
  watcher.observe(plot);
  return () => watcher.disconnect();
}
