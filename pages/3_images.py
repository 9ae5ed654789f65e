"""My images: a few files for each class, or one zip, become a data set like any other."""

import streamlit as st

from frame import state
from frame.datasets import describe_data, redraw_when_done, show_thumbnails
from frame.entry import enter
from frame.settings import is_upload
from frame.text import plain
from frame.upload import Received, take
from tl_core.errors import UserError, WorkerDied

MOST_CLASSES = 20
PICTURES = ["jpg", "jpeg", "png", "webp", "bmp", "gif"]

enter()

st.header("My images", anchor=False)
st.write(
    "Bring pictures of two classes or more, at least three of each; twenty or more make a better lesson. They go to the computer "
    "that runs this page and nowhere else, are shrunk on arrival, and lose place and camera data."
)
st.caption("Limits: 50 MB a file, 20,000 pictures in all. For more than about 500 pictures use one zip.")

received: Received = []
by_class, as_zip = st.tabs(["Class by class", "One zip"])
with by_class:
    count = st.number_input(
        "Number of classes",
        2,
        MOST_CLASSES,
        2,
        key="upload_classes",
        help="One row for each thing the network shall tell apart.",
    )
    names = []
    for number in range(1, int(count) + 1):
        left, right = st.columns([1, 3], vertical_alignment="top")
        name = left.text_input(
            f"Name of class {number}", key=f"upload_name_{number}", placeholder=f"class {number}", max_chars=60
        )
        files = right.file_uploader(
            f"Pictures of class {number}",
            PICTURES,
            accept_multiple_files=True,
            key=f"upload_files_{number}",
            help="Choose several files at once, or drop them here.",
        )
        names.append(name.strip() or f"class {number}")
        received += [(names[-1], file) for file in files]
    if len(set(names)) < len(names):
        st.warning("Two classes have the same name, so their pictures go into one class. Give them different names.")
with as_zip:
    archive = st.file_uploader(
        "A zip with one folder for each class",
        ["zip"],
        key="upload_zip",
        help="The folders' names become the names of the classes.",
    )
    if archive is not None:
        received.append(("", archive))


def ask_for_import() -> None:
    """Remember the click: files that are still arriving would otherwise draw the page again and lose it."""
    st.session_state.import_asked, st.session_state.import_error = True, ""


st.button(
    "Use these pictures",
    type="primary",
    disabled=not received,
    on_click=ask_for_import,
    help="Reads and checks them, and makes them the chosen data set.",
)
if st.session_state.get("import_asked") and received:
    with st.spinner("Reading and checking the pictures", show_time=True):
        try:
            st.session_state.upload_report = take(received, archive.name if archive is not None else "My images")
        except (UserError, WorkerDied) as error:
            st.session_state.import_error = str(error)
        st.session_state.import_asked = False
    st.rerun()
if st.session_state.get("import_error"):
    st.error(plain(st.session_state.import_error))

settings = state.get_settings()
if is_upload(settings.experiment.data):
    data = describe_data(settings)
    st.subheader("Your pictures", anchor=False)
    if data.error:
        st.error(plain(data.error))
    waiting = data.waiting
    if data.description:
        waiting += show_thumbnails(settings)
        for row in data.description["classes"]:
            st.text(f"{row['name']}: {row['count']:,} pictures")
    report = st.session_state.get("upload_report", {"skipped": []})
    if report["skipped"]:
        count = len(report["skipped"])
        with st.expander(f"{count:,} file{'s were' if count > 1 else ' was'} left out", expanded=True):
            for skipped in report["skipped"][:50]:
                st.text(f"{skipped['name']}: {skipped['reason']}")
    with st.container(horizontal=True):
        if st.button("See them on the map"):
            st.switch_page(st.session_state.pages["cases"])
        if st.button("Train on them"):
            st.switch_page(st.session_state.pages["train"])
    redraw_when_done(waiting)
