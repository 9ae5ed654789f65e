"""Sentences of the page 'Look inside'."""

from typing import Any

from frame.inside_subject import Subject
from frame.text import plain
from tl_core.language import _
from tl_core.networks import Stage
from tl_core.palette import MARKS


def claim_text(stage: Stage, row: dict[str, Any], size: int) -> str:
    """What the lesson says of a stage, and how much its numbers see; Markdown."""
    says = _("The lesson says: this layer detects **{what}**.", what=plain(_(stage.detects)))
    count, *place = row["shape"]
    if row["kind"] == "vector":
        return says + " " + _("It gives {count:,} numbers, and each of them sees the whole picture.", count=count)
    what = _("It makes {count:,} maps of {height} × {width} numbers.", count=count, height=place[0], width=place[1])
    if row["sees"] >= size:
        sees = _("Each number sees the whole picture of {size} × {size} pixels.", size=size)
    else:
        sees = _("Each number sees {side} × {side} of the {size} × {size} pixels.", side=row["sees"], size=size)
    return f"{says} {what} {sees}"


def state_text(subject: Subject, row: dict[str, Any]) -> str:
    """What the run did to a stage, and what that changed for this picture; Markdown."""
    layer = (subject.layers or {}).get(row["name"])
    word = f"**{plain(_(MARKS[layer.state].word).capitalize())}.** " if layer is not None else ""
    if row["after"] is None:
        return word + _("This layer is not there any more after the run.")
    if row["same_weights"] is None:
        return word + _("The pre-trained weights are not on this machine, so there is nothing to compare with.")
    if row["same_weights"] and row["same_outputs"]:
        return word + _("Its weights and its maps are the same as before, byte for byte.")
    maps = 100 * row["outputs_moved"]
    if row["same_weights"]:
        return word + _(
            "Its weights are the same as before, byte for byte. What comes in has changed, so its maps differ by {maps:,.1f} %.",
            maps=maps,
        )
    if layer is not None and layer.state == "random":
        return word + _(
            "It began with random weights, so its channels have nothing to do with those on the left. Its maps differ by "
            "{maps:,.0f} %.",
            maps=maps,
        )
    return word + _(
        "Its weights have moved by {weights:,.2f} % of their size, and its maps differ by {maps:,.1f} %.",
        weights=100 * row["weights_moved"],
        maps=maps,
    )


def scale_text(row: dict[str, Any]) -> str:
    """How the tiles are to be read."""
    shown, count = len(row["channels"]), row["shape"][0]
    if row["kind"] == "vector":
        return _(
            "The {shown} largest of its {count:,} numbers for this picture; a full bar is the largest.",
            shown=shown,
            count=count,
        )
    return _(
        "The {shown} of its {count:,} channels that find most in this picture. White: the most that this channel finds here; "
        "black: nothing.",
        shown=shown,
        count=count,
    )


def excited_text(channel: int, title: str, found: list[dict[str, Any]] | None) -> str:
    """What the row of pictures shows; `found`: None while they are awaited."""
    values = {"channel": channel + 1, "title": title}
    if found == []:
        return _("Channel {channel} stays silent on all pictures of {title}.", **values)
    if found and found[0]["box"]:
        return _(
            "These pictures of {title} excite channel {channel} most; the frame is the part that it sees.", **values
        )
    if found and found[0]["spot"]:
        return _("These pictures of {title} excite channel {channel} most; the ring is where.", **values)
    return _("These pictures of {title} excite channel {channel} most.", **values)


def where_alt(label: str, peak: list[float], found: bool) -> str:
    """What a heat map shows, for those who do not see it."""
    if not found:
        return _("Heat map for {label}: dark everywhere.", label=label)
    column = [_("left"), _("middle"), _("right")][min(2, int(3 * peak[0]))]
    line = [_("top"), _("middle"), _("bottom")][min(2, int(3 * peak[1]))]
    return _("Heat map for {label}: brightest at {line}, {column}.", label=label, line=line, column=column)
