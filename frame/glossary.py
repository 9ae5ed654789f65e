"""The words of the field: one line each, on every page behind the button *Words*, and as tips within a text."""

import re
from html import escape
from itertools import count
from zlib import crc32

import streamlit as st

from tl_core.language import _, mark

_KEY = "tl_words"

GLOSSARY = {
    mark("transfer learning"): mark("re-using a network that has learnt from other pictures for pictures of your own"),
    mark("weights"): mark("the numbers inside a network; learning means changing them"),
    mark("layer"): mark("one step of the network; early layers see edges, later ones shapes and whole objects"),
    mark("convolution"): mark("a layer that looks at every place of the picture with the same small window"),
    mark("channel"): mark("one of the many things that a layer looks for; each gives a map of where it was found"),
    mark("fully connected layer"): mark(
        "a layer in which every output sees every input; the last one gives a score to each class"
    ),
    mark("new layer"): mark("a fully connected layer put on at the end, with one output for each of your classes"),
    mark("class"): mark("one of the kinds that the network tells apart, such as one breed of dog"),
    mark("pre-trained"): mark("its weights were learnt before, from other pictures"),
    mark("random weights"): mark(
        "weights that have not learnt anything yet; every training from scratch begins with them"
    ),
    mark("frozen"): mark("its weights are not changed in training"),
    mark("sliced off"): mark("taken away, together with all layers after it"),
    mark("fine-tune"): mark("start from the pre-trained weights and go on training them on the new pictures"),
    mark("from scratch"): mark("start from random weights, as if the network had never learnt anything"),
    mark("recipe"): mark("what is done to the network: which layers are kept, frozen, new, and what they start from"),
    mark("rule of thumb"): mark("the four cases: few or many images, similar or different, and what to do in each"),
    mark("similarity"): mark(
        "how much the layers that the network learnt before help with your pictures: 0 not at all, 1 as much as on its own"
    ),
    mark("features"): mark("what a layer has found in a picture: edges, textures, shapes"),
    mark("epoch"): mark("one pass over all the training images"),
    mark("training images"): mark("the images that the network learns from"),
    mark("held-out images"): mark("images kept back from training, to check each epoch on"),
    mark("test images"): mark("images that are looked at only once, when the training is over"),
    mark("accuracy"): mark("the share of the images for which the network names the right class"),
    mark("loss"): mark(
        "how wrong the network is, as a number that training makes smaller; being sure and wrong costs most"
    ),
    mark("overfitting"): mark("learning the training images by heart instead of what they have in common"),
    mark("underfitting"): mark("not even learning the training images: too little can change, or too few epochs"),
    mark("seed"): mark("the number that decides all chance in a run: which images, and which random weights"),
    mark("noise"): mark("how much a result changes by chance alone, with other seeds or other test images"),
    mark("95 % interval"): mark(
        "the range in which the true value lies in 95 of 100 such measurements; the fewer images, the wider"
    ),
    mark("spread"): mark("how far runs with different seeds lie from their mean (standard deviation)"),
    mark("learning curve"): mark("how good the network gets with more and more images, or epochs"),
    mark("learning rate"): mark("how large each step is by which the weights change"),
    mark("batch"): mark("the images that are looked at together before the weights change once"),
    mark("weight decay"): mark("a pull of all weights towards zero, against learning by heart"),
    mark("mirror images"): mark("each picture is learnt from also the other way round, as if there were twice as many"),
    mark("confusion matrix"): mark("a table of which class was taken for which"),
    mark("Grad-CAM"): mark("a map of where in a picture the network looked to name a class"),
    mark("distance dial"): mark(
        "swaps the tiles of every picture, which keeps edges and destroys shapes: less similar"
    ),
}

_BASIC = (
    "transfer learning",
    "weights",
    "layer",
    "fully connected layer",
    "new layer",
    "class",
    "pre-trained",
    "frozen",
)
_CASES = ("sliced off", "fine-tune", "from scratch", "random weights", "recipe", "similarity", "features")
_RUNS = ("epoch", "training images", "held-out images", "test images", "accuracy", "overfitting")
_RULE = ("rule of thumb", "seed", "noise", "95 % interval", "spread", "learning curve")
_PAGES = {  # by the page's address; any other page has them all
    "cases": (*_BASIC, *_CASES, "distance dial", *_RUNS, "95 % interval"),
    "train": (*_BASIC, *_CASES, *_RUNS, "loss", "underfitting", "95 % interval", "seed", "learning rate", "batch",
              "weight decay", "mirror images", "confusion matrix"),
    "images": ("class", "training images", "test images", "overfitting", "similarity", "mirror images"),
    "rule": ("recipe", *_RULE, "similarity", "accuracy", "fine-tune", "from scratch", "frozen"),
    "evidence": ("transfer learning", "accuracy", *_CASES, *_RULE),
    "inside": (*_BASIC, "convolution", "channel", "features", "Grad-CAM", "frozen", "random weights"),
    "race": ("recipe", *_RULE, *_RUNS, "fine-tune", "from scratch", "frozen"),
    "tour": (*_BASIC, *_CASES, *_RUNS, *_RULE),
}  # fmt: skip


def terms_of(page: str) -> dict[str, str]:
    """The words of a page and what they mean, as they are to be looked up."""
    names = dict.fromkeys(_PAGES.get(page, tuple(GLOSSARY)))
    return {name: GLOSSARY[name] for name in names}


def show_words(page: str) -> None:
    """The button that explains the words of this page; `page` is its address."""
    with st.popover(_("Words"), key=_KEY, help=_("What the words of this page mean.")):
        st.markdown("\n".join(f"- **{_(word)}**: {_(meaning)}" for word, meaning in terms_of(page).items()))


def tell(text: str) -> None:
    """A text in which the first use of each term of the field explains itself.

    `text`: paragraphs and numbered lists, with **bold** and *slanted* words; anything else stays as it is, HTML included.
    """
    st.html(told(text))


def told(text: str) -> str:
    """What `tell` shows, as HTML."""
    return f'<div class="tl-told">{as_html(with_tips(text))}</div>'


def as_html(text: str) -> str:
    """Paragraphs, lists and bold words of an escaped text."""
    parts = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        if all(re.match(r"\d+\. ", line) for line in lines):
            items = "".join(f"<li>{line.partition('. ')[2]}</li>" for line in lines)
            parts.append(f"<ol>{items}</ol>")
        else:
            parts.append(f"<p>{paragraph}</p>")
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", "".join(parts))
    return re.sub(r"\*(\w.*?)\*", r"<em>\1</em>", html)


def with_tips(text: str, terms: dict[str, str] | None = None) -> str:
    """HTML of a plain text in which the first use of each term is a button that shows what it means.

    The tip opens by click, Enter or Space and closes by Escape; who only points at the term is shown the same. Longer terms are
    found before those within them.
    """
    known = {_(word): _(meaning) for word, meaning in (GLOSSARY if terms is None else terms).items()}
    if not known:
        return escape(text)
    longest = sorted(known, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
    by_name = {word.casefold(): meaning for word, meaning in known.items()}
    seen: set[str] = set()
    number, block = count(), f"tl-tip-{crc32(text.encode()):08x}"  # two blocks of a page share no name
    parts, at = [], 0
    for found in pattern.finditer(text):
        name = found[0].casefold()
        if name in seen:
            continue
        seen.add(name)
        before, after = _touching(text, at, found)
        tip = _tip(found[0], by_name[name], f"{block}-{next(number)}")
        if before + after:  # a button is a box, from which a line would break away even a full stop
            tip = f'<span class="tl-word">{before}{tip}{after}</span>'
        parts += [escape(text[at : found.start() - len(before)]), tip]
        at = found.end() + len(after)
    return "".join(parts) + escape(text[at:])


def _touching(text: str, at: int, found: re.Match[str]) -> tuple[str, str]:
    """The bracket before a term and the signs after it, which must stay on its line; `at`: where the text is not yet used."""
    before = "(" if text[at : found.start()].endswith("(") else ""
    return before, re.match(r"[.,;:!?)]*", text[found.end() :])[0]


def _tip(word: str, meaning: str, tip_id: str) -> str:
    return (
        f'<button type="button" class="tl-term" popovertarget="{tip_id}" title="{escape(meaning)}">{escape(word)}</button>'
        f'<span popover id="{tip_id}" class="tl-tip"><b>{escape(word)}</b>: {escape(meaning)}</span>'
    )
