"""A race in sentences: who won, why the rule may have lost, what was guessed. Each follows from the numbers alone."""

from collections.abc import Sequence
from statistics import median

from tl_core.language import _, many
from tl_core.race import NOBODY, SIZES, Guess, Race
from tl_core.race_reasons import Reason
from tl_core.race_runs import Lane, Progress, RaceRun
from tl_core.recipe_marks import recipe_short
from tl_core.verdicts import Gap, Verdict

NOTABLY = 3.0  # times longer: then the time is worth a sentence


def listed(recipes: Sequence[str]) -> str:
    """'case 1, case 2 and case 4'."""
    words = [recipe_short(name) for name in recipes]
    if len(words) == 1:
        return words[0]
    return _("{several} and {last}", several=", ".join(words[:-1]), last=words[-1])


def verdict_text(verdict: Verdict, prescribed: str | None) -> str:
    """Who won and how the rule of thumb did, in two or three sentences; nobody wins inside the noise."""
    if len(verdict.results) == 1:
        return _("Only {recipe} has a result, so there is nothing to compare it with.", recipe=listed(verdict.tied))
    if prescribed is not None and verdict.of(prescribed) is None:
        prescribed = None
    if verdict.winner:
        return _capital(_won(verdict, prescribed))
    if verdict.all_tied:
        text = _("Within noise: {recipes} cannot be told apart by these runs.", recipes=listed(verdict.tied))
        return text + (_rule_open() if prescribed else "")
    behind = [result.recipe for result in verdict.results if result.recipe not in verdict.tied]
    text = _("No single winner: {recipes} are within noise of each other.", recipes=listed(verdict.tied))
    clearly = _("Clearly behind: {recipes}.", recipes=listed(behind))
    return f"{text} {clearly}{_rule_text(verdict, prescribed)}"


def _won(verdict: Verdict, prescribed: str | None) -> str:
    best, second = verdict.results[0].recipe, verdict.results[1].recipe
    values = {"best": listed([best]), "second": listed([second]), **_gap_values(verdict.gaps[second])}
    if prescribed == best:
        return _(
            "{best} won, as the rule of thumb says: {gap:.1f} points ahead of {second}, with a noise of {margin:.1f}.",
            **values,
        )
    if prescribed == second:
        return _(
            "Here the rule of thumb lost: {best} won, {gap:.1f} points ahead of its choice, {second}, with a noise of "
            "{margin:.1f}.",
            **values,
        )
    text = _("{best} won: {gap:.1f} points ahead of {second}, with a noise of {margin:.1f}.", **values)
    return f"{text}{_rule_text(verdict, prescribed)}"


def _rule_text(verdict: Verdict, prescribed: str | None) -> str:
    if prescribed is None:
        return ""
    if prescribed in verdict.tied:
        return " " + _("The choice of the rule of thumb, {recipe}, is among the best.", recipe=listed([prescribed]))
    return " " + _(
        "Here the rule of thumb lost: its choice, {recipe}, is {gap:.1f} points behind the best, with a noise of {margin:.1f}.",
        recipe=listed([prescribed]), **_gap_values(verdict.gaps[prescribed]),
    )  # fmt: skip


def _rule_open() -> str:
    return " " + _(
        "So whether the rule of thumb is right cannot be told here. More seeds or more test images would help."
    )


def _gap_values(gap: Gap) -> dict[str, float]:
    return {"gap": 100 * gap.gap, "margin": 100 * gap.margin}


def reason_text(reason: Reason) -> str:
    """One likely reason, with its numbers."""
    percent = {key: 100 * value for key, value in reason.numbers.items() if key.endswith(("train", "held_out"))}
    counts = {key: int(value) for key, value in reason.numbers.items() if key in ("weights", "other_weights", "images")}
    names = {"recipe": recipe_short(reason.recipe), "other": recipe_short(reason.other)}
    if reason.kind == "overfits":
        text = _(
            "{recipe} overfits more: it gets {train:.0f} % of the training images right but only {held_out:.0f} % of the "
            "held-out ones ({other}: {other_train:.0f} and {other_held_out:.0f} %). "
            "It learnt {weights:,} weights from {images:,} images.",
            **names, **percent, **counts,
        )  # fmt: skip
    elif reason.kind == "cannot learn":
        text = _(
            "{recipe} does not even learn the training images as well: {train:.0f} % of them are right ({other}: "
            "{other_train:.0f} %). It trains {weights:,} weights, {other} {other_weights:,}.",
            **names, **percent, **counts,
        )  # fmt: skip
    elif reason.kind == "cut short":
        text = _(
            "The time limit of {time} ended {recipe} before it had learnt all it could.",
            time=limit_name(reason.numbers["seconds"]), recipe=names["recipe"],
        )  # fmt: skip
    elif reason.kind == "unfinished":
        text = _("{recipe} was still getting better when its epochs ended: it may need more of them.", **names)
    elif reason.kind == "from nothing":
        text = _(
            "{recipe} begins from random weights, and {images:,} images are few to learn {weights:,} weights from; {other} "
            "begins with what the network knows already.",
            **names, **counts,
        )  # fmt: skip
    elif reason.kind == "later layers help":
        text = _(
            "The later layers, which {recipe} slices off and {other} keeps, help with these pictures after all.",
            **names,
        )
    elif reason.kind == "early layers help":
        text = _("The early layers, on which {other} builds, fit these pictures better than the last ones.", **names)
    elif reason.kind == "near size line":
        text = _(
            "{images:,} images are close to the line of {line:,} between small and large, which is a matter of opinion.",
            images=int(reason.numbers["images"]), line=int(reason.numbers["line"]),
        )  # fmt: skip
    else:
        text = _(
            "The measured similarity, {similarity:.2f} ({low:.2f} to {high:.2f}), cannot be told from the line of {line:.2f} "
            "between similar and different, so the rule itself was in doubt.",
            **reason.numbers,
        )  # fmt: skip
    return _capital(text)


def no_reason_text() -> str:
    return _("The numbers of this race do not show why.")


def time_text(lanes: Sequence[Lane]) -> str:
    """The quickest and the slowest recipe, where they differ much; '' else."""
    timed = sorted((lane for lane in lanes if lane.seconds), key=lambda lane: lane.seconds)
    if len(timed) < 2 or timed[-1].seconds < NOTABLY * timed[0].seconds:
        return ""
    quick, slow = timed[0], timed[-1]
    return _(
        "Time counts too: a run of {quick} took {short} to train, one of {slow} took {long}, {times:,.0f} times as long.",
        quick=recipe_short(quick.recipe), slow=recipe_short(slow.recipe), short=duration(quick.seconds),
        long=duration(slow.seconds), times=slow.seconds / quick.seconds,
    )  # fmt: skip


def limit_text(race: Race, runs: Sequence[RaceRun]) -> str:
    """What the time limit has ended, and after how much of it; '' where it has ended nothing."""
    parts = []
    for recipe in race.recipes:
        cut = [run for run in runs if run.entry.recipe == recipe and run.cut_short(race.base.seconds)]
        if cut:
            done, planned = (round(median(run.epochs[-1][key] for run in cut)) for key in ("epoch", "num_epochs"))
            parts.append(
                _("{recipe} after {done} of {planned} epochs", recipe=recipe_short(recipe), done=done, planned=planned)
            )
    if not parts:
        return ""
    return _(
        "The time limit of {time} ended {recipes}. A faster machine would have come further in that time.",
        time=limit_name(race.base.seconds), recipes=", ".join(parts),
    )  # fmt: skip


def guess_text(guess: Guess, verdict: Verdict) -> str:
    """The guess beside the result; '' where nothing was guessed."""
    parts = []
    if guess.recipe is not None:
        won = _("{recipe} won", recipe=recipe_short(verdict.winner)) if verdict.winner else _("nobody won clearly")
        right = guess.recipe == (verdict.winner or NOBODY)
        thought = (
            _("nobody would win clearly")
            if guess.recipe == NOBODY
            else _("{recipe} would win", recipe=recipe_short(guess.recipe))
        )
        if right:
            parts.append(_("You expected that {thought}: right.", thought=thought))
        elif guess.recipe in verdict.tied:
            parts.append(
                _("You expected that {thought}: {won}, but yours is among the best.", thought=thought, won=won)
            )
        else:
            parts.append(_("You expected that {thought}: {won}.", thought=thought, won=won))
    if guess.accuracy is not None:
        best = verdict.results[0]
        low, high = best.interval
        values = {"guess": 100 * guess.accuracy, "mean": 100 * best.mean, "low": 100 * low, "high": 100 * high}
        values["recipe"] = recipe_short(best.recipe)
        if low <= guess.accuracy <= high:
            parts.append(
                _(
                    "You expected {guess:.0f} % for the best one: {recipe} reached {mean:.1f} % ({low:.1f} to {high:.1f} %), "
                    "your guess lies in the interval.",
                    **values,
                )
            )
        else:
            parts.append(
                _(
                    "You expected {guess:.0f} % for the best one: {recipe} reached {mean:.1f} % ({low:.1f} to {high:.1f} %).",
                    **values,
                )
            )
    return " ".join(parts)


def progress_text(race: Race, progress: Progress) -> str:
    """'4 of 12 runs are over. Now: case 1, seed 2; case 2, seed 2. About 40 s left.'"""
    text = _("{done} of {total} runs are over.", done=progress.num_over, total=progress.num_runs)
    now = []
    for run in progress.running:
        values = {"recipe": recipe_short(run.entry.recipe), "seed": run.entry.seed}
        if race.kind == SIZES:
            now.append(_("{recipe}, {images:,} images, seed {seed}", images=race.images_of(run.entry), **values))
        else:
            now.append(_("{recipe}, seed {seed}", **values))
    if now:
        text += " " + _("Now: {runs}.", runs="; ".join(now))
    if progress.seconds_left is not None and progress.seconds_left >= 0.5:  # less, while the last run is being tested
        text += " " + _("About {time} left.", time=duration(progress.seconds_left))
    return text


def runs_text(count: int) -> str:
    return many("{number} run", "{number} runs", count)


def duration(seconds: float) -> str:
    """'0.6 s', '42 s', '3.5 minutes'."""
    if seconds < 10:
        return _("{seconds:.1f} s", seconds=seconds)
    return _("{seconds:.0f} s", seconds=seconds) if seconds < 90 else _("{minutes:.1f} minutes", minutes=seconds / 60)


def limit_name(seconds: float) -> str:
    """Of a time limit, as it was given: '20 s', '3 min'."""
    if seconds < 120:
        return _("{seconds:g} s", seconds=seconds)
    return _("{minutes:g} min", minutes=round(seconds / 60, 2))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
