// Asks the server whether something has happened that the page is to show, and has the page drawn again then.
const SLOWER = 1.25, SLOWEST = 5; // each wait is so many times the one before, up to so many seconds
export default function ({ data, setTriggerValue }) {
  const url = new URL(data.url, document.baseURI.replace(/[^/]*$/, "")).href;
  let wait = data.seconds, timer = null, over = false;
  const ask = async () => {
    let status = 0;
    try {
      status = document.hidden && wait < SLOWEST ? 204 : (await fetch(url, { cache: "no-store", credentials: "same-origin" })).status;
    } catch { /* the server is away; Streamlit says so */ }
    if (over) return;
    wait = Math.min(SLOWEST, wait * SLOWER);
    timer = setTimeout(ask, 1000 * wait);
    if (status === 200 || status === 404) setTriggerValue("news", true);
  };
  if (wait) timer = setTimeout(ask, 1000 * wait);
  return () => { over = true; clearTimeout(timer); };
}
