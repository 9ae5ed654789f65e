import random
from collections.abc import Iterator

import pytest

from tl_core.engine.fair import FairQueue, Ticket


def ticket(name: str, owner: str, key: str = "") -> Ticket:
    return Ticket(name, owner, key or name)


def taken(queue: FairQueue) -> list[str]:
    return [queue.take() for _ in range(len(queue.order()))]


def test_turns_go_round_the_people_and_each_keeps_their_own_order() -> None:
    queue = FairQueue()
    for name in ("ann1", "ann2", "ann3", "bob1", "cyd1", "bob2"):
        queue.add(ticket(name, name[:3]))
    assert taken(queue) == ["ann1", "bob1", "cyd1", "ann2", "bob2", "ann3"]


def test_who_comes_late_but_had_no_turn_yet_is_next() -> None:
    queue = FairQueue()
    queue.add(ticket("ann1", "ann"))
    assert queue.take() == "ann1"
    queue.add(ticket("ann2", "ann"))
    queue.add(ticket("bob1", "bob"))
    assert queue.order() == ["bob1", "ann2"]


def test_equal_requests_are_served_together_and_each_of_their_owners_had_a_turn() -> None:
    queue = FairQueue()
    queue.add(ticket("ann1", "ann", "same"))
    queue.add(ticket("bob1", "bob"))
    queue.add(ticket("cyd1", "cyd", "same"))
    queue.add(ticket("cyd2", "cyd"))
    assert queue.take() == "same"
    assert queue.order() == ["bob1", "cyd2"]
    assert len(queue) == 2


def test_a_turn_that_was_not_waited_for_counts_as_well() -> None:
    queue = FairQueue()
    queue.had_turn("ann")
    queue.add(ticket("ann1", "ann"))
    queue.add(ticket("bob1", "bob"))
    assert queue.order() == ["bob1", "ann1"]


def test_what_was_removed_is_not_served_and_nobody_waiting_is_an_error() -> None:
    queue = FairQueue()
    queue.add(ticket("ann1", "ann"))
    queue.remove("ann1")
    queue.remove("never was")
    assert queue.order() == []
    with pytest.raises(IndexError):
        queue.take()


def histories(count: int = 300) -> Iterator[tuple[random.Random, FairQueue]]:
    for seed in range(count):
        yield random.Random(seed), FairQueue()


def add_some(rng: random.Random, queue: FairQueue, waiting: dict[str, Ticket], keys: int) -> None:
    for _ in range(rng.randrange(4)):
        name = f"{len(waiting):03d}-{rng.random()}"
        new = ticket(name, rng.choice("abcdef"), f"key {rng.randrange(keys)}" if keys else "")
        queue.add(new)
        waiting[name] = new


@pytest.mark.parametrize("keys", [0, 6], ids=["all different", "many equal"])
def test_first_before_second_and_everything_is_served_once(keys: int) -> None:
    """Over random histories: nobody's first request waits for anybody's second, and the foretold order comes true."""
    for rng, queue in histories():
        waiting: dict[str, Ticket] = {}
        had: set[str] = set()
        for _ in range(30):
            add_some(rng, queue, waiting, keys)
            if waiting and rng.random() < 0.2:
                gone = rng.choice(sorted(waiting))
                queue.remove(gone)
                del waiting[gone]
            if not waiting:
                continue
            foretold = queue.order()
            assert sorted(foretold) == sorted({one.key for one in waiting.values()})
            key = queue.take()
            assert key == foretold[0]
            served = [one for one in waiting.values() if one.key == key]
            owners = {one.owner for one in served}
            if not owners - had:
                assert not {one.owner for one in waiting.values()} - had, "somebody had no turn yet"
            had |= owners
            for one in served:
                del waiting[one.id]


def test_between_two_turns_of_one_person_everybody_who_waits_has_one() -> None:
    for rng, queue in histories():
        waiting: dict[str, Ticket] = {}
        since: dict[str, set[str]] = {}  # person: who has waited ever since their last turn
        for _ in range(40):
            add_some(rng, queue, waiting, 0)
            if not waiting:
                continue
            served = waiting.pop(queue.take())
            assert not since.get(served.owner, set())
            for others in since.values():
                others.discard(served.owner)
            since[served.owner] = {one.owner for one in waiting.values()} - {served.owner}


def test_the_order_of_a_full_class_is_worked_out_in_no_time() -> None:
    """Thirty people with a race of forty runs each: asked for by every page, twice a second."""
    queue = FairQueue()
    for person in range(30):
        for run in range(40):
            queue.add(ticket(f"{person}-{run}", f"person {person}"))
    order = queue.order()
    assert [name.split("-")[1] for name in order[:60]] == ["0"] * 30 + ["1"] * 30
    assert queue.order() is order, "kept until something changes"
