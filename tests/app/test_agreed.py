"""Settings survive the way from page to page, however quickly."""

from tests.opening import open_page

PAGES = ("pages/7_race.py", "pages/2_train.py", "pages/1_cases.py", "pages/6_inside.py", "pages/2_train.py")


def test_no_page_change_moves_a_slider(server: None) -> None:
    query = {"data": "imagine", "images": "5000", "similarity": "0.3", "recipe": "case-2"}
    app = open_page("pages/2_train.py", "a" * 32, **query)
    shown = {"bar_images": 5_000, "bar_similarity": 0.3, "bar_recipe": "case-2"}
    for page in PAGES:
        app.switch_page(page).run()  # drawn only once before the next
        assert {key: app.session_state[key] for key in shown} == shown, page
    app.run()
    assert {key: app.session_state[key] for key in shown} == shown
    assert "5000" in app.query_params["images"]
