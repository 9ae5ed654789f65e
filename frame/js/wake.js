// Asks the server whether something has happened that the page is to show, and has the page drawn again then.
const SLOWER = 1.25, SLOWEST = 5; // each wait is so many times the one before, up to so many seconds
export default function ({ data: [data], parentElement, setTriggerValue }) {
  parentElement.tlStop?.(); // of the page as it was drawn before: Streamlit itself only stops the last one, when all is over
  const url = new URL(data.url, document.baseURI.replace(/[^/]*$/, "")).href;
  let wait = data.seconds, timer = null, over = false, unknown = 0;
  const ask = async () => {
    let status = 204;
    try {
      if (!document.hidden || wait >= SLOWEST) status = (await fetch(url, { cache: "no-store" })).status;
    } catch { /* the server is away; Streamlit says so */ }
    if (over) return;
    // another server, behind the same proxy, may answer for a moment: it knows nothing of this page
    unknown = status === 404 && wait >= SLOWEST ? unknown + 1 : 0;
    wait = Math.min(SLOWEST, wait * SLOWER);
    timer = setTimeout(ask, 1000 * wait);
    if (status === 200 || unknown >= 2) setTriggerValue("news", true);
  };
  if (wait) timer = setTimeout(ask, 1000 * wait);
  return parentElement.tlStop = () => { over = true; clearTimeout(timer); };
}
