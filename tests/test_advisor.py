from dataclasses import replace

import numpy as np
import pytest

from tl_core.advisor import (
    BEYOND,
    Cell,
    Model,
    Scores,
    accuracy_of,
    advice_for,
    advise,
    difference_error,
    fit,
    leave_one_set_out,
    load_model,
    log_odds,
)

SIZES = (30, 100, 300, 1_000)


def make_cells(num_sets=6, noise=0.0, seed=0):
    """Fine-tuning overtakes a frozen head at 100 images, however similar; the early cut is as good where nothing is similar."""
    rng = np.random.default_rng(seed)
    cells = []
    for number in range(num_sets):
        best, similarity = rng.uniform(0.3, 0.8), number / (num_sets - 1)
        for num_images in SIZES:
            real = {
                "case-1": log_odds(best) + similarity - 0.5,
                "case-2": log_odds(best) - similarity + 0.5,
                "case-3": log_odds(best) + similarity - 0.5 + 0.6 * (np.log10(num_images) - 2),
            }
            noisy = {recipe: accuracy_of(odds + noise * rng.standard_normal()) for recipe, odds in real.items()}
            cells.append(Cell(f"set {number}", Scores(num_images, similarity, best), noisy))
    return cells


def test_a_measurement_becomes_scores():
    curve = [{"stage": "conv1", "score": 0.3}, {"stage": "conv2", "score": 0.4}, {"stage": "fc1", "score": 0.2}]

    scores = Scores.of({"num_images": 50, "similarity": 0.7, "cut_curve": curve})

    assert scores == Scores(50, 0.7, 0.4)


@pytest.mark.parametrize(
    ("num_images", "similarity", "recipe"),
    [(30, 0.9, "case-1"), (30, 0.1, "case-2"), (1_000, 0.9, "case-3"), (100, 0.0, "case-2")],
)
def test_the_fit_finds_where_one_recipe_overtakes_another(num_images, similarity, recipe):
    model = fit(make_cells(noise=0.02))

    assert advise(Scores(num_images, similarity, 0.5), model).recipe == recipe


def test_a_set_is_predicted_without_its_own_results():
    cells = make_cells()
    liars = {"case-1": 0.1, "case-2": 0.1, "case-3": 0.9}
    spoilt = [replace(cell, accuracies=liars) if cell.data == "set 0" else cell for cell in cells]

    before, after = leave_one_set_out(cells), leave_one_set_out(spoilt)

    assert before[: len(SIZES)] == after[: len(SIZES)]
    assert before[len(SIZES) :] != after[len(SIZES) :]


def test_the_error_is_that_of_differences():
    cells = make_cells()
    predictions = [{recipe: log_odds(value) + 0.2 for recipe, value in cell.accuracies.items()} for cell in cells]

    assert difference_error(cells, predictions) == pytest.approx(0.0, abs=1e-12)
    predictions[0][max(predictions[0], key=predictions[0].get)] += 0.1
    assert difference_error(cells, predictions) > 0


def flat_model(error, lead=0.0):
    weights = {"case-1": np.array([lead, 0, 0, 0]), "case-3": np.zeros(4)}
    return Model(np.zeros(3), np.ones(3), weights, error)


def test_equal_expectations_are_a_toss_up_in_number_and_words():
    advice = advise(Scores(100, 0.5, 0.6), flat_model(error=0.3))

    assert advice.sure == pytest.approx(0.5)
    assert set(advice.ahead.values()) == {0.0}
    assert "hardly be told apart" in advice.why


def test_every_recipe_that_can_hardly_be_told_apart_is_named():
    weights = {"case-1": np.zeros(4), "case-2": np.array([-0.01, 0, 0, 0]), "case-3": np.array([-2.0, 0, 0, 0])}
    advice = advise(Scores(100, 0.5, 0.6), Model(np.zeros(3), np.ones(3), weights | {"lp-ft": np.zeros(4)}, 0.3))

    assert advice.rivals == ["lp-ft", "case-2"]
    assert "case 1, 'head first, then fine-tune' and case 2 can hardly be told apart" in advice.why
    assert advice.chances["case-3"] > 0.99


def test_more_sure_the_larger_the_lead_against_the_error():
    advices = [advise(Scores(100, 0.5, 0.6), flat_model(error, lead=0.3)) for error in (1.0, 0.4, 0.1)]

    assert 0.5 < advices[0].sure < advices[1].sure < advices[2].sure <= 1.0
    assert ["hardly be told apart" in a.why for a in advices] == [True, False, False]
    assert "clearly ahead of case 3, by some 7 points" in advices[2].why


def test_nothing_is_made_up_beyond_the_sizes_of_the_study():
    model = fit(make_cells())

    assert model.predict(Scores(1_000, 0.5, 0.6)) == model.predict(Scores(1_000_000, 0.5, 0.6))


def test_advice_among_some_recipes_only():
    advice = advise(Scores(1_000, 0.9, 0.5), fit(make_cells()), ["case-1", "case-2"])

    assert list(advice.ahead) == ["case-1", "case-2"]


def test_the_model_survives_its_file():
    model = replace(fit(make_cells(noise=0.02)), error=0.03, networks=("demo",))

    again = Model.from_json(model.to_json())

    assert again.predict(Scores(100, 0.5, 0.6)) == pytest.approx(model.predict(Scores(100, 0.5, 0.6)), abs=1e-4)
    assert (again.error, again.range_images, again.networks) == (0.03, (30, 1_000), ("demo",))


def test_no_advice_where_the_study_says_nothing():
    most = load_model().range_images[1]
    measurement = {"can_tell": True, "num_images": most, "similarity": 0.9, "cut_curve": [{"score": 0.6}]}

    assert advice_for(measurement, "demo") == advice_for(measurement, "demo", most)
    assert advice_for(measurement, "demo", BEYOND * most) is not None
    assert advice_for(measurement, "demo", BEYOND * most + 1) is None
    assert advice_for(measurement, "demo", 10) is None
    assert advice_for(measurement, "resnet18") is None
    assert advice_for({**measurement, "can_tell": False}, "demo") is None
