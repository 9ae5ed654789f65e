// Follows a run or a race: asks the server for its state and hands it to every part of the page that shows it.
const OFTEN = 500, SELDOM = 1000, HIDDEN = 3000; // milliseconds between two questions; the last also when it is over
function follow(address, hear) {
  const url = new URL(address, document.baseURI.replace(/[^/]*$/, "")).href;
  const all = (window.tlLive ??= new Map());
  const one = all.get(url) ?? { hearers: new Set(), version: "", state: null, timer: null };
  const ask = async () => {
    let wait = OFTEN;
    try {
      const answer = await fetch(`${url}&known=${one.version}`, { cache: "no-store", credentials: "same-origin" });
      if (answer.headers.get("X-Crowd") === "1") wait = SELDOM;
      if (answer.status === 404) one.state = { over: true };
      else if (answer.status !== 204) {
        const state = await answer.json();
        one.version = answer.headers.get("X-Version") ?? "";
        one.state = answer.ok ? state : { ...one.state, lines: [{ kind: "error", text: state.error }] };
      }
      // that it is over is said until the page is drawn without this
      if (answer.status !== 204 || one.state?.over) for (const each of one.hearers) each(one.state);
    } catch { // the server is away; Streamlit says so
      wait = SELDOM;
    }
    if (one.hearers.size) one.timer = setTimeout(ask, document.hidden || one.state?.over ? HIDDEN : wait);
  };
  one.hearers.add(hear);
  if (!all.has(url)) {
    all.set(url, one);
    ask();
  } else if (one.state) hear(one.state);
  return () => {
    one.hearers.delete(hear);
    if (one.hearers.size) return;
    clearTimeout(one.timer);
    all.delete(url);
  };
}
