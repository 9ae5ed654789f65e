"""Evidence: what others published on the four cases, beside our own measurement of the same."""

import streamlit as st

from frame import state
from frame.entry import enter
from frame.evidence_readings import readings
from frame.evidence_view import show_findings, show_published
from frame.glossary import tell
from frame.rule_data import rule_data
from tl_core.evidence import gain_over_head, gain_over_scratch, heads_by_cut, load
from tl_core.experiment import DEFAULT_NETWORK
from tl_core.language import _
from tl_core.rule_cells import recorded

enter()

st.header(_("Evidence"), anchor=False)
tell(
    _(
        "The four cases are older than most of the research on them. Here is what was published since, and beside it the same "
        "question asked of the small network of this dashboard. The two need not agree: the networks, the pictures and the "
        "numbers of pictures are different."
    )
)
published, findings = load()
thresholds = state.get_settings().thresholds
cells = rule_data(None, DEFAULT_NETWORK, None).cells
own = {
    "layers": heads_by_cut(recorded(), thresholds, DEFAULT_NETWORK),
    "scratch": gain_over_scratch(cells, thresholds),
    "head": gain_over_head(cells),
}
words = readings(own)
for one in published:
    show_published(one, own.get(one.key), words.get(one.key, ""))
show_findings(findings)
st.caption(
    _(
        "Measured here: the demonstration network on the pictures of the recorded study and on those of every run made here. "
        "Bands and brackets: 95 % intervals, over data sets where there are at least three, for a single data set over its "
        "runs."
    )
)
st.page_link(st.session_state.pages["rule"], label=_("Does the rule hold? All runs, one by one"))
