"""The runs of one cell, and all cells as a table."""

from collections.abc import Sequence

import streamlit as st

from frame import components
from frame.rule_data import HERE
from frame.text import plain
from tl_core.cases import Thresholds
from tl_core.cell_plot import cell_plot_svg, dots_text
from tl_core.language import _, many
from tl_core.networks import get_network
from tl_core.recipe_marks import in_order, recipe_name
from tl_core.rule_cells import Cell, recorded
from tl_core.rule_words import cell_title, listed, textbook_sentence, verdict_sentence


def show_cell(cell: Cell, thresholds: Thresholds) -> None:
    st.subheader(plain(cell_title(cell)), anchor=False)
    st.markdown(f"**{plain(verdict_sentence(cell.verdict))}** {plain(textbook_sentence(cell, thresholds))}")
    components.drawing(cell_plot_svg(cell.verdict), key="rule_cell_plot")
    st.markdown(_table(cell))
    network = get_network(cell.network)
    here = sum(bool(row.get("here")) for row in cell.rows)
    num_test = cell.verdict.results[0].num_test
    parts = [plain(_(network.title))]
    if num_test:
        parts.append(many("{number:,} test image", "{number:,} test images", num_test))
    if here:
        parts.append(_("{here:,} of the {n:,} runs were made here", here=here, n=len(cell.rows)))
    else:
        parts.append(_("all runs are from the recorded study"))
    st.caption(f"{'; '.join(parts)}. {dots_text()}")


def _table(cell: Cell) -> str:
    verdict = cell.verdict
    lines = [_("| recipe | mean | spread | runs | behind the best |"), "|---|---|---|---|---|"]
    for name in in_order({result.recipe for result in verdict.results}):
        result = verdict.of(name)
        spread = _("±\u00a0{n:.1f}", n=100 * result.spread) if result.spread is not None else "–"
        mean = _("{n:.1f}\u00a0%", n=100 * result.mean)
        lines.append(
            f"| {plain(recipe_name(name))} | {mean} | {spread} | {len(result.by_seed)} | {_behind(cell, name)} |"
        )
    return "\n".join(lines)


def _behind(cell: Cell, recipe: str) -> str:
    gap = cell.verdict.gaps.get(recipe)
    if gap is None:
        return _("best mean")
    margin = _("±\u00a0{n:.1f}", n=100 * gap.margin) if gap.margin < 1 else ""
    clear = _("clear") if gap.clear else _("within noise")
    return _("{gap:.1f}\u00a0{margin}, {clear}", gap=100 * gap.gap, margin=margin, clear=clear)


def show_table(cells: Sequence[Cell], thresholds: Thresholds) -> None:
    """Every cell as text, for those who cannot see or click the map."""
    lines = [_("| pictures | images | similarity | the rule says | result |"), "|---|---|---|---|---|"]
    for cell in sorted(cells, key=lambda c: (-(c.similarity[0] if c.similarity else -1), c.name, c.num_images)):
        case = cell.textbook(thresholds)
        similarity = _("{n:.2f}", n=cell.similarity[0]) if cell.similarity else _("not measured")
        says = _("case {number}", number=case.number) if case else "–"
        images = _("{n:,}", n=cell.num_images)
        lines.append(f"| {plain(cell.name)} | {images} | {similarity} | {says} | {_result(cell)} |")
    st.markdown("\n".join(lines))


def _result(cell: Cell) -> str:
    verdict = cell.verdict
    if len(verdict.results) == 1:
        return _("only {recipes}", recipes=plain(listed(verdict.tied)))
    if verdict.winner:
        return _("{recipes} wins", recipes=plain(listed([verdict.winner])))
    if verdict.all_tied:
        return _("within noise: all")
    return _("within noise: {recipes}", recipes=plain(listed(in_order(set(verdict.tied)))))


def choose_cell(cells: Sequence[Cell], thresholds: Thresholds) -> Cell:
    """The cell whose runs are shown: the one clicked on the map, or chosen here; at first one in which the rule lost."""
    by_key = {cell.key: cell for cell in cells}
    chosen = st.session_state.get("rule_cell")
    if chosen not in by_key:
        lost = (
            cell
            for cell in cells
            if (case := cell.textbook(thresholds)) and cell.verdict.outcome(case.name) == "beaten"
        )
        chosen = next(lost, cells[0]).key
    st.session_state.rule_cell = chosen  # also where it is there already: see frame.agreed
    key = st.selectbox(
        _("Runs of"),
        list(by_key),
        format_func=lambda key: cell_title(by_key[key]),
        key="rule_cell",
        help=_("Or click on a mark of the map."),
    )
    return by_key[key]


def show_study(source: str | None) -> None:
    """How the recorded study was made, where it takes part."""
    header = recorded().header
    if not header or source == HERE:
        return
    with st.expander(_("How the recorded study was made")):
        versions = header["versions"]
        st.markdown(
            _(
                "{study}, {date}, on {hardware}, with Python {python} and PyTorch {torch}.",
                study=plain(header["study"]),
                date=plain(header["date"]),
                hardware=plain(header["hardware"]),
                python=plain(versions["python"]),
                torch=plain(", ".join(versions["torch"])),
            )
        )
        st.code("\n".join(header["command"]), language="bash", wrap_lines=True)
