"""My images in a real browser: a folder, a zip and the camera; edits and undo; and nobody else gets in."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, Server, browser_path
from tests.conftest import write_stripes

expect.set_options(timeout=30_000)
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="module")
def camera_browser(browser: Browser) -> Iterator[Browser]:
    """A browser that believes it has a camera, and shows a moving pattern for its picture."""
    with_camera = browser.browser_type.launch(executable_path=browser_path(), args=[*FLAGS, *CAMERA])
    yield with_camera
    with_camera.close()


@pytest.fixture
def page(camera_browser: Browser) -> Iterator[Page]:
    context = camera_browser.new_context(viewport={"width": 1440, "height": 1000}, permissions=["camera"])
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def choose(page: Page, way: str) -> None:
    page.get_by_role("radio", name=way).click()


def send(page: Page, label: str, *files: Path) -> None:
    """Choose files, or a folder, in the uploader with this label, and add them."""
    expect(page.get_by_text(label)).to_have_count(1)  # the one that was there before may still be going
    expect(page.get_by_text(label)).to_be_visible()
    chooser = page.get_by_test_id("stFileUploader").locator("input[type=file]")
    expect(chooser).to_be_enabled()  # not before the class has a name
    chooser.set_input_files([str(file) for file in files])
    page.get_by_role("button", name=re.compile(r"^Add( [\d,]+ files)?$")).click()


def name_class(page: Page, name: str) -> None:
    box = page.get_by_role("combobox", name=re.compile("^Class|Selected"))
    box.fill(name)
    box.press("Enter")


def zip_of(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, file.relative_to(folder))
    return path


def upload_zip(page: Page, server: Server, tmp_path: Path, name: str = "mine.zip") -> None:
    page.goto(f"{server.url}/images")
    choose(page, "A zip")
    send(page, "A zip with one folder for each class", zip_of(write_stripes(tmp_path / name[:-4]), tmp_path / name))
    expect(page.get_by_text(f"{name}: 24 pictures in 2 classes")).to_be_visible()


def test_a_folder_brings_its_classes(server: Server, page: Page, tmp_path: Path) -> None:
    folder = write_stripes(tmp_path / "stripes", count=8)
    page.goto(f"{server.url}/images")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    choose(page, "A folder")
    send(page, "A folder with one sub-folder for each class", folder)
    expect(page.get_by_text("stripes: 16 pictures in 2 classes")).to_be_visible()
    expect(page.get_by_text("across: 8 pictures")).to_be_visible()
    expect(page.locator(".tl-tiles img")).to_have_count(16)
    expect(page).to_have_url(re.compile(r"/images\?data=upload-"))
    page.reload()
    expect(page.get_by_text("stripes: 16 pictures in 2 classes")).to_be_visible()


def test_a_zip_trains_like_any_other_set(server: Server, page: Page, tmp_path: Path) -> None:
    upload_zip(page, server, tmp_path)
    page.get_by_role("button", name="Train on them").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled(timeout=60_000)
    expect(page.get_by_role("combobox", name=re.compile("mine.zip.*Data set|Data set"))).to_be_visible()


def test_rename_delete_a_picture_and_undo_both_after_a_refresh(server: Server, page: Page, tmp_path: Path) -> None:
    upload_zip(page, server, tmp_path)
    page.get_by_role("button", name="Change").first.click()
    page.get_by_role("textbox", name="Name").fill("<b>lying</b>")
    page.get_by_role("textbox", name="Name").press("Enter")
    expect(page.get_by_text("<b>lying</b>: 12 pictures")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".tl-tiles figure").first.hover()
    page.get_by_role("button", name="Delete across/000.png").click()
    expect(page.get_by_text("<b>lying</b>: 11 pictures")).to_be_visible()
    page.reload()
    expect(page.get_by_text("<b>lying</b>: 11 pictures")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("<b>lying</b>: 12 pictures")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("across: 12 pictures")).to_be_visible()
    page.get_by_role("button", name="Redo").click()
    expect(page.get_by_text("<b>lying</b>: 12 pictures")).to_be_visible()


def test_camera_pictures_come_in_one_a_click(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/images")
    choose(page, "Camera")
    expect(page.get_by_text("Say first which class")).to_be_visible()
    name_class(page, "green")
    for count in (1, 2, 3):
        # each later than the one before: the fake camera begins anew every time, and the same picture is not kept twice
        page.wait_for_function(f"document.querySelector('video')?.currentTime > {0.4 * count}")
        page.get_by_role("button", name="Take Photo").click()
        expect(page.get_by_text(re.compile(f"^green: {count} picture"))).to_be_visible()
    expect(page.locator(".tl-tiles img")).to_have_count(3)


def test_pictures_of_one_class_and_a_file_that_is_none(server: Server, page: Page, tmp_path: Path) -> None:
    folder = write_stripes(tmp_path / "stripes")
    (tmp_path / "letter.png").write_text("not a picture")
    page.goto(f"{server.url}/images")
    name_class(page, "across")
    send(page, "Pictures of this class", *sorted((folder / "across").iterdir())[:5], tmp_path / "letter.png")
    expect(page.get_by_text("across: 5 pictures")).to_be_visible()
    expect(page.get_by_text(re.compile("letter.png: its content is not"))).to_be_visible()
    expect(page.get_by_test_id("stAlert").filter(has_text="one class only")).to_be_visible()
    expect(page.get_by_role("button", name="Train on them")).to_be_disabled()


def test_another_visitor_cannot_open_it(server: Server, page: Page, camera_browser: Browser, tmp_path: Path) -> None:
    upload_zip(page, server, tmp_path, "secret.zip")
    address = re.compile(r"data=(upload-[0-9a-f]{32}\.\d+)")
    page.wait_for_url(address)
    spec = address.search(page.url)[1]
    stranger = camera_browser.new_context().new_page()
    for path in ("images", "train", "cases"):
        for link in (spec, spec.split(".")[0]):
            stranger.goto(f"{server.url}/{path}?data={link}")
            expect(stranger.get_by_text("This upload belongs to someone else or is gone")).to_be_visible()
            content = stranger.content()
            assert not any(word in content for word in ("secret", "across", "24 pictures")), path
    stranger.context.close()


def test_download_and_upload_again(server: Server, page: Page, tmp_path: Path) -> None:
    upload_zip(page, server, tmp_path)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as zip").click()
    assert download.value.suggested_filename == "mine.zip"
    saved = tmp_path / "again.zip"
    download.value.save_as(saved)
    assert len(zipfile.ZipFile(io.BytesIO(saved.read_bytes())).namelist()) == 24
    page.get_by_role("button", name="Start another set").click()
    choose(page, "A zip")
    send(page, "A zip with one folder for each class", saved)
    expect(page.get_by_text("again.zip: 24 pictures in 2 classes")).to_be_visible()


def test_delete_all(server: Server, page: Page, tmp_path: Path) -> None:
    upload_zip(page, server, tmp_path)
    expect(page).to_have_url(re.compile("upload-"))
    folder = server.home / "uploads" / re.search(r"upload-[0-9a-f]{32}", page.url)[0]
    assert folder.is_dir()
    page.get_by_role("button", name="Delete this set").click()
    page.get_by_role("button", name="Delete now").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    assert not folder.exists()
    expect(page).not_to_have_url(re.compile("upload-"))


def test_nothing_reaches_over_the_edge_of_a_phone(server: Server, phone: Page, tmp_path: Path) -> None:
    upload_zip(phone, server, tmp_path)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    expect(phone.get_by_role("button", name="Delete across/000.png")).to_be_attached()
