import json

import pytest

from tl_core.events import ENDINGS, EVENT_TYPES, Epoch, Failed, event_from_json

EPOCH = Epoch(
    run_id="r", seq=1, elapsed_seconds=0.5, epoch=1, num_epochs=2, train_loss=1.0, val_loss=1.1, train_accuracy=0.5,
    val_accuracy=0.4, images_per_second=100.0, eta_seconds=0.5, weights_moved={"new": 0.1},
)  # fmt: skip


def test_events_round_trip_through_json() -> None:
    data = json.loads(json.dumps(EPOCH.to_json()))
    assert data["event"] == "epoch"
    assert event_from_json(data) == EPOCH


def test_fields_of_a_newer_version_are_ignored() -> None:
    assert event_from_json({**EPOCH.to_json(), "mood": "good"}) == EPOCH


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="mystery"):
        event_from_json({"event": "mystery"})


def test_the_endings_are_event_types() -> None:
    assert set(ENDINGS) < set(EVENT_TYPES)
    assert EVENT_TYPES["failed"] is Failed
