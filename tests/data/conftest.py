"""Keeps every test below its own folder."""

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Everything the program writes goes below the test's own folder."""
    for name in ("TL_DATA_DIR", "TL_CACHE_MB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
