// Fetches Plotly from this server once for the whole page; stands before the components that draw with it.
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

