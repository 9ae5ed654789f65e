// Fetches Plotly from this server once for the whole page; stands before the components that draw with it.
const plotlyAddress = () => new URL("app/static/plotly.min.js", document.baseURI.replace(/[^/]*$/, "")).href;
function load() {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.tlPlotly ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = plotlyAddress();
    script.onload = () => done(window.Plotly);
    script.onerror = () => { window.tlPlotly = null; failed(); };
    document.head.appendChild(script);
  });
  return window.tlPlotly;
}

