// One figure, given by the page.
export default function ({ data, parentElement }) {
  const plot = parentElement.querySelector(".tl-plot");
  const again = () => draw(plot, data, inkOf(parentElement));
  again();
  const end = keepScaled(plot, again);
  return () => { end(); window.Plotly?.purge(plot); };
}
