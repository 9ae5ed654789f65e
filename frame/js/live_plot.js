// Draws a Plotly figure and updates it in place, so that zoom and legend survive every new point.
let loading = null;
function load() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = new URL("app/static/plotly.min.js", document.baseURI.replace(/[^/]*$/, "")).href;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; failed(); };
    document.head.appendChild(script);
  });
  return loading;
}

export default function ({ data, parentElement }) {
  const plot = parentElement.querySelector(".tl-plot");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", data.alt);
  plot.style.height = data.figure.layout.height + "px";
  const ink = getComputedStyle(parentElement).getPropertyValue("--st-text-color").trim();
  const layout = structuredClone(data.figure.layout);
  if (ink) layout.font = { ...layout.font, color: ink };
  load().then((Plotly) => Plotly.react(plot, data.figure.data, layout, { responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d"], displayModeBar: "hover" }));
  return () => window.Plotly?.purge(plot);
}
