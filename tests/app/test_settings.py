"""Settings in the URL and back."""

import pytest

from frame.settings import IMAGINED, Settings, case_of
from frame.text import plain
from tl_core.cases import Thresholds

NAMES = ["digits", "flowers"]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings().change(similarity=0.3, num_images=70_000),
        Settings().change(data="flowers", num_images=None, distance=0.75),
        Settings().change(data="digits", auto=False, recipe="case-2", cut="conv1", seed=4),
        Settings().change(data="digits", auto=False, recipe="lp-ft"),
        Settings().change(data="digits", auto=False, recipe="one-block", freeze="except-conv2"),
        Settings().change(data="digits", auto=False, recipe="custom", cut="conv3", freeze="except-first"),
        Settings().change(thresholds=Thresholds(500, 0.3)),
        Settings().change(data="digits", guess=False),
    ],
)
def test_settings_round_trip_through_the_url(settings: Settings) -> None:
    assert Settings.from_query(settings.to_query(), NAMES) == (settings, [])


def test_unknown_parts_are_named_and_the_rest_is_kept() -> None:
    query = {"data": "unicorns", "network": "resnet17", "seed": "3", "similar": "lots", "guess": "never"}
    settings, notes = Settings.from_query(query, NAMES)
    assert settings.experiment.data == IMAGINED
    assert settings.experiment.seed == 3
    assert settings.guess
    assert len(notes) == 4
    for received in ("unicorns", "resnet17", "lots", "never"):
        assert any(f"'{received}'" in note for note in notes)


def test_an_unknown_stage_is_named() -> None:
    settings, notes = Settings.from_query({"data": "digits", "recipe": "case-2", "cut": "conv9"}, NAMES)
    assert settings.experiment.cut is None
    assert len(notes) == 1
    assert "'conv9'" in notes[0]


def test_what_the_map_decides_is_not_taken_from_the_link() -> None:
    """A frozen layer of case 1 would make no sense once the map says case 4."""
    settings, _ = Settings.from_query(
        {"data": IMAGINED, "images": "1000000", "similarity": "0.1", "freeze": "conv1"}, NAMES
    )
    assert settings.resolved(settings.case(settings.similarity)).freeze is None


@pytest.mark.parametrize("name", ["/etc", "../secrets", "upload-../../etc", "upload-short", "~"])
def test_a_link_cannot_name_a_path(name: str) -> None:
    settings, notes = Settings.from_query({"data": name}, NAMES)
    assert settings.experiment.data == IMAGINED
    assert notes


def test_plain_text_is_no_markdown() -> None:
    assert plain("![x](http://e.example/p.png)") == r"\!\[x\]\(http\://e\.example/p\.png\)"


def test_a_bonus_recipe_is_found_and_one_of_ones_own_is_not() -> None:
    settings, notes = Settings.from_query({"data": "digits", "recipe": "one-block", "freeze": "except-conv2"}, NAMES)
    assert not notes
    assert case_of(settings.experiment).title == "Tune one block"
    own, _ = Settings.from_query({"data": "digits", "recipe": "custom", "freeze": "except-conv2"}, NAMES)
    assert case_of(own.experiment) is None
    _, notes = Settings.from_query({"data": "digits", "recipe": "one-block", "freeze": "except-conv7"}, NAMES)
    assert "'conv7'" in notes[0]
