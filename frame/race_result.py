"""What came out of a race: the verdict in words, likely reasons, the guess beside it, and the table."""

from collections.abc import Sequence

import streamlit as st

from frame import components
from frame.glossary import tell
from frame.text import plain
from tl_core.cell_plot import cell_plot_svg, dots_text
from tl_core.language import _, retold
from tl_core.race import SIZES
from tl_core.race_crossing import crossing_text, size_points
from tl_core.race_reasons import reasons
from tl_core.race_runs import Lane, RaceRun, lanes, verdict_of
from tl_core.race_words import (
    duration,
    guess_text,
    limit_name,
    limit_text,
    no_reason_text,
    reason_text,
    time_text,
    verdict_text,
)
from tl_core.races import KeptRace
from tl_core.recipe_marks import recipe_name
from tl_core.verdicts import Verdict

_NONE = "\u2013"


def show_verdict(kept: KeptRace, runs: Sequence[RaceRun]) -> None:
    """After the race: one paragraph in words. What was stopped or has failed is said first."""
    race = kept.race
    for error in dict.fromkeys(run.events[-1].get("error") for run in runs if run.status == "failed" and run.events):
        if error:
            st.error(plain(retold(error)))
    done = sum(run.finished is not None for run in runs)
    if done < len(runs):
        st.markdown(
            _("Stopped after {done} of {total} runs; this is what they say.", done=done, total=len(runs))
            if kept.stopped
            else _("{done} of {total} runs went through; this is what they say.", done=done, total=len(runs))
        )
    verdict = verdict_of(runs)
    if verdict is None:
        st.markdown(_("No run went through, so there is no verdict."))
        return
    limited = limit_text(race, runs)
    if race.kind == SIZES:
        with st.container(key="race_verdict"):
            tell(f"**{crossing_text(size_points(race, runs))}**")
        if limited:
            st.markdown(plain(limited))
        st.markdown(
            _(
                "Bars: 95 % intervals of the mean over the seeds. Each number of images is judged for itself, by differences "
                "between runs of the same seed; a crossing is only named between two numbers that are told apart."
            )
        )
        return
    if len(race.seeds) == 1:
        st.markdown(_("By one run each, so with the noise of the test images alone; another seed may turn it round:"))
    if limited:
        st.markdown(_("With a time limit of {time} for each run:", time=limit_name(race.base.seconds)))
    with st.container(key="race_verdict"):
        tell(f"**{verdict_text(verdict, race.prescribed)}**")
    if race.prescribed is not None and verdict.outcome(race.prescribed) == "beaten":
        found = [reason_text(reason) for reason in reasons(race, runs, verdict)]
        if found:
            lines = "\n".join(f"- {plain(text)}" for text in found)
            st.markdown(_("Likely reasons:") + f"\n\n{lines}")
        else:
            st.markdown(plain(no_reason_text()))
    if limited:
        st.markdown(plain(limited))
    if race.prescribed is None:
        st.markdown(_("The similarity was not known when the race began, so the rule of thumb had no answer."))
    guess = guess_text(race.guess, verdict) if len(verdict.results) > 1 else ""
    for text in (time_text(lanes(race, runs, verdict)), guess):
        if text:
            st.markdown(plain(text))


def show_lanes(kept: KeptRace, runs: Sequence[RaceRun]) -> None:
    """A line for each recipe: mean test accuracy, spread, seconds; and the runs as dots."""
    verdict = verdict_of(runs)
    if verdict is None:
        return
    table, dots = st.columns([9, 5], gap="large")
    with table:
        st.markdown(_table(lanes(kept.race, runs, verdict), kept.race.prescribed))
        num_test = verdict.results[0].num_test
        said = ""
        if len(kept.race.seeds) > 1:
            said = " " + _(
                "An interval rests on one recipe's runs alone. The verdict compares runs of the same seed, with the noise of all "
                "recipes together, so it can tell apart what the intervals cannot."
            )
        st.markdown(
            _(
                "Of {n:,} test images, the same for all. Spread: standard deviation over the seeds. Time: of training in one "
                "run, without reading the images. Each recipe has the epochs it needs, as far as a time limit lets it: training "
                "from scratch gets three times the steps of fine-tuning.",
                n=num_test or 0,
            )
            + said
        )
    with dots:
        _dots(verdict)


def show_sizes(kept: KeptRace, runs: Sequence[RaceRun]) -> None:
    """The learning curves as a table."""
    names = [plain(recipe_name(name)) for name in kept.race.recipes]
    head = [_("images"), *names, _("clearly better")]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for point in size_points(kept.race, runs):
        cells = [_("{n:,}", n=point.num_images)]
        for name in kept.race.recipes:
            result = point.verdict.of(name) if point.verdict else None
            if result is None:
                cells.append(_NONE)
                continue
            low, high = result.interval
            cells.append(
                _("{mean:.1f} % ({low:.1f} to {high:.1f})", mean=100 * result.mean, low=100 * low, high=100 * high)
            )
        if point.verdict is None or not point.over or len(point.verdict.results) < 2:
            cells.append(_NONE)
        else:
            cells.append(plain(recipe_name(point.winner)) if point.winner else _("neither"))
        lines.append(f"| {' | '.join(cells)} |")
    st.markdown("\n".join(lines))


def _dots(verdict: Verdict) -> None:
    components.drawing(cell_plot_svg(verdict, "race-plot"), key="race_dots")
    st.markdown(dots_text())


def _table(found: Sequence[Lane], prescribed: str | None) -> str:
    head = [
        _("recipe"),
        _("test accuracy"),
        _("spread"),
        _("runs"),
        _("95 % interval"),
        _("time of a run"),
        _("trained weights"),
    ]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*rows, *(_row(lane, prescribed) for lane in found)])


def _row(lane: Lane, prescribed: str | None) -> str:
    name = plain(recipe_name(lane.recipe))
    if lane.recipe == prescribed:
        name = _("{recipe} (the map's choice)", recipe=name)
    weights = _NONE if lane.num_trainable is None else _("{n:,}", n=lane.num_trainable)
    result = lane.result
    if result is None:
        cells = [name, _NONE, _NONE, "0", _NONE, _NONE, weights]
    else:
        low, high = result.interval
        cells = [
            name,
            _("{value:.1f} %", value=100 * result.mean),
            _NONE if result.spread is None else _("± {value:.1f}", value=100 * result.spread),
            str(len(result.by_seed)),
            _("{low:.1f} to {high:.1f} %", low=100 * low, high=100 * high),
            _NONE if lane.seconds is None else duration(lane.seconds),
            weights,
        ]
    return f"| {' | '.join(cell.replace(' %', chr(0xA0) + '%') for cell in cells)} |"
