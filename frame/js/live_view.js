// The curves of what goes on, and the layers of a run where there is a place for them.
export default function ({ data: [data], parentElement }) {
  parentElement.tlStop?.(); // see wake.js
  const plots = [...parentElement.querySelectorAll(".tl-plot")];
  const drawing = parentElement.querySelector(".tl-drawing");
  const said = parentElement.querySelector("[role=status]");
  const caption = parentElement.querySelector(".tl-told");
  const put = (element, key, value, set) => {
    if (element.dataset[key] === value) return;
    element.dataset[key] = value;
    set(value);
  };
  let last = null;
  const show = (state) => {
    if (!state?.plots) return;
    last = state;
    const ink = inkOf(parentElement);
    for (const plot of plots) draw(plot, state.plots[plot.dataset.metric], ink);
    if (said) put(said, "text", state.fitting, (text) => { said.textContent = text; });
    if (!drawing) return;
    for (const which of ["wide", "tall"]) {
      const holder = drawing.querySelector(".tl-" + which);
      put(holder, "svg", state[which], (svg) => { holder.innerHTML = svg; });
    }
    drawing.classList.toggle("tl-has-tall", Boolean(state.tall));
    put(caption, "html", state.caption, (html) => { caption.innerHTML = html; });
  };
  // of a run that is over the state comes along: what was drawn while it went on stays where it is, and becomes that
  const unfollow = data.state ? () => {} : follow(data.url, show);
  if (data.state) show(data.state);
  const end = keepScaled(plots[0], () => last && show(last));
  parentElement.tlStop = () => { unfollow(); end(); };
  return () => { parentElement.tlStop(); for (const plot of plots) window.Plotly?.purge(plot); };
}
