"""Does the rule hold?: who won where, from the recorded study and every run made here."""

import streamlit as st

from frame import state
from frame.datasets import redraw_when_done
from frame.entry import enter
from frame.glossary import tell
from frame.rule_choice import rule_choice
from frame.rule_data import all_rows, rule_data
from frame.rule_detail import choose_cell, show_cell, show_study, show_table
from frame.rule_legend import show_legend
from frame.rule_map import picked_cell, show_rule_map
from frame.rule_summary import show_regret, show_summary
from tl_core.language import _, many

enter()

st.header(_("Does the rule hold?"), anchor=False)
tell(
    _(
        "The rule of the four cases is advice, not a law. So every recipe was tried on the same pictures, and here is which "
        "one got the most test images right. Where the difference is no larger than chance, nobody wins."
    )
)


def pick() -> None:
    st.session_state.rule_cell = picked_cell("rule_map")


every_row = all_rows(None)[0]
waiting = ()
if not every_row:
    st.info(_("No runs yet. As soon as somebody finishes one on the page 'Train', it appears here."))
    st.page_link(st.session_state.pages["train"], label=_("Train the first one"))
else:
    choice = rule_choice(every_row)
    thresholds = state.get_settings().thresholds
    data = rule_data(choice.source, choice.network, choice.recipes)
    cells, waiting = data.cells, data.waiting
    if not cells:
        st.info(_("No finished run fits this choice. Choose other runs, another network or more recipes above."))
    else:
        show_summary(cells, thresholds)
        left, right = st.columns([8, 6], gap="large")
        with right, st.container(key="rule_runs"):
            cell = choose_cell(cells, thresholds)
            show_cell(cell, thresholds)
        with left:
            show_legend(cells)
            show_rule_map(cells, thresholds, cell.key, key="rule_map", target=".st-key-rule_runs", on_pick=pick)
        show_regret(cells, thresholds, choice.network)
        with st.expander(_("The map as a table")):
            show_table(cells, thresholds)
    show_study(choice.source)
    if data.left_out:
        st.caption(
            many(
                "{number:,} run has settings of their own (a cut, a budget ...) and are not compared here.",
                "{number:,} runs have settings of their own (a cut, a budget ...) and are not compared here.",
                data.left_out,
            )
        )
redraw_when_done(waiting)
