// Shows at once what the sliders of an imagined data set say. The server's answer, which is the same, comes after it.
export default function ({ data: [data], parentElement }) {
  parentElement.tlStop?.(); // of the page as it was drawn before: Streamlit itself only stops the last one
  const slider = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
  const drawing = (key) =>
    document.querySelector(`.st-key-${key} [data-testid=stBidiComponentIsolated]`)?.shadowRoot?.querySelector(".tl-drawing");

  const asked = () => {
    const images = slider(data.sliders.images), similarity = slider(data.sliders.similarity);
    // for a moment after a click on the map the slider has other positions than this was told of
    if (!images || !similarity || Number(images.max) !== data.sizes.length - 1) return null;
    return { images: data.sizes[images.value], similarity: Number(similarity.value) };
  };
  const move = (root, { images, similarity }, said) => {
    const { left, top, width, height, num_images: [fewest, most] } = data.geometry;
    const share = Math.log10(Math.min(Math.max(images, fewest), most) / fewest) / Math.log10(most / fewest);
    const x = left + width * share, y = top + height * (1 - similarity), holder = root.querySelector(".tl-wide");
    holder.querySelector(".tl-point").setAttribute("cx", x);
    holder.querySelector(".tl-point").setAttribute("cy", y);
    holder.querySelector(".tl-guide").setAttribute("d", `M${x} ${y}V${top + height}M${x} ${y}H${left}`);
    holder.querySelector("desc").textContent = said;
    holder.tlSvg = null; // it is no longer as Python drew it
  };

  // Words that React has written are written over. What it wrote last is kept, and put back when this ends.
  const theirs = new Map(), ours = new Map(); // by place
  const isBlock = (place) => place.dataset.testid === "stHtml";
  const read = (place) => (isBlock(place) ? place.innerHTML : place.firstChild.nodeValue);
  const put = (place, words) => {
    if (isBlock(place)) place.innerHTML = words;
    else place.firstChild.nodeValue = words; // the very node that React knows
  };
  const write = (place, words) => {
    if (!place?.firstChild || words === undefined || ours.get(place) === words) return;
    if (!theirs.has(place)) theirs.set(place, read(place));
    put(place, words);
    ours.set(place, words);
  };
  const note = (records) => { // changes of React's: our own are taken away as soon as they are made
    for (const { target } of records)
      for (const place of ours.keys())
        if (place.contains(target) && place.firstChild) {
          theirs.set(place, read(place));
          ours.delete(place);
        }
  };

  const follow = () => {
    const now = asked(), map = drawing("map"), diagram = drawing("diagram");
    if (!now || !map?.tlShow) return;
    const answered = ({ tlDrawn: { at } }) => at?.images === now.images && at?.similarity === now.similarity;
    const number = (now.similarity >= data.lines.similarity ? 1 : 2) + (now.images <= data.lines.images ? 0 : 2);
    if (answered(map)) map.tlShow(map.tlDrawn);
    else {
      map.tlShow(data.maps[number]);
      move(map, now, data.maps[number].said);
    }
    const words = data.cases?.[number];
    if (!words) return; // the recipe was chosen by hand: nothing else depends on the sliders
    if (diagram?.tlShow) diagram.tlShow(answered(diagram) ? diagram.tlDrawn : words);
    write(document.querySelector(".st-key-case_title h3 [data-heading-text]"), words.title);
    write(document.querySelector(".st-key-case_weights p:last-child"), words.weights);
    const told = document.querySelectorAll(".st-key-case_text [data-testid=stHtml]");
    words.told.forEach((html, number) => write(told[number], html));
  };
  const show = () => {
    note(watch.takeRecords());
    follow();
    watch.takeRecords();
  };
  const watch = new MutationObserver((records) => { // sliders that move, and answers to what they said before
    note(records);
    show();
  });
  watch.observe(document.querySelector("[data-testid=stMain]") ?? document.body, {
    attributes: true, attributeFilter: ["aria-valuetext"], childList: true, characterData: true, subtree: true,
  });
  document.addEventListener("tl-drawn", show);
  show();
  return parentElement.tlStop = () => {
    note(watch.takeRecords());
    watch.disconnect();
    document.removeEventListener("tl-drawn", show);
    for (const place of ours.keys()) put(place, theirs.get(place));
  };
}
