"""Seed, epochs and learning rate: sensible without a look, there for whoever wants them."""

import streamlit as st

from frame import state
from frame.settings import Settings
from frame.time_limit import choose_time_limit
from tl_core.experiment import MAX_EPOCHS
from tl_core.language import _
from tl_core.networks import Network


def train_options(settings: Settings, network: Network) -> None:
    """A popover; what is left empty takes the default for the recipe and the size of the data."""
    experiment = settings.experiment
    with st.popover(_("Options"), key="train_options"):
        st.session_state.option_seed = experiment.seed
        st.number_input(
            _("Seed"),
            0,
            2**31 - 1,
            step=1,
            key="option_seed",
            on_change=lambda: state.change(seed=st.session_state.option_seed),
            help=_(
                "Fixes everything random: which images are drawn, the new layer's first weights, the order. Same seed, same "
                "numbers."
            ),
        )
        st.session_state.option_epochs = experiment.epochs
        st.number_input(
            _("Epochs"),
            1,
            MAX_EPOCHS,
            value=None,
            step=1,
            key="option_epochs",
            placeholder=_("chosen by recipe and size"),
            on_change=lambda: state.change(epochs=st.session_state.option_epochs),
            help=_(
                "Passes over the training images. Training ends earlier when the held-out images no longer improve."
            ),
        )
        choose_time_limit(settings, "option_seconds")
        st.session_state.option_lr = experiment.lr
        st.number_input(
            _("Learning rate of the new layer"),
            1e-6,
            10.0,
            value=None,
            step=1e-3,
            format="%.4g",
            key="option_lr",
            placeholder="0.003",
            on_change=lambda: state.change(lr=st.session_state.option_lr),
            help=_(
                "How far each step goes. Pre-trained layers learn at a tenth of it. Too large, and training diverges."
            ),
        )
        st.session_state.option_mirror = experiment.mirror is not False
        st.toggle(
            _("Learn from mirror images too"),
            key="option_mirror",
            on_change=lambda: state.change(mirror=None if st.session_state.option_mirror else False),
            help=_(
                "Doubles the pictures. Switch it off where left and right matter: letters, road signs, hands. For the digits "
                "it is always off."
            ),
        )
        if not network.present:
            missing = _("The weights of {network} are not on this machine yet.", network=_(network.title))
            st.caption(f"{missing} {network.bring_sentence}")
