"""One mark of the map of who won: the winner's colour and code, or, hatched, the codes of those that are tied."""

from tl_core.palette import INK, PAPER, text_width
from tl_core.recipe_marks import in_order, mark_of
from tl_core.verdicts import Verdict

MARK_HEIGHT, MARK_TEXT = 24, 14


def patterns(name: str) -> str:
    """The SVG patterns of marks, under ids that begin with `name`."""
    return (
        f'<defs><pattern id="{name}-stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="2" height="6" fill="#fff" fill-opacity="0.5"/></pattern>'
        f'<pattern id="{name}-dots" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="2" cy="2" r="1" '
        'fill="#fff" fill-opacity="0.55"/></pattern>'
        f'<pattern id="{name}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="1.6" height="7" fill="{INK}" fill-opacity="0.22"/></pattern></defs>'
    )


def mark_words(verdict: Verdict) -> str:
    """What is written into a mark: the winner's code, those of the tied ones, or a minus and those that are clearly behind."""
    codes = [mark_of(name).code for name in in_order(set(verdict.tied))]
    if len(verdict.results) > 1 and verdict.all_tied:
        return "="
    if len(codes) <= 3:
        return "·".join(codes)
    beaten = [mark_of(result.recipe).code for result in verdict.results if result.recipe not in verdict.tied]
    return f"−{'·'.join(beaten)}"


def mark_width(verdict: Verdict) -> float:
    return max(MARK_HEIGHT + 4, text_width(mark_words(verdict), MARK_TEXT) + 10)


def mark_svg(name: str, x: float, y: float, verdict: Verdict) -> str:
    """A mark centred at (x, y): filled for a winner, hatched where the difference is within the noise."""
    words = mark_words(verdict)
    width = mark_width(verdict)
    box = f'x="{x - width / 2:.1f}" y="{y - MARK_HEIGHT / 2:.1f}" width="{width:.1f}" height="{MARK_HEIGHT}" rx="5"'
    base = y + (5 if verdict.winner or verdict.all_tied else 3.5)
    text = f'<text x="{x:.1f}" y="{base:.1f}" text-anchor="middle" class="tl-code"'
    if verdict.winner is None:
        halo = f'paint-order="stroke" stroke="{PAPER}" stroke-width="4" stroke-linejoin="round"'
        colours = _tied_colours(verdict, x - width / 2 + 4, y + MARK_HEIGHT / 2 - 4.5, width - 8)
        hatch = f'<rect {box} fill="url(#{name}-hatch)"/>'
        return f'<rect {box} class="tl-tie"/>{hatch}{colours}{text} {halo}>{words}</text>'
    mark = mark_of(verdict.winner)
    pattern = f'<rect {box} fill="url(#{name}-{mark.pattern})"/>' if mark.pattern != "solid" else ""
    halo = f'paint-order="stroke" stroke="{mark.colour}" stroke-width="5" stroke-linejoin="round"'
    return (
        f'<rect {box} fill="{mark.colour}"/>{pattern}{text} {halo if pattern else ""} '
        f'style="fill:{mark.on_colour}">{words}</text>'
    )


def _tied_colours(verdict: Verdict, x: float, y: float, width: float) -> str:
    """A line at the foot of a mark in the colours of the recipes that are tied; none where all are."""
    if verdict.all_tied:
        return ""
    names = in_order(set(verdict.tied))
    part = width / len(names)
    return "".join(
        f'<rect x="{x + part * index:.1f}" y="{y:.1f}" width="{part:.1f}" height="3" fill="{mark_of(name).colour}"/>'
        for index, name in enumerate(names)
    )


def badge_svg(x: float, y: float) -> str:
    """A cross at the corner of a mark: the textbook's recipe is clearly beaten."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6.5" class="tl-badge"/>'
        f'<path d="M{x - 2.6:.1f} {y - 2.6:.1f}l5.2 5.2m0 -5.2l-5.2 5.2" class="tl-ink"/>'
    )
