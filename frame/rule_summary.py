"""The rule against the runs: in words, by quadrant, and in points lost."""

from collections.abc import Sequence

import streamlit as st

from frame.text import plain
from tl_core.cases import CASES, Thresholds
from tl_core.experiment import DEFAULT_NETWORK
from tl_core.language import _, many
from tl_core.rule_cells import Cell, advisor_regret
from tl_core.verdicts import FEWEST_SETS, Regret, RuleCheck, check_rule, regret


def show_summary(cells: Sequence[Cell], thresholds: Thresholds) -> None:
    """How often the textbook's recipe is among the best, in all and by quadrant."""
    asked = [cell for cell in cells if cell.similarity is not None]
    check = check_rule(asked, lambda cell: cell.textbook(thresholds).name)
    st.markdown(summary_text(check, len(cells) - len(asked)))
    st.markdown(_quadrant_table(asked, thresholds))
    close = sum(cell.close_call(thresholds) for cell in asked)
    with st.popover(_("How is this decided?")):
        st.markdown(
            "\n\n".join(
                (
                    _(
                        "Each mark is one data set, at one position of the distance dial, with one number of images, trained "
                        "with each recipe, mostly several times (seeds). Runs of the same seed share their pictures, so the "
                        "recipes are compared seed by seed."
                    ),
                    _(
                        "**Clearly better** means: the difference is larger than the 95 % noise of these runs (Student's t, "
                        "with the scatter of all recipes together, shared out over the comparisons). With one run each, the "
                        "noise is that of the test images."
                    ),
                    _(
                        "**Holds**: among the cells that tell recipes apart at all, the rule's recipe is one of the best in "
                        "more than half, and more often than a recipe drawn by lot, even at the low end of the 95 % interval "
                        "over data sets. **Does not hold here**: in less than half, even at the high end. **Cannot tell**: "
                        "neither, or fewer than {fewest} data sets.",
                        fewest=FEWEST_SETS,
                    ),
                    _(
                        "The test images are the same in every run of a data set, so this is about these data sets, not about "
                        "all pictures."
                    ),
                )
            )
        )
    if close:
        st.caption(
            _(
                "{close:,} of the {n:,} combinations lie so close to the line between similar and different that their "
                "interval reaches over it: there the rule itself is in doubt.",
                close=close,
                n=len(asked),
            )  # fmt: skip
        )


def summary_text(check: RuleCheck, unmeasured: int = 0) -> str:
    """One or two sentences; they follow from the counts alone."""
    if not check.num_cells:
        return _("No combination here has a measured similarity yet, so the rule cannot be asked.")
    told = check.num_best + check.num_beaten
    cells = many(
        "{number:,} combination of pictures and number of images",
        "{number:,} combinations of pictures and number of images",
        check.num_cells,
    )
    if not told:
        parts = [_("{cells}: nothing tells the recipes apart, all differences are within the noise.", cells=cells)]
    else:
        parts = [
            _(
                "**In {best:,} of {told:,} combinations that tell recipes apart, the textbook's recipe is the best or within "
                "noise of it; in {beaten:,} it is clearly beaten.** Of {cells}, {open:,} tell nothing: all recipes are within "
                "noise, or the textbook's was not run.",
                best=check.num_best, told=told, beaten=check.num_beaten, cells=cells, open=check.num_open,
            )
        ]  # fmt: skip
        if check.blind is not None:
            parts.append(
                _(
                    "A recipe drawn by lot would be among the best in {share:.0f} % of those {told:,}.",
                    share=100 * check.blind, told=told,
                )
            )  # fmt: skip
    if unmeasured:
        parts.append(_("{n:,} more have no measured similarity.", n=unmeasured))
    return " ".join(parts)


def _quadrant_table(cells: Sequence[Cell], thresholds: Thresholds) -> str:
    lines = [_("| data: the rule | does it hold? | best / beaten / open |"), "|---|---|---|"]
    for case in CASES:
        own = [cell for cell in cells if cell.textbook(thresholds) is case]
        check = check_rule(own, lambda cell, name=case.name: name)
        counts = " / ".join(_("{n:,}", n=n) for n in (check.num_best, check.num_beaten, check.num_open)) if own else "–"
        lines.append(
            f"| {_('{size}, {similarity}: case {number}', size=_(case.size), similarity=_(case.similarity), number=case.number)} "
            f"| {_word(check)} | {counts} |"
        )
    return "\n".join(lines)


def _word(check: RuleCheck) -> str:
    if not check.num_cells:
        return _("no runs here yet")
    if check.low is not None:
        return _(
            "**{word}**: right in {share:.0f} % ({low:.0f} to {high:.0f} %)",
            word=_(check.word), share=100 * check.share, low=100 * check.low, high=100 * check.high,
        )  # fmt: skip
    if check.share is not None:
        return many(
            "**{word}**: {number} data set only",
            "**{word}**: {number} data sets only",
            check.num_sets,
            word=_(check.word),
        )
    return f"**{_(check.word)}**"


def show_regret(cells: Sequence[Cell], thresholds: Thresholds, network: str | None) -> None:
    """What it costs to follow the rule, or always to fine-tune; the advisor's own table where it was checked."""
    st.subheader(_("What does it cost to follow the rule?"), anchor=False)
    st.write(
        _(
            "Points of test accuracy lost against the best recipe of each combination, on average. The less, the better the "
            "advice."
        )
    )
    checked = advisor_regret()
    if checked and network in (None, DEFAULT_NETWORK):  # the advisor knows no other
        lines = [_line(plain(_(str(row["policy"]))), *(row[key] for key in _KEYS)) for row in checked]
        count = checked[0]["num_cells"]
        note = _(
            "Checked on the recorded study of the demonstration network, whatever is chosen above; the advisor was fitted "
            "without the data set that it was asked about."
        )
    else:
        asked = [cell for cell in cells if cell.similarity is not None]
        same = [c for c in asked if c.verdict.of("case-3") and c.verdict.of(c.textbook(thresholds).name)]
        policies = {
            _("the textbook's quadrant"): lambda c: c.textbook(thresholds).name,
            _("always fine-tune (case 3)"): lambda c: "case-3",
        }
        lines = [
            _regret_line(name, found)
            for name, choose in policies.items()
            if (found := regret(same, choose)) is not None
        ]
        count = len(same)
        note = _("In all of them both recipes were run.")
    if not lines:
        st.caption(
            _("Nothing to compare yet: it takes runs of the textbook's recipe and of case 3 on the same pictures.")
        )
        return
    head = _("| advice | points lost | 95 % interval | clearly beaten |") + "\n|---|---|---|---|\n"
    st.markdown(head + "\n".join(lines))
    st.caption(
        _(
            "{n:,} combinations. {note} Intervals are over data sets. Clearly beaten: in how many another recipe is ahead by "
            "more than the noise.",
            n=count,
            note=note,
        )  # fmt: skip
    )


_KEYS = ("mean", "low", "high", "hit_rate")


def _regret_line(name: str, found: Regret) -> str:
    ends = [None if end is None else 100 * end for end in (found.low, found.high)]
    return _line(name, 100 * found.mean, *ends, found.hit_rate)


def _line(name: str, mean: float, low: float | None, high: float | None, hits: float) -> str:
    known = low is not None and high is not None
    interval = _("{low:.1f} to {high:.1f}", low=low, high=high) if known else _("too few data sets")
    return f"| {name} | {_('{n:.1f}', n=mean)} | {interval} | {_('{n:.0f} %', n=100 * (1 - hits))} |"
