// Streamlit gives an address in two steps, the page and then what is set on it, and each would be one for the browser's Back. Here
// what comes without the visitor having touched anything since the page has come completes the step before.
function completeAddress() {
  if (window.tlTouched !== undefined) return;
  window.tlTouched = navigator.userActivation?.hasBeenActive ?? false;
  for (const kind of ["pointerdown", "keydown", "click", "drop"]) addEventListener(kind, () => (window.tlTouched = true), true);
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  history.pushState = (state, title, address) => {
    const isSamePage = new URL(address ?? "", document.baseURI).pathname === location.pathname;
    if (!isSamePage) window.tlTouched = false;
    (isSamePage && !window.tlTouched ? replace : push)(state, title, address);
  };
}
