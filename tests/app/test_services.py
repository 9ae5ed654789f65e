"""The catalogue is shared by all who look, and never too old."""

from types import SimpleNamespace

import pytest

from frame import services


def test_the_catalogue_is_read_once_for_all_and_anew_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=10.0)
    monkeypatch.setattr(services, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(services, "catalogue", dict)  # a new one each time
    services.forget_catalogue()
    first = services.get_catalogue()
    clock.now += services.CATALOGUE_KEPT - 0.1
    assert services.get_catalogue() is first
    clock.now += 0.2
    second = services.get_catalogue()
    assert second is not first
    services.forget_catalogue()
    assert services.get_catalogue() is not second
    services.forget_catalogue()
