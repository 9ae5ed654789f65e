"""Requests of a session wait for what its last script has drawn, and a click is never dropped."""

import asyncio
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType

from frame import last_words, line
from tests.loops import run_in_loop

ASKED: list[str] = []


def session(has_fragment: bool = True) -> SimpleNamespace:
    here = ClientState(page_script_hash="here")
    return SimpleNamespace(
        _scriptrunner=None,
        _client_state=here,
        _pages_manager=SimpleNamespace(main_script_hash="the app"),
        has_fragment=lambda _id: has_fragment,
        draws=False,
    )


def script(ended: bool) -> SimpleNamespace:
    requests = ScriptRequests()
    requests.request_rerun(RerunData())
    requests.on_scriptrunner_ready()  # it runs
    if ended:
        assert requests.on_scriptrunner_ready().type is ScriptRequestType.STOP
    return SimpleNamespace(_requests=requests)


def ask(
    one: SimpleNamespace,
    name: str,
    fragment: str = "",
    auto: bool = False,
    click: str = "",
    page: str = "here",
    history: bool = False,
) -> None:
    state = ClientState(query_string=name, fragment_id=fragment, is_auto_rerun=auto, page_script_hash=page)
    state.is_history_navigation = history
    if click:
        state.widget_states.widgets.add(id=f"$$ID-0-{click}", json_trigger_value='[{"event": "news", "value": true}]')
    last_words._request_in_turn(one, state)


@pytest.fixture(autouse=True)
def _asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ASKED.clear()

    def request(one: SimpleNamespace, state: ClientState) -> None:
        page = "" if state.page_script_hash == "here" else f"@{state.page_script_hash}"
        ASKED.append(f"{state.query_string}:{state.fragment_id}{page}")
        if one.draws:
            one._scriptrunner = script(ended=False)
        if state.query_string == "bad":
            raise ValueError("bad")

    monkeypatch.setattr(last_words, "_request_rerun", request)
    monkeypatch.setattr(last_words, "_line", line.Line())


def test_the_names_are_those_of_the_installed_streamlit() -> None:
    assert "_scriptrunner" in AppSession.request_rerun.__code__.co_names
    handled = AppSession._handle_scriptrunner_event_on_event_loop.__code__.co_names
    assert {"_scriptrunner", "_client_state", "page_script_hash"} <= set(handled)
    assert script(ended=False)._requests._state is ScriptRequestType.CONTINUE
    assert script(ended=True)._requests._state is ScriptRequestType.STOP
    assert callable(AppSession.has_fragment)
    assert "_pages_manager" in AppSession.__init__.__code__.co_names
    assert isinstance(PagesManager.main_script_hash, property)


def test_nothing_waits_without_need() -> None:
    async def steps() -> None:
        one = session()
        ask(one, "page")
        ask(one, "part", "f")
        one._scriptrunner = script(ended=False)
        ask(one, "running", "f")
        one._scriptrunner = script(ended=True)
        ask(one, "whole page")
        assert ASKED == ["page:", "part:f", "running:f", "whole page:"]

    run_in_loop(steps())


def test_a_fragment_waits_until_the_last_script_is_taken_away_and_others_behind_it() -> None:
    async def steps() -> None:
        one, other = session(), session()
        one._scriptrunner = script(ended=True)
        ask(one, "part", "f")
        ask(one, "bad")
        ask(one, "page")
        ask(other, "other", "f")
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == ["other:f"], "another visitor waits for nobody"
        one._scriptrunner = None  # what Streamlit does when the queue is empty
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)  # of the bad one
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == ["other:f", "part:f", "bad:", "page:"]

    run_in_loop(steps())


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_words, "LONGEST", 0.02)

    async def steps() -> None:
        one = session()
        one._scriptrunner = script(ended=True)
        ask(one, "part", "f")
        await asyncio.sleep(0.1)
        assert ASKED == ["part:f"]

    run_in_loop(steps())


def test_a_click_on_a_fragment_that_is_gone_draws_the_page() -> None:
    async def steps() -> None:
        one = session(has_fragment=False)
        ask(one, "click", "f")
        ask(one, "timer", "f", auto=True)  # which nobody misses
        assert ASKED == ["click:", "timer:f"]

    run_in_loop(steps())


def test_what_comes_from_the_page_before_does_not_lead_back_to_it() -> None:
    async def steps() -> None:
        one = session()
        ask(one, "to another page", page="there")  # what a click on a link is
        one._scriptrunner = script(ended=False)
        ask(one, "slider", "f")  # before Streamlit has told which page it is
        one._client_state.page_script_hash = "there"
        ask(one, "timer", "f", auto=True)
        ask(one, "slider again", "f")
        assert ASKED == ["to another page:@there", "slider:@there", "slider again:@there"]
        one._scriptrunner = None
        ask(one, "late news", click="live_bar_0__events")
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert len(ASKED) == 3
        ask(one, "news of this page", click="tl_wake__events", page="there")
        ask(one, "opened by its address", page="")
        ask(one, "back", click="tl_wake__events", history=True)
        assert ASKED[3:] == ["news of this page:@there", "opened by its address:@", "back:"]

    run_in_loop(steps())


def test_a_page_that_has_another_name_until_it_is_drawn_is_heard_all_the_same() -> None:
    """Of a page that was opened by its address Streamlit knows only at the end of the script which one it is."""

    async def steps() -> None:
        one = session()
        one._client_state.page_script_hash = ""
        ask(one, "opened", page="")
        one._client_state.page_script_hash, one._scriptrunner = "the app", script(ended=False)
        ask(one, "slider", "f")
        assert ASKED == ["opened:@", "slider:f"]
        ask(one, "to another page", page="there")
        ask(one, "late slider", "f")
        one._client_state.page_script_hash, one._scriptrunner = "there", None
        ask(one, "late news", click="tl_wake__events")
        assert ASKED[2:] == ["to another page:@there", "late slider:@there"]

    run_in_loop(steps())


def test_where_a_script_has_gone_on_to_another_page_its_parts_are_heard_and_no_others() -> None:
    async def steps() -> None:
        one = session()
        ask(one, "a button that leads on")
        one._client_state.page_script_hash = "there"
        ask(one, "slider", "f", page="there")
        ask(one, "news", click="tl_wake__events", page="there")
        ask(one, "late slider", "f")
        ask(one, "late timer", "f", auto=True)
        ask(one, "late news", click="tl_wake__events")
        assert ASKED == ["a button that leads on:", "slider:f@there", "news:@there", "late slider:@there"]

    run_in_loop(steps())


def test_who_goes_on_at_once_is_not_led_back_to_the_page_before_the_last() -> None:
    async def steps() -> None:
        one = session()
        ask(one, "to another page", page="there")
        ask(one, "and on", page="beyond")
        one._client_state.page_script_hash = "beyond"
        ask(one, "late news", click="tl_wake__events")
        ask(one, "late slider", "f")
        assert ASKED == ["to another page:@there", "and on:@beyond", "late slider:@beyond"]

    run_in_loop(steps())


def test_what_nobody_has_asked_for_disturbs_no_script() -> None:
    async def steps() -> None:
        one = session()
        ask(one, "idle", click="tl_wake__events")
        one._scriptrunner = script(ended=False)
        ask(one, "news", click="tl_wake__events")
        ask(one, "news and click", click="start")
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == ["idle:", "news and click:"], "the page that the visitor has asked for shows the news"
        one._scriptrunner = script(ended=False)
        ask(one, "over", click="live_bar_0__events")
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert len(ASKED) == 2
        one._scriptrunner = None
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED[2:] == ["over:"]

    run_in_loop(steps())


def test_a_click_is_not_taken_back_by_what_comes_before_it_is_heard() -> None:
    async def steps() -> None:
        one = session()
        requests = ScriptRequests()
        requests.request_rerun(RerunData())
        one._scriptrunner = SimpleNamespace(_requests=requests)  # not begun: its thread has not had a turn
        ask(one, "slider")
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == []
        requests.on_scriptrunner_ready()
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == ["slider:"]

    run_in_loop(steps())


def test_pages_that_are_opened_stand_in_line_and_nobody_waits_who_has_done_something() -> None:
    async def steps() -> None:
        early = session()
        ask(early, "early")
        opened = [session() for _ in range(line.AT_ONCE + 2)]
        for number, one in enumerate(opened):
            one.draws = True
            ask(one, str(number))
        assert ASKED == ["early:", *(f"{number}:" for number in range(line.AT_ONCE))]
        ask(early, "slider")
        assert ASKED[-1] == "slider:"
        opened[0]._scriptrunner = None
        await asyncio.sleep(4 * line.LOOK_EVERY)
        assert ASKED[-1] == f"{line.AT_ONCE}:", "one is drawn, the next one's turn"
        for one in opened:
            one._scriptrunner = None
        await asyncio.sleep(4 * line.LOOK_EVERY)
        assert ASKED[-1] == f"{line.AT_ONCE + 1}:"

    run_in_loop(steps())


def test_who_does_something_while_in_line_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "AT_ONCE", 0)
    monkeypatch.setattr(line, "LONGEST", 0.05)

    async def steps() -> None:
        one = session()
        ask(one, "first")
        assert ASKED == []
        await asyncio.sleep(0.15)
        assert ASKED == ["first:"], "nobody stands there for ever"
        ask(one, "news", click="tl_wake__events")
        ask(one, "click", click="start")
        assert ASKED == ["first:", "click:"]
        await asyncio.sleep(0.15)
        assert ASKED == ["first:", "click:"], "that has shown the news"

    run_in_loop(steps())


def test_one_that_goes_wrong_does_not_stop_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        monkeypatch.setattr(line, "AT_ONCE", 0)
        for name in ("bad", "good"):
            ask(session(), name)
        monkeypatch.setattr(line, "AT_ONCE", 3)
        await asyncio.sleep(6 * line.LOOK_EVERY)
        assert ASKED == ["bad:", "good:"]

    run_in_loop(steps())


def test_nobody_is_forgotten_behind_one_that_has_left_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "AT_ONCE", 0)
    monkeypatch.setattr(line, "LONGEST", 0.05)

    async def steps() -> None:
        one = session()
        ask(one, "first")
        await asyncio.sleep(0.15)
        ask(one, "news", click="tl_wake__events")
        ask(one, "timer", "f", auto=True)
        assert ASKED == ["first:"], "the page is drawn soon, with all its parts"
        ask(one, "more news", click="tl_wake__events")
        ask(one, "part", "f")
        assert ASKED == ["first:", "part:f"], "who has done something does not wait behind the news"
        ask(one, "still news", click="tl_wake__events")
        await asyncio.sleep(0.15)
        ask(one, "slider")
        assert ASKED == ["first:", "part:f", "still news:", "slider:"]

    run_in_loop(steps())


def test_a_long_script_is_not_stopped_by_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_words, "LONGEST", 0.01)

    async def steps() -> None:
        one = session()
        ask(one, "first")
        one._scriptrunner = script(ended=False)
        ask(one, "news", click="tl_wake__events")
        await asyncio.sleep(0.1)
        assert ASKED == ["first:"]
        one._scriptrunner = None
        await asyncio.sleep(4 * last_words.LOOK_EVERY)
        assert ASKED == ["first:", "news:"]

    run_in_loop(steps())
