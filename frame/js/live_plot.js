// One figure, given by the page.
export default function ({ data: [data], parentElement }) {
  const plot = parentElement.querySelector(".tl-plot");
  parentElement.tlStop?.(); // see wake.js
  const again = () => draw(plot, data, inkOf(parentElement));
  again();
  parentElement.tlStop = keepScaled(plot, again);
  return () => { parentElement.tlStop(); window.Plotly?.purge(plot); };
}
