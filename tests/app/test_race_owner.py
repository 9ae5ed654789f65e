"""A race belongs to whoever may use its pictures."""

import pytest

from frame import race_data
from tests.races import make_race
from tl_core.experiment import Experiment
from tl_core.race import RaceError


def test_nobody_races_on_somebody_elses_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    race = make_race(base=Experiment(data="upload-" + "0" * 32 + ".1", epochs=4))
    monkeypatch.setattr(race_data, "owner", lambda: "b" * 32)
    monkeypatch.setattr(race_data, "get_engine", lambda: pytest.fail("nothing may be submitted"))

    with pytest.raises(RaceError, match="somebody else"):
        race_data.start_race(race, fresh=True)
