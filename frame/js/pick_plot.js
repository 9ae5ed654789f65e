// Draws a Plotly figure, updates it in place, and says which cell of it was clicked.
export default function ({ data: [data], parentElement, setTriggerValue }) {
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
