"""Whose turn it is: round-robin over people, not over requests."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_REMEMBERED = 10_000  # people whose last turn is known; who is forgotten had the longest wait anyway


@dataclass(frozen=True)
class Ticket:
    """One person's request. Requests of one `key` are served together, in one turn."""

    id: str
    owner: str
    key: str


class FairQueue:
    """Requests that wait. Next is always the oldest request of whoever has had no turn for the longest time.

    So nobody's first request waits for anybody's second, and between two turns of one person everybody else who waits has
    one. Each person's own requests keep their order, unless another person's request brings one forward with it.
    """

    def __init__(self) -> None:
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()  # in the order in which they came
        self._turns: OrderedDict[str, int] = OrderedDict()  # owner: number of the last turn, oldest first
        self._turn = 0
        self._order: list[str] | None = None  # keys; None where it has to be worked out again

    def __len__(self) -> int:
        return len(self._tickets)

    def add(self, ticket: Ticket) -> None:
        self._tickets[ticket.id] = ticket
        self._order = None

    def remove(self, ticket_id: str) -> None:
        """Take one request out; one that does not wait is passed over."""
        self._tickets.pop(ticket_id, None)
        self._order = None

    def had_turn(self, owner: str) -> None:
        """Note that a person was served now without having waited."""
        self._turn += 1
        self._note({owner})

    def take(self) -> str:
        """The key whose turn it is; all its tickets are taken out, and each of their owners has had a turn.

        Raises `IndexError` if nobody waits.
        """
        key = self.order()[0]
        taken = [ticket for ticket in self._tickets.values() if ticket.key == key]
        for ticket in taken:
            del self._tickets[ticket.id]
        self._turn += 1
        self._note({ticket.owner for ticket in taken})
        return key

    def order(self) -> list[str]:
        """All keys in the order in which their turns come if nobody else asks."""
        if self._order is None:
            self._order = self._work_out()
        return self._order

    def _note(self, owners: set[str]) -> None:
        for owner in sorted(owners):
            self._turns[owner] = self._turn
            self._turns.move_to_end(owner)
        while len(self._turns) > MOST_REMEMBERED:
            self._turns.popitem(last=False)
        self._order = None

    def _work_out(self) -> list[str]:
        lines: dict[str, list[Ticket]] = {}  # of each person, the oldest request last
        owners: dict[str, set[str]] = {}
        for ticket in reversed(self._tickets.values()):
            lines.setdefault(ticket.owner, []).append(ticket)
            owners.setdefault(ticket.key, set()).add(ticket.owner)
        came = {ticket_id: number for number, ticket_id in enumerate(self._tickets)}
        turns = {owner: self._turns.get(owner, 0) for owner in lines}
        turn, order = self._turn, []
        while lines:
            first = min(lines, key=lambda owner: (turns[owner], came[lines[owner][-1].id]))
            key = lines[first][-1].key
            order.append(key)
            turn += 1
            for owner in owners[key]:
                turns[owner] = turn
                lines[owner] = [ticket for ticket in lines[owner] if ticket.key != key]
                if not lines[owner]:
                    del lines[owner]
        return order
