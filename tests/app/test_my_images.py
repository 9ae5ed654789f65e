"""The page My images with a real engine and its interactive worker."""

import errno
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from frame import services, upload
from tl_core import paths
from tl_core.data import edits
from tl_core.data.collection import Collection
from tl_core.data.owned import list_own, new_upload_id, owner_hash
from tl_core.engine import LocalEngine
from tl_core.paths import ROOT

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server's store and engine, without a training worker that nobody asks for anything."""
    st.cache_resource.clear()
    st.cache_data.clear()
    engine = LocalEngine(services.get_store(), device="cpu", warm=False)
    for module in (services, upload):
        monkeypatch.setattr(module, "get_engine", lambda: engine)
    yield
    engine.close()
    st.cache_resource.clear()


def visit(owner: str = ANN, page: str = "pages/3_images.py", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["owner"] = owner  # the test's browser has no cookies
    app.query_params.update(query)
    return app.switch_page(page).run()


def zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def texts(app: AppTest) -> str:
    elements = (
        *app.header,
        *app.subheader,
        *app.markdown,
        *app.caption,
        *app.error,
        *app.info,
        *app.warning,
        *app.text,
    )
    return "\n".join(str(element.value) for element in elements)


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def settle(app: AppTest, *words: str) -> AppTest:
    """Run until the page says these words, as the browser's timers would make it."""
    end = time.monotonic() + 60
    while not all(word in texts(app) for word in words):
        assert time.monotonic() < end, texts(app)
        assert not app.exception, app.exception
        time.sleep(0.1)
        app.run()
    return app


def add_zip(app: AppTest, data: bytes, name: str = "mine.zip") -> AppTest:
    app.get("button_group")[0].set_value("A zip").run()
    app.file_uploader[0].upload(name, data).run()
    return press(app, "Add")


def spec_of(owner: str = ANN) -> str:
    return list_own(owner_hash(owner))[-1].spec()


def test_the_empty_page_says_what_to_do_the_limits_and_where_pictures_go() -> None:
    app = visit()
    for words in ("Nothing here yet", "128 MB a file", "20,000 pictures", "nowhere else", "24 hours", "one zip"):
        assert words in texts(app)


def test_a_zip_is_a_set_that_a_refresh_finds_again(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "mine\\.zip: 24 pictures in 2 classes", "**across**: 12 pictures")
    assert app.session_state["settings"].experiment.data == spec_of()
    assert app.file_uploader[0].value in (None, [])
    assert list((paths.uploads_dir() / "incoming").iterdir()) == []
    settle(visit(), "24 pictures in 2 classes")
    settle(visit(data=spec_of()), "24 pictures in 2 classes")
    bar = visit(page="pages/2_train.py").selectbox(key="bar_data")
    assert "mine.zip" in bar.options


def test_pictures_into_one_class_after_the_other(stripes: Path) -> None:
    # the test's browser cannot type a new name into a box, so the names are there before
    collection = Collection.create(paths.uploads_dir() / new_upload_id(), owner_hash(ANN), "My images")
    collection.edit("", lambda classes: edits.add(edits.add(classes, "down"), "across"))
    app = visit()
    for name in ("down", "across"):
        app.selectbox(key="my_class").select(name).run()
        files = [(path.name, path.read_bytes(), "image/png") for path in sorted((stripes / name).iterdir())[:4]]
        app.file_uploader[0].set_value(files).run()
        press(app, "Add 4 files")
        settle(app, f"**{name}**: 4 pictures")
        if name == "down":
            settle(app, "There is one class only, 'down'")
            assert next(button for button in app.button if button.label == "Train on them").disabled
    settle(app, "8 pictures in 2 classes", "fewer than 10 pictures")


def test_edits_are_undone_after_a_page_change_and_a_refresh(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    before = spec_of()
    next(field for field in app.text_input if field.value == "across").set_value("*sideways*").run()
    settle(app, "**\\*sideways\\***: 12 pictures")
    assert app.session_state["settings"].experiment.data == spec_of() != before, (
        "the experiment goes on with the new version"
    )
    next(button for button in app.button if button.label == "Switch off").click().run()
    settle(app, "12 pictures, switched off", "There is one class only")
    app.switch_page("pages/1_cases.py").run()
    app.switch_page("pages/3_images.py").run()
    press(app, "Undo")
    assert "switched off" not in texts(app).replace("'\\*sideways\\*' switched off", "")
    fresh = visit()
    press(fresh, "Undo")
    settle(fresh, "**across**: 12 pictures")
    assert spec_of() == before
    press(fresh, "Redo")
    settle(fresh, "sideways")


def test_a_name_that_is_taken_is_said_and_nothing_changes(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    before = spec_of()
    next(field for field in app.text_input if field.value == "across").set_value("down").run()
    assert "a class 'down' already" in app.toast[0].value
    assert spec_of() == before


def test_merging(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    next(box for box in app.selectbox if box.label == "Merge into").select("down").run()
    settle(app, "**down**: 24 pictures", "24 pictures in 1 class")


@pytest.mark.parametrize("page", ["pages/1_cases.py", "pages/2_train.py", "pages/3_images.py"])
def test_another_visitor_sees_nothing_of_it(page: str, stripes: Path) -> None:
    settle(add_zip(visit(), zipped(stripes), "secret.zip"), "24 pictures in 2 classes")
    spec = spec_of()
    for link in (spec, spec.split(".")[0], f"{spec.split('.')[0]}.0", "upload-" + "0" * 32):
        other = visit(BOB, page, data=link)
        assert "This upload belongs to someone else or is gone" in other.warning[0].value
        assert not any(word in str(other) for word in ("secret", "across", "24 pictures"))
        assert other.session_state["settings"].imagined


def test_what_cannot_be_used_is_one_sentence_and_leaves_nothing(stripes: Path) -> None:
    app = settle(add_zip(visit(), b"PK\x05\x06" + bytes(18), "empty.zip"), "'empty\\.zip' is empty")
    assert not list_own(owner_hash(ANN))
    assert "Nothing here yet" in texts(app)
    settle(add_zip(app, b"no zip at all"), "mine\\.zip")


def test_delete_all_is_at_once_and_for_good(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    answers, spec = services.get_answers(), app.session_state["settings"].experiment.data
    first = answers.ask("describe", spec=spec)
    other = answers.ask("describe", spec="digits")
    press(app, "Delete now")
    assert answers.ask("describe", spec=spec) is not first, "what the server knew of them is forgotten too"
    assert answers.ask("describe", spec="digits") is other
    assert "Nothing here yet" in texts(app)
    assert app.session_state["settings"].imagined
    assert [path.name for path in paths.uploads_dir().iterdir()] == ["incoming"]


def test_another_set_beside_the_first(stripes: Path) -> None:
    app = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    press(app, "Start another set")
    assert "Nothing here yet" in texts(app)
    settle(add_zip(app, zipped(stripes), "second.zip"), "second\\.zip: 24 pictures")
    assert [one.title for one in list_own(owner_hash(ANN))] == ["mine.zip", "second.zip"]
    next(box for box in app.selectbox if box.label == "Your sets").select_index(0).run()
    settle(app, "mine\\.zip: 24 pictures")


def test_a_set_that_was_deleted_in_another_tab_is_not_added_to(stripes: Path) -> None:
    one = settle(add_zip(visit(), zipped(stripes)), "24 pictures in 2 classes")
    other = settle(visit(), "24 pictures in 2 classes")
    old = spec_of().split(".")[0]
    press(one, "Delete now")
    other.run()
    assert "The set that was open here is deleted" in other.toast[0].value
    assert "Nothing here yet" in texts(other)
    add_zip(other, zipped(stripes), "later.zip")
    settle(other, "later\\.zip: 24 pictures")
    (new,) = list_own(owner_hash(ANN))
    assert new.id != old
    assert other.session_state["settings"].experiment.data == new.spec()


def test_a_name_that_is_not_of_an_own_set_opens_nothing(stripes: Path) -> None:
    settle(add_zip(visit(BOB), zipped(stripes)), "24 pictures in 2 classes")
    bobs = spec_of(BOB).split(".")[0]

    def page() -> None:
        import streamlit as st

        from frame import my_images

        my_images.show_set(st.session_state.asked)
        st.text(my_images.open_id())

    for name in (bobs, f"{bobs}.1", "../../x", "upload-" + "0" * 32, ""):
        app = AppTest.from_function(page)
        app.session_state["owner"], app.session_state["asked"] = ANN, name
        shown = app.run().text[0].value
        assert shown.startswith("upload-")
        assert shown not in (name, bobs)


def full(path: Path, *args: object, **options: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_a_full_disk_is_one_sentence_and_leaves_nothing(stripes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(stripes)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        app = add_zip(visit(), data)
        assert "is full or nearly so" in app.error[0].value
        assert list((paths.uploads_dir() / "incoming").iterdir()) == []
        assert not app.exception
    settle(add_zip(app, data), "24 pictures in 2 classes")
    before = spec_of()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        next(button for button in app.button if button.label == "Switch off").click().run()
        assert "is full or nearly so" in app.toast[0].value
        assert not app.exception
    assert spec_of() == before
