// Follows a run or a race: asks the server for its state and hands it to every part of the page that shows it.
// Milliseconds between two questions: for a while after somebody has pressed something, usually, in a crowd, and where nobody
// looks, or when it is over.
const QUICK = 250, OFTEN = 500, SELDOM = 1000, HIDDEN = 3000, QUICK_FOR = 2500;
function follow(address, hear, pressed) {
  const url = new URL(address, document.baseURI.replace(/[^/]*$/, "")).href;
  const all = (window.tlLive ??= new Map());
  const one = all.get(url) ?? { hearers: new Set(), version: "", state: null, timer: null, asking: false, since: performance.now() };
  one.ask ??= async () => {
    clearTimeout(one.timer);
    [one.asking, one.again] = [true, false];
    const isQuick = () => performance.now() - one.since < QUICK_FOR;
    let crowd = false;
    try {
      const quick = isQuick() ? "&quick=1" : "";
      const answer = await fetch(`${url}&known=${one.version}${quick}`, { cache: "no-store", credentials: "same-origin" });
      crowd = answer.headers.get("X-Crowd") === "1";
      if (answer.status === 404) one.state = { over: true };
      else if (answer.status !== 204) {
        const state = await answer.json();
        one.version = answer.headers.get("X-Version") ?? "";
        one.state = answer.ok ? state : { ...one.state, lines: [{ kind: "error", text: state.error }] };
      }
      // that it is over is said until the page is drawn without this
      if (answer.status !== 204 || one.state?.over) for (const each of one.hearers) each(one.state);
    } catch { // the server is away; Streamlit says so
      crowd = true;
    }
    one.asking = false;
    if (!one.hearers.size) return;
    const usual = isQuick() ? (crowd ? OFTEN : QUICK) : (crowd ? SELDOM : OFTEN);
    one.timer = setTimeout(one.ask, one.again ? 0 : document.hidden || one.state?.over ? HIDDEN : usual);
  };
  one.hearers.add(hear);
  if (all.has(url) && one.state) hear(one.state);
  const isNew = !all.has(url), isPressed = pressed !== undefined && one.pressed !== undefined && pressed !== one.pressed;
  all.set(url, one);
  one.pressed = pressed ?? one.pressed;
  if (isPressed) one.since = performance.now();
  if (isPressed && one.asking) one.again = true;
  else if (isNew || isPressed) one.ask();
  return () => {
    one.hearers.delete(hear);
    if (one.hearers.size) return;
    clearTimeout(one.timer);
    if (all.get(url) === one) all.delete(url); // who has come back since follows anew
  };
}
