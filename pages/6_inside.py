"""Look inside: filters, maps and what excites them, before and after a run, and where a run's network looked."""

import streamlit as st

from frame.data_trouble import show_trouble
from frame.datasets import redraw_when_done
from frame.entry import enter
from frame.experiment_bar import experiment_bar
from frame.glossary import tell
from frame.inside_filters import show_filters
from frame.inside_picture import choose_picture, show_seen
from frame.inside_search import begin_searches, follow
from frame.inside_stages import look, show_stages
from frame.inside_subject import choose_subject
from frame.inside_where import show_where
from frame.text import plain
from tl_core.language import _, retold

enter()

settings, data = experiment_bar()
st.header(_("Look inside"), anchor=False)
tell(
    _(
        "The lesson says that the first layers of a network detect edges, the next ones shapes, and the last ones higher-level "
        "features. Here you can check that: see what each layer finds in a picture, and which pictures excite it most."
    )
)
subject = choose_subject(settings, data)
if not subject.data:
    show_trouble(data, measuring=False)
if not subject.run and not subject.has_before:
    missing = _("The weights of {name} are not on this machine yet.", name=_(subject.network.title))
    st.info(plain(f"{missing} {subject.network.bring_sentence}"))
    waiting = ()
else:
    picture, slot, waiting = choose_picture(subject)
    answer, error = None, None
    if picture:
        if subject.run:
            waiting += show_where(subject, picture)
        answer, error, awaited = look(subject, picture)
        waiting += awaited
        if answer:
            show_seen(slot, picture, answer["picture"])
    waiting += show_filters(subject, answer["stages"][0] if answer else None)
    st.subheader(_("Layer by layer"), anchor=False)
    searches = begin_searches(subject)
    follow(searches, subject)
    if error:
        st.error(plain(retold(error)))
    elif answer:
        waiting += show_stages(subject, answer, searches)
    elif picture:
        st.markdown(_("The picture passes through the network."))
redraw_when_done(waiting)
