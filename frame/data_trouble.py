"""What is in the way of using the chosen data set: it is not on this machine yet, or cannot be read, or not be measured."""

import streamlit as st

from frame.datasets import DataInfo
from frame.download_box import download_box
from frame.places import in_place
from frame.text import plain
from tl_core.language import retold


@in_place
def show_trouble(data: DataInfo, measuring: bool = True) -> None:
    """Nothing where there is none. `measuring`: whether it is said that the set cannot be measured."""
    if data.missing:
        download_box(data.missing)
    elif data.error:
        st.error(plain(retold(data.error)))
    elif data.measure_error and measuring:
        st.info(plain(retold(data.measure_error)))
