"""Files that are made for downloads wait for the browser, and are let go after that."""

from collections.abc import Iterator

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from frame import made_files


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaFileManager]:
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "ann")
    before = MediaFileMetadata.mark_for_delete, MediaFileMetadata.is_marked_for_delete
    made_files.install()
    yield MediaFileManager(MemoryMediaFileStorage("/media"))
    MediaFileMetadata.mark_for_delete, MediaFileMetadata.is_marked_for_delete = before


def make(manager: MediaFileManager) -> str:
    """The file's id, made as at a click on a download button."""
    placeholder = manager.add_deferred(lambda: b"name,accuracy", "text/csv", "0.1", "class.csv")
    return manager.execute_deferred(placeholder).rpartition("/")[2]


def test_it_outlives_the_scripts_of_a_class(manager: MediaFileManager) -> None:
    file = make(manager)
    for _script in range(60):
        manager.remove_orphaned_files()
    assert manager._storage.get_file(file).content == b"name,accuracy"


def test_it_is_let_go_when_its_time_is_over(manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(made_files.time, "monotonic", lambda: now[0])
    file = make(manager)
    manager.remove_orphaned_files()
    now[0] += made_files.KEPT - 1
    make(manager)  # asked for once more: its time begins again
    manager.remove_orphaned_files()
    now[0] += 2
    manager.remove_orphaned_files()
    assert manager._storage.get_file(file)
    now[0] += made_files.KEPT
    manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        manager._storage.get_file(file)
