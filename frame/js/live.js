// Follows a run or a race: asks the server for its state and hands it to every part of the page that shows it.
// Milliseconds between two questions: for a while after somebody has pressed something, usually, in a crowd, and where nobody
// looks, or when it is over.
const QUICK = 120, OFTEN = 500, SELDOM = 1000, HIDDEN = 3000, QUICK_FOR = 3000;
function follow(address, hear) {
  const url = new URL(address, document.baseURI.replace(/[^/]*$/, "")).href;
  const all = (window.tlLive ??= new Map());
  const one = all.get(url) ?? { hearers: new Set(), version: "", state: null, timer: null, asking: false };
  one.ask ??= async () => {
    clearTimeout(one.timer);
    one.asking = true;
    let wait = performance.now() - one.since < QUICK_FOR ? QUICK : OFTEN;
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
    one.asking = false;
    if (one.hearers.size) one.timer = setTimeout(one.ask, document.hidden || one.state?.over ? HIDDEN : wait);
  };
  one.hearers.add(hear);
  one.since = performance.now(); // the page has been drawn: for Start, for Stop, or for something else that was pressed
  if (all.has(url) && one.state) hear(one.state);
  all.set(url, one);
  if (!one.asking) one.ask();
  return () => {
    one.hearers.delete(hear);
    if (one.hearers.size) return;
    clearTimeout(one.timer);
    if (all.get(url) === one) all.delete(url); // who has come back since follows anew
  };
}
