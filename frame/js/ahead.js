// Shows at once what the sliders of an imagined data set say. The server's answer, which is the same, comes after it.
export default function ({ data: [data], parentElement }) {
  parentElement.tlStop?.(); // of the page as it was drawn before: Streamlit itself only stops the last one
  const slider = (key) => document.querySelector(`.st-key-${key} input[type=range]`);
  const drawing = (key) =>
    document.querySelector(`.st-key-${key} [data-testid=stBidiComponentIsolated]`)?.shadowRoot?.querySelector(".tl-drawing");

  const asked = () => {
    const images = slider(data.sliders.images), similarity = slider(data.sliders.similarity);
    return images && similarity && { images: data.sizes[images.value], similarity: Number(similarity.value) };
  };
  const move = (root, { images, similarity }) => {
    const { left, top, width, height, num_images: [fewest, most] } = data.geometry;
    const share = Math.log10(Math.min(Math.max(images, fewest), most) / fewest) / Math.log10(most / fewest);
    const x = left + width * share, y = top + height * (1 - similarity), holder = root.querySelector(".tl-wide");
    holder.querySelector(".tl-point").setAttribute("cx", x);
    holder.querySelector(".tl-point").setAttribute("cy", y);
    holder.querySelector(".tl-guide").setAttribute("d", `M${x} ${y}V${top + height}M${x} ${y}H${left}`);
    holder.tlSvg = null; // it is no longer as Python drew it
  };
  const write = (place, text) => {
    if (place?.firstChild && place.firstChild.nodeValue !== text) place.firstChild.nodeValue = text;
  };
  const tell = (place, html) => {
    if (!place || (place.tlTold === html && place.firstElementChild === place.tlNode)) return;
    place.innerHTML = place.tlTold = html;
    place.tlNode = place.firstElementChild;
  };

  const show = () => {
    const now = asked(), map = drawing("map"), diagram = drawing("diagram");
    if (!now?.images || !map?.tlShow) return;
    const answered = ({ tlDrawn: { at } }) => at?.images === now.images && at?.similarity === now.similarity;
    const number = (now.similarity >= data.lines.similarity ? 1 : 2) + (now.images <= data.lines.images ? 0 : 2);
    if (answered(map)) map.tlShow(map.tlDrawn);
    else {
      map.tlShow({ wide: data.maps[number] });
      move(map, now);
    }
    const words = data.cases?.[number];
    if (!words) return; // the recipe was chosen by hand: nothing else depends on the sliders
    if (diagram?.tlShow) diagram.tlShow(answered(diagram) ? diagram.tlDrawn : words);
    write(document.querySelector(".st-key-case_title h3 [data-heading-text]"), words.title);
    write(document.querySelector(".st-key-case_weights p:last-child"), words.weights);
    const told = document.querySelectorAll(".st-key-case_text [data-testid=stHtml]");
    words.told.forEach((html, place) => tell(told[place], html));
  };

  const watch = new MutationObserver(show); // sliders that move, and answers of the server to what they said before
  watch.observe(document.querySelector("[data-testid=stMain]") ?? document.body, {
    attributes: true, attributeFilter: ["aria-valuetext"], childList: true, characterData: true, subtree: true,
  });
  document.addEventListener("tl-drawn", show);
  show();
  return parentElement.tlStop = () => {
    watch.disconnect();
    document.removeEventListener("tl-drawn", show);
  };
}
