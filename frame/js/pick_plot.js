// Draws a Plotly figure, updates it in place, and says which cell of it was clicked.
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

export default function ({ data, parentElement, setTriggerValue }) {
  const plot = parentElement.querySelector(".tl-pick-plot");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", data.alt);
  plot.style.height = data.figure.layout.height + "px";
  load()
    .then((Plotly) => Plotly.react(plot, data.figure.data, data.figure.layout, { responsive: true, displayModeBar: false }))
    .then(() => {
      plot.removeAllListeners("plotly_click");
      plot.on("plotly_click", ({ points: [point] }) => setTriggerValue("pick", { x: point.x, y: point.y }));
    });
  return () => window.Plotly?.purge(plot);
}
