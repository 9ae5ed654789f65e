"""Classes: opened, joined, and closed to everybody else."""

import threading
import time

import pytest
from sqlalchemy import insert, select, update

from tl_core import class_secrets, class_tries
from tl_core.class_errors import ClassError, NotYourClass, TooManyTries
from tl_core.class_names import clean_line, clean_nickname, name_key
from tl_core.class_rules import Rules
from tl_core.class_secrets import CODE_LENGTH, hash_pin, is_pin, new_code, read_code, spoken_code
from tl_core.class_tables import CLASSES, GUESSES, MEMBERS, RUNS, TEACHERS, TRIES
from tl_core.classes import DAY, KEPT_DAYS, MOST_CLASSES, Classes
from tl_core.store import Store

TEACHER, ANN, BOB, EVE = ("f" * 32, "a" * 32, "b" * 32, "e" * 32)
PIN = "246810"


@pytest.fixture
def classes() -> Classes:
    return Classes(Store())


def test_a_code_is_long_random_and_read_as_people_type_it() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == CODE_LENGTH and read_code(code) == code for code in codes)
    code = codes.pop()
    assert read_code(f"  {spoken_code(code).upper()} ") == code
    assert read_code(code[:-1]) == read_code(code + "a") == read_code("'; DROP --x") == read_code("") == ""


def test_a_pin_is_kept_as_a_salted_hash() -> None:
    kept = hash_pin(PIN)
    assert PIN not in kept
    assert hash_pin(PIN) != kept
    assert is_pin(PIN, kept)
    assert not is_pin("246811", kept)
    assert not is_pin("2" * 10_000, kept)
    with pytest.raises(ClassError, match="6 to 64"):
        hash_pin("12345")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Lena \t M. ", "Lena M."),
        ("a\u202eb\u200bc\x00d", "abcd"),
        ("Zo\u0065\u0301\u0301\u0301\u0301\u0301", "Zo\u00e9\u0301\u0301"),
        ("<b>x</b>", "<b>x</b>"),
        ("李雷", "李雷"),
    ],
)
def test_a_nickname_is_one_visible_line(typed: str, kept: str) -> None:
    assert clean_nickname(typed) == kept


@pytest.mark.parametrize("typed", ["", "  ", "\u200b\u202e", "...", "x" * 25])
def test_a_nickname_that_will_not_do(typed: str) -> None:
    with pytest.raises(ClassError, match="nickname"):
        clean_nickname(typed)


def test_names_that_look_alike_are_one() -> None:
    assert name_key("LENA m") == name_key("lena M") == name_key("\uff2c\uff45\uff4e\uff41M")
    assert len(clean_line("x" * 500, 60)) == 60


def test_open_join_and_leave(classes: Classes) -> None:
    found = classes.open("Biology", PIN, TEACHER)
    assert classes.taught_by(TEACHER) == [found]
    member = classes.join(spoken_code(found.code), "Ann", ANN)
    assert classes.membership(ANN) == (found, member)
    assert (member.number, member.nickname) == (1, "Ann")
    assert classes.join(found.code, "Bob", BOB).number == 2
    assert classes.join(found.code, "Anna", ANN).number == 1  # the same person by another name
    assert [one.nickname for one in classes.members(found.id, TEACHER)] == ["Anna", "Bob"]
    assert classes.get(found.id)[1] == 2
    classes.leave(ANN)
    assert classes.membership(ANN) is None
    assert classes.get(found.id)[1] == 1
    assert not classes.may_see(found.id, ANN)
    assert classes.may_see(found.id, BOB)


def test_joining_another_class_leaves_the_first(classes: Classes) -> None:
    one, two = classes.open("One", PIN, TEACHER), classes.open("Two", PIN, EVE)
    classes.join(one.code, "Ann", ANN)
    classes.join(two.code, "Ann", ANN)
    assert classes.membership(ANN)[0].id == two.id
    assert not classes.may_see(one.id, ANN)
    classes.join(one.code, "Ann", ANN)
    assert classes.membership(ANN)[0].id == one.id


def test_nobody_takes_another_ones_name(classes: Classes) -> None:
    found = classes.open("", PIN, TEACHER)
    classes.join(found.code, "Ann", ANN)
    with pytest.raises(ClassError, match="called 'ANN' already"):
        classes.join(found.code, "ANN", BOB)
    classes.join(found.code, "Bob", BOB)
    with pytest.raises(ClassError, match="already"):
        classes.join(found.code, "Ann", BOB)
    assert classes.membership(BOB)[1].nickname == "Bob"


def test_thirty_at_once_get_thirty_numbers(classes: Classes) -> None:
    found = classes.open("", PIN, TEACHER)
    failed = []

    def join(number: int) -> None:
        try:
            classes.join(found.code, f"Student {number}", f"{number:032x}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=join, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(one.number for one in classes.members(found.id, TEACHER)) == list(range(1, 31))


def test_a_closed_class_keeps_its_members_and_takes_nobody_else(classes: Classes) -> None:
    found = classes.open("", PIN, TEACHER)
    classes.join(found.code, "Ann", ANN)
    classes.leave(ANN)
    classes.set_rules(found.id, Rules(closed=True), TEACHER)
    with pytest.raises(ClassError, match="Nobody else"):
        classes.join(found.code, "Bob", BOB)
    assert classes.join(found.code, "Ann", ANN).number == 1


def test_two_machines_of_a_teacher_change_different_rules(classes: Classes) -> None:
    found = classes.open("", PIN, TEACHER)
    threads = [
        threading.Thread(target=classes.change_rules, args=(found.id, TEACHER), kwargs=values)
        for values in (
            {"paused": True},
            {"closed": True},
            {"show_guesses": True},
            {"max_images": 50},
            {"max_epochs": 3},
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = Rules(paused=True, closed=True, show_guesses=True, max_images=50, max_epochs=3)
    assert classes.get(found.id)[0].rules == everything


def test_a_class_that_its_teacher_looks_at_is_not_swept(classes: Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    found = classes.open("", PIN, TEACHER)
    now = time.time()
    for days in (100, 200):
        monkeypatch.setattr("tl_core.classes.time.time", lambda days=days: now + days * DAY)
        assert [one.id for one in classes.taught_by(TEACHER)] == [found.id]
        classes.open("Another", PIN, EVE)
    monkeypatch.setattr("tl_core.classes.time.time", lambda: now + 400 * DAY)
    classes.open("Another", PIN, EVE)
    assert classes.taught_by(TEACHER) == []


@pytest.mark.parametrize("stranger", [ANN, EVE, ""])
def test_only_the_teacher_may_do_what_teachers_do(classes: Classes, stranger: str) -> None:
    found = classes.open("", PIN, TEACHER)
    classes.open("Another", PIN, EVE)
    classes.join(found.code, "Ann", ANN)
    for action in (
        lambda: classes.set_rules(found.id, Rules(paused=True), stranger),
        lambda: classes.change_rules(found.id, stranger, paused=True),
        lambda: classes.hide_name(found.id, 1, True, stranger),
        lambda: classes.hide_run(found.id, 1, True, stranger),
        lambda: classes.members(found.id, stranger),
        lambda: classes.delete(found.id, stranger),
    ):
        with pytest.raises(NotYourClass):
            action()
    assert classes.taught_by(TEACHER)[0].rules == Rules()
    assert not classes.membership(ANN)[1].hidden
    assert classes.may_see(found.id, stranger) == (stranger == ANN)


def test_a_teacher_comes_back_with_code_and_pin(classes: Classes) -> None:
    found = classes.open("", PIN, TEACHER)
    with pytest.raises(ClassError, match="no class with this code and this PIN"):
        classes.enter(found.code, "000000", EVE)
    with pytest.raises(ClassError, match="no class with this code and this PIN"):
        classes.enter("abcdefghjk", PIN, EVE)
    assert not classes.teaches(found.id, EVE)
    assert classes.enter(found.code, PIN, EVE).id == found.id
    classes.enter(found.code, PIN, EVE)  # twice is no error
    assert classes.teaches(found.id, EVE)
    classes.step_down(found.id, EVE)
    assert not classes.teaches(found.id, EVE)
    assert classes.teaches(found.id, TEACHER)


def test_a_pin_cannot_be_tried_on_and_on(classes: Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_secrets, "_COST", {"n": 2, "r": 8, "p": 1})
    found = classes.open("", PIN, TEACHER)
    other = classes.open("Another", PIN, TEACHER)
    for number in range(class_tries.MOST_TRIES):
        with pytest.raises(ClassError, match="this PIN"):
            classes.enter(found.code, f"00000{number}", EVE)
    with pytest.raises(TooManyTries, match="Wait 15 minutes"):
        classes.enter(found.code, PIN, EVE)  # the right one does not help either
    assert classes.enter(other.code, PIN, EVE).id == other.id
    for number in range(class_tries.MOST_OF_ALL - class_tries.MOST_TRIES):  # a new cookie for each try
        with pytest.raises(ClassError, match="this PIN"):
            classes.enter(found.code, "999999", f"{number:032x}")
    with pytest.raises(TooManyTries):
        classes.enter(found.code, PIN, BOB)
    assert classes.teaches(found.id, TEACHER)  # who is in already is not locked out
    with classes.begin() as connection:
        connection.execute(update(TRIES).values(at=time.time() - class_tries.WITHIN - 1))
    assert classes.enter(found.code, PIN, BOB).id == found.id


def test_many_tries_at_once_are_no_way_round(classes: Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_secrets, "_COST", {"n": 2, "r": 8, "p": 1})
    found = classes.open("", PIN, TEACHER)
    answers: list[type] = []

    def attempt() -> None:
        try:
            classes.enter(found.code, "111111", EVE)
        except ClassError as error:
            answers.append(type(error))

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(ClassError) == class_tries.MOST_TRIES
    assert answers.count(TooManyTries) == 20 - class_tries.MOST_TRIES


def test_deleting_leaves_nothing_of_the_class(classes: Classes) -> None:
    found, other = classes.open("One", PIN, TEACHER), classes.open("Two", PIN, TEACHER)
    member = classes.join(found.code, "Ann", ANN)
    with classes.begin() as connection:
        connection.execute(
            insert(GUESSES).values(
                class_id=found.id, member_id=member.id, kind="race", about="x", answer="case-1", made=0.0
            )
        )
    with pytest.raises(ClassError):
        classes.enter(found.code, "000000", EVE)
    classes.delete(found.id, TEACHER)
    with classes.begin() as connection:
        for table in (MEMBERS, RUNS, GUESSES, TRIES):
            assert connection.execute(select(table)).first() is None
        assert [row.id for row in connection.execute(select(CLASSES))] == [other.id]
        assert [row.class_id for row in connection.execute(select(TEACHERS))] == [other.id]
    assert classes.membership(ANN) is None
    with pytest.raises(NotYourClass):
        classes.get(found.id)


def test_unused_classes_are_deleted_and_nobody_has_too_many(classes: Classes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_secrets, "_COST", {"n": 2, "r": 8, "p": 1})
    old = classes.open("Old", PIN, TEACHER)
    with classes.begin() as connection:
        connection.execute(update(CLASSES).values(used=time.time() - (KEPT_DAYS + 1) * DAY))
    for _ in range(MOST_CLASSES):
        classes.open("", PIN, TEACHER)
    assert classes.find(old.code) is None
    with pytest.raises(ClassError, match=f"{MOST_CLASSES} classes"):
        classes.open("", PIN, TEACHER)
