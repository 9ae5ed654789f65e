"""The map of the four cases: size of the data set against similarity, as one SVG, and the way back from a click."""

from html import escape
from math import floor, log10
from typing import Any

from tl_core import map_marks
from tl_core.cases import CASES, Case, Thresholds, recommend
from tl_core.language import _, joined, many
from tl_core.palette import BORDER, FONT, INK, MAP_TICK_SIZE, MAP_TITLE_SIZE, MARKS, PAPER, text_width, wrap

WIDTH, HEIGHT = 520, 440  # units of the viewBox
LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT = 70, 14, 436, 354
MIN_IMAGES, MAX_IMAGES = 10, 1_000_000
WIDE = 0.5  # an interval of at least half the scale is drawn as a band
_DECADES = log10(MAX_IMAGES / MIN_IMAGES)
_LINE = 22

# Each case has the colour of what happens to the layers that are kept.
_TINTS = {1: MARKS["frozen"], 2: MARKS["frozen"], 3: MARKS["pretrained"], 4: MARKS["random"]}

_STYLE = f"""<style>
.tl-map {{ font-family: {FONT}; font-variant-numeric: tabular-nums; }}
.tl-map text {{ fill: {INK}; }}
.tl-map .tl-case {{ font-size: {MAP_TITLE_SIZE}px; fill-opacity: 0.74; }}
.tl-map .tl-number {{ font-size: 27px; font-weight: 700; }}
.tl-map .tl-active .tl-case {{ font-weight: 650; fill-opacity: 1; }}
.tl-map .tl-tick {{ font-size: {MAP_TICK_SIZE}px; fill-opacity: 0.82; }}
.tl-map .tl-axis {{ font-size: {MAP_TICK_SIZE}px; }}
.tl-map .tl-frame {{ fill: none; stroke: {BORDER}; stroke-width: 1; }}
.tl-map .tl-threshold {{ stroke: {INK}; stroke-opacity: 0.62; stroke-width: 1.6; stroke-dasharray: 6 4; }}
.tl-map .tl-guide {{ stroke: {INK}; stroke-opacity: 0.5; stroke-width: 1; stroke-dasharray: 2 4; }}
.tl-map .tl-ink {{ fill: {INK}; }}
.tl-map .tl-point {{ fill: {INK}; stroke: {PAPER}; stroke-width: 3; }}
{map_marks.STYLE.strip()}
.tl-map .tl-label {{ font-size: {MAP_TICK_SIZE}px; font-weight: 600; paint-order: stroke; stroke: {PAPER};
  stroke-width: 4.5px; stroke-linejoin: round; }}
.tl-map .tl-quadrant rect {{ transition: fill-opacity 0.3s; }}
@media (prefers-reduced-motion: reduce) {{ .tl-map * {{ transition: none !important; }} }}
</style>"""


def map_geometry() -> dict[str, Any]:
    """Where the plot area lies in units of the viewBox, and what its edges stand for."""
    return {
        "view_width": WIDTH,
        "view_height": HEIGHT,
        "left": LEFT,
        "top": TOP,
        "width": PLOT_WIDTH,
        "height": PLOT_HEIGHT,
        "num_images": (MIN_IMAGES, MAX_IMAGES),
        "similarity": (0.0, 1.0),
    }


def _x(num_images: float) -> float:
    share = log10(min(max(num_images, MIN_IMAGES), MAX_IMAGES) / MIN_IMAGES) / _DECADES
    return LEFT + PLOT_WIDTH * share


def _y(similarity: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - min(max(similarity, 0.0), 1.0))


def map_pick(x_fraction: float, y_fraction: float) -> tuple[int, float]:
    """Number of images (two significant digits) and similarity at a point of the whole picture.

    Both fractions run over the viewBox, 0..1, `y_fraction` downwards; a point outside the plot counts as its edge.
    """
    across = min(max((x_fraction * WIDTH - LEFT) / PLOT_WIDTH, 0.0), 1.0)
    up = min(max(1 - (y_fraction * HEIGHT - TOP) / PLOT_HEIGHT, 0.0), 1.0)
    exact = MIN_IMAGES * 10 ** (across * _DECADES)
    num_images = int(round(exact, 1 - floor(log10(exact))))
    return min(max(num_images, MIN_IMAGES), MAX_IMAGES), round(up, 2)


def _tick_label(num_images: int) -> str:
    return _("1 M") if num_images == 1_000_000 else _("{n:,}", n=num_images)


def _active(num_images: int, similarity: float | None, thresholds: Thresholds) -> list[Case]:
    if similarity is not None:
        return [recommend(max(num_images, 1), similarity, thresholds)]
    size = "small" if num_images <= thresholds.num_images else "large"
    return [case for case in CASES if case.size == size]


def _quadrant(case: Case, split_x: float, split_y: float, active: bool, sure: bool) -> str:
    left, right = (LEFT, split_x) if case.size == "small" else (split_x, LEFT + PLOT_WIDTH)
    top, bottom = (TOP, split_y) if case.similarity == "similar" else (split_y, TOP + PLOT_HEIGHT)
    width, height = max(right - left, 0.0), max(bottom - top, 0.0)
    colour = _TINTS[case.number].colour
    opacity = 0.3 if active and sure else 0.18 if active else 0.08
    parts = [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}" '
        f'fill-opacity="{opacity}"/>'
    ]
    if active and sure and min(width, height) > 8:
        parts.append(
            f'<rect x="{left + 2:.1f}" y="{top + 2:.1f}" width="{width - 4:.1f}" height="{height - 4:.1f}" rx="3" '
            f'fill="none" stroke="{colour}" stroke-width="4"/>'
        )
    parts.append(_title(case, left, top, width, height))
    name = "tl-quadrant tl-active" if active else "tl-quadrant"
    return f'<g class="{name}" data-case="{case.name}">{"".join(parts)}</g>'


def _title(case: Case, left: float, top: float, width: float, height: float) -> str:
    """Number and title in the outer corner of a quadrant: away from the crossing, where the point moves most."""
    if width < 34 or height < 40:
        return ""
    size = MAP_TITLE_SIZE
    lines = wrap(_(case.title), size, width - 50)
    if any(text_width(line, size) > width - 44 for line in lines) or len(lines) * _LINE + 18 > height:
        lines = []
    base = top + 33 if case.similarity == "similar" else top + height - 16 - _LINE * max(len(lines) - 1, 0)
    number = f'<text x="{left + 12:.1f}" y="{base + 2:.1f}" class="tl-number">{case.number}</text>'
    return number + "".join(
        f'<text x="{left + 36:.1f}" y="{base + index * _LINE:.1f}" class="tl-case">{escape(line)}</text>'
        for index, line in enumerate(lines)
    )


def _axes(thresholds: Thresholds, available: tuple[int, int] | None) -> str:
    bottom = TOP + PLOT_HEIGHT
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{PLOT_WIDTH}" height="{PLOT_HEIGHT}" class="tl-frame"/>']
    for exponent in range(1, 7):
        x = _x(10**exponent)
        anchor = "end" if exponent == 6 else "middle"
        parts.append(f'<path d="M{x:.1f} {bottom}v6" stroke="{INK}" stroke-opacity="0.6"/>')
        parts.append(
            f'<text x="{x + (6 if anchor == "end" else 0):.1f}" y="{bottom + 24}" text-anchor="{anchor}" class="tl-tick">'
            f"{_tick_label(10**exponent)}</text>"
        )
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}h-6" stroke="{INK}" stroke-opacity="0.6"/>')
        base, words = y + (11 if value == 1 else 5), _("{n:g}", n=value)
        parts.append(f'<text x="{LEFT - 10}" y="{base:.1f}" text-anchor="end" class="tl-tick">{words}</text>')
    if available is not None:
        first, last = _x(available[0]), _x(available[1])
        parts.append(
            f'<rect x="{first:.1f}" y="{bottom - 3}" width="{max(last - first, 4):.1f}" height="6" rx="3" '
            f'class="tl-ink tl-available"/>'
        )
    x, y = _x(thresholds.num_images), _y(thresholds.similarity)
    parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" class="tl-threshold"/>')
    parts.append(f'<path d="M{LEFT} {y:.1f}H{LEFT + PLOT_WIDTH}" class="tl-threshold"/>')
    middle_x, middle_y = LEFT + PLOT_WIDTH / 2, TOP + PLOT_HEIGHT / 2
    parts.append(
        f'<text x="{middle_x}" y="{HEIGHT - 14}" text-anchor="middle" class="tl-axis">{escape(_("number of images"))}</text>'
        f'<text transform="translate(17 {middle_y}) rotate(-90)" text-anchor="middle" class="tl-axis">'
        f"{escape(_('similarity to the original data'))}</text>"
    )
    return "".join(parts)


def _marks(
    num_images: int, similarity: float | None, measured: tuple[float, float, float] | None, guess: float | None
) -> str:
    """The measured value and the guess, each labelled where it is not the only one."""
    x = _x(num_images)
    parts, words = [], {}
    if measured is not None:
        value, low, high = measured
        sure = similarity is not None
        parts.append(
            map_marks.measured_mark(
                x, _y(value) if sure else None, _y(low), _y(high), band=is_wide(measured) or not sure
            )
        )
        if sure and (similarity != value or guess is not None):
            words[map_marks.MEASURED] = _y(
                (low + high) / 2
            )  # at the foot of the map the value itself lies among titles
    if guess is not None:
        parts.append(map_marks.guess_mark(x, _y(guess)))
        words[map_marks.GUESS] = _y(guess)
    return "".join(parts) + map_marks.labels(x, words, LEFT, LEFT + PLOT_WIDTH, TOP, TOP + PLOT_HEIGHT)


def is_wide(measured: tuple[float, float, float]) -> bool:
    """Whether an interval is so wide that the value in it says little."""
    return measured[2] - measured[1] >= WIDE


def map_svg(
    num_images: int,
    similarity: float | None,
    thresholds: Thresholds,
    *,
    measured: tuple[float, float, float] | None = None,
    guess: float | None = None,
    title_id: str = "map",
    available: tuple[int, int] | None = None,
) -> str:
    """The map with the data set as a point; without a similarity a line stands at its number of images.

    `measured`: value, low and high end of its interval, drawn hollow at the same number of images, as a band where it
    is wide; without a similarity only the band is drawn, since the measurement cannot tell. `guess`: a similarity of 0..1,
    drawn as a hollow diamond. `available`: fewest and most images this data set can give, a bar on the axis.
    """
    active = _active(num_images, similarity, thresholds)
    split_x, split_y = _x(thresholds.num_images), _y(thresholds.similarity)
    body = [_quadrant(case, split_x, split_y, case in active, similarity is not None) for case in CASES]
    body.append(_axes(thresholds, available))
    x = _x(num_images)
    bottom = TOP + PLOT_HEIGHT
    if similarity is None and measured is None:
        body.append(f'<path d="M{x:.1f} {TOP}V{bottom}" class="tl-interval tl-unknown"/>')
    elif similarity is not None:
        y = _y(similarity)
        body.append(f'<path d="M{x:.1f} {y:.1f}V{bottom}M{x:.1f} {y:.1f}H{LEFT}" fill="none" class="tl-guide"/>')
        body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9.5" class="tl-point"/>')
    body.append(_marks(num_images, similarity, measured, guess))
    name = escape(title_id)
    words = describe_map(num_images, similarity, thresholds, measured=measured, guess=guess, available=available)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tl-map" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" '
        f'aria-labelledby="{name} {name}-desc" style="display:block;max-width:{WIDTH * 1.25:g}px">'
        f'<title id="{name}">{escape(_("Which case is it?"))}</title><desc id="{name}-desc">{escape(words)}</desc>'
        f"{_STYLE}{''.join(body)}</svg>"
    )


def describe_map(
    num_images: int,
    similarity: float | None,
    thresholds: Thresholds,
    *,
    measured: tuple[float, float, float] | None = None,
    guess: float | None = None,
    available: tuple[int, int] | None = None,
) -> str:
    """The map in plain sentences."""
    images = many("{number:,} image", "{number:,} images", num_images)
    active = _active(num_images, similarity, thresholds)
    lines = _(
        "Up to {n:,} images count as small, a similarity from {similarity:.2f} on as similar.",
        n=thresholds.num_images, similarity=thresholds.similarity,
    )  # fmt: skip
    if similarity is None:
        words = [_("case {number} ({title})", number=case.number, title=_(case.title)) for case in active]
        values = {"images": images, "cases": joined(words, _("or"))}
        if measured is None:
            sentences = [_("{images}, similarity not known yet: {cases}.", **values), lines]
        else:
            sentences = [_("{images}, similarity not known for sure: {cases}.", **values), lines]
    else:
        case = active[0]
        sentences = [
            _(
                "{images}, similarity {similarity:.2f} on a scale from 0 to 1: case {number}, {quadrant}. {title}.",
                images=images,
                similarity=similarity,
                number=case.number,
                quadrant=case.quadrant,
                title=_(case.title),
            ),
            lines,
        ]
    if measured is not None:
        value, low, high = measured
        values = {"value": value, "low": low, "high": high}
        if similarity is None:
            sentences.append(_("Measured similarity: ({low:.2f} to {high:.2f}). That is too wide to tell.", **values))
        else:
            sentences.append(_("Measured similarity: {value:.2f} ({low:.2f} to {high:.2f}).", **values))
    if guess is not None:
        sentences.append(_("Your guess: {guess:.2f}.", guess=guess))
    if available is not None:
        sentences.append(
            _("This data set has {low:,} to {high:,} images to choose from.", low=available[0], high=available[1])
        )
    return " ".join(sentences)
