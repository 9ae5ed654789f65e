"""What the runs of a step came to: live while they go on, then a sentence on them, the prediction, and the recorded runs."""

import streamlit as st

from frame import components
from frame.live_race import EPOCHS, race_drawing, show_live_bar, show_live_curves
from frame.race_data import get_race_runs
from frame.text import plain
from tl_core.cell_plot import cell_plot_svg, dots_text
from tl_core.errors import UserError
from tl_core.language import _, retold
from tl_core.race_runs import RaceRun, lanes, verdict_of
from tl_core.race_words import guess_text, time_text, verdict_text
from tl_core.races import KeptRace
from tl_core.tour import Step, recorded_verdict
from tl_core.tour_words import by_heart, heart_guess_text, heart_line, heart_text, recorded_text, result_text


def show_curves(kept: KeptRace) -> None:
    """The curves of a step's runs, live while they go on; drawn from recorded events only."""
    runs = _runs(kept)
    if any(run.active for run in runs):
        show_live_bar(kept, runs, "tour")
        show_live_curves(kept, "live_tour")
        return
    figure, alt = race_drawing(kept, runs, EPOCHS, st.context.theme.type == "dark")
    components.live_plot(figure, alt=alt, key="tour_curves")


def show_words_of(step: Step, kept: KeptRace) -> None:
    """When the runs are over: what their numbers say, and the recorded runs beside them."""
    runs = _runs(kept)
    if runs and not any(run.active for run in runs):
        _say(step, kept, runs)
        _recorded(step, runs)


def _runs(kept: KeptRace) -> list[RaceRun]:
    """None of them where one was deleted."""
    try:
        return get_race_runs().of(kept)
    except UserError:
        return []


def _say(step: Step, kept: KeptRace, runs: list[RaceRun]) -> None:
    """One paragraph that follows from the numbers."""
    for error in dict.fromkeys(run.events[-1].get("error") for run in runs if run.status == "failed" and run.events):
        if error:
            st.error(plain(retold(error)))
    verdict = verdict_of(runs)
    if verdict is None:
        st.markdown(_("No run went through, so there is no result."))
        return
    with st.container(key="tour_said"):
        if step.trial.by_heart:
            found = [one for run in runs if (one := by_heart(run)) is not None]
            lines = "\n".join(f"- {plain(heart_line(one))}" for one in found)
            st.markdown(
                f"{lines}\n\n**{plain(heart_text(found))}** {plain(heart_guess_text(kept.race.guess.recipe, found))}"
            )
            return
        num_test = verdict.results[0].num_test or 0
        right = _("Right on {n:,} new pictures: {results}", n=num_test, results=result_text(verdict))
        said = verdict_text(verdict, kept.race.prescribed)
        more = [guess_text(kept.race.guess, verdict), time_text(lanes(kept.race, runs, verdict))]
        more.append(_("One run each: the noise is that of the test pictures only."))
        st.markdown(f"{plain(right)}\n\n**{plain(said)}** {plain(' '.join(part for part in more if part))}")


def _recorded(step: Step, runs: list[RaceRun]) -> None:
    """The recorded runs beside one's own, for what a few seconds cannot show."""
    shown = [(one, verdict) for one in step.recorded if (verdict := recorded_verdict(one)) is not None]
    if not shown or not any(run.finished for run in runs):
        return
    st.markdown(f"**{plain(_(step.after))}**")
    for index, (one, verdict) in enumerate(shown):
        st.markdown(
            plain(_("{n:,} images: {results}", n=one.num_images, results=result_text(verdict)))
            + f" **{plain(recorded_text(one, verdict))}**"
        )
        components.drawing(cell_plot_svg(verdict, f"tour-{index}"), key=f"tour_dots_{index}")
    st.markdown(f"{_('These are recorded runs.')} {dots_text()}")
