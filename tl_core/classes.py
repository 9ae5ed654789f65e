"""Classes: opened with a PIN, joined with a nickname. Whoever asks is checked here, again at every step."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from tl_core.class_errors import ClassError, NotYourClass
from tl_core.class_names import TITLE_LONGEST, clean_line, clean_nickname, name_key
from tl_core.class_rules import Rules
from tl_core.class_secrets import hash_pin, is_pin, new_code, read_code
from tl_core.class_tables import CLASSES, MEMBERS, RUNS, TEACHERS, hold, make_tables
from tl_core.class_tries import check_tries, forget_tries, note_try
from tl_core.language import _
from tl_core.store import Store

MOST_MEMBERS = 200  # of one class
MOST_CLASSES = 20  # of one teacher
KEPT_DAYS = 180  # a class that nobody used for so long is deleted
DAY = 24 * 3600


@dataclass(frozen=True)
class SchoolClass:
    """A class as its people see it; `code` is what the join link carries."""

    id: str
    code: str
    title: str
    rules: Rules


@dataclass(frozen=True)
class Member:
    """Somebody who joined. `number` counts from 1 in the order of joining; `hidden`: the nickname is not shown to others."""

    id: str
    class_id: str
    number: int
    nickname: str
    hidden: bool


class Classes:
    """All reading and writing of classes and their people. `owner` is always the visitor who asks."""

    def __init__(self, store: Store):
        self.engine = store.engine
        make_tables(self.engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            yield connection

    # the teacher

    def open(self, title: str, pin: str, owner: str) -> SchoolClass:
        """A new class with its own id and code. Raises `ClassError` for a PIN that will not do, or too many classes."""
        kept = hash_pin(pin)
        row = {
            "id": secrets.token_hex(16),
            "code": new_code(),
            "title": clean_line(title, TITLE_LONGEST),
            "pin": kept,
            "rules": Rules().to_json(),
            "created": time.time(),
            "used": time.time(),
        }
        with self.begin() as connection:
            _sweep(connection)
            taught = connection.scalar(select(func.count()).select_from(TEACHERS).where(TEACHERS.c.owner == owner))
            if taught >= MOST_CLASSES:
                raise ClassError(
                    _("You have {number} classes open. Delete one of them before you open another one.", number=taught)
                )
            connection.execute(insert(CLASSES).values(row))
            connection.execute(insert(TEACHERS).values(class_id=row["id"], owner=owner))
        return SchoolClass(row["id"], row["code"], row["title"], Rules())

    def enter(self, code: str, pin: str, owner: str) -> SchoolClass:
        """Become a teacher of a class on another machine: by its code and its PIN.

        Raises `ClassError` if they do not belong together, `TooManyTries` after too many wrong ones.
        """
        found = self._by_code(code)
        wrong = _("There is no class with this code and this PIN. Look at both again.")
        if found is None:
            raise ClassError(wrong)
        with self.begin() as connection:
            hold(connection, found.id)
            check_tries(connection, found.id, owner)
            note_try(connection, found.id, owner)  # before it is looked at: many at once are no way round the limit
        if not is_pin(pin, found.pin):
            raise ClassError(wrong)
        with self.begin() as connection:
            forget_tries(connection, found.id, owner)
            if not _teaches(connection, found.id, owner):
                connection.execute(insert(TEACHERS).values(class_id=found.id, owner=owner))
        return _to_class(found)

    def step_down(self, class_id: str, owner: str) -> None:
        """This visitor is no longer a teacher here; with the PIN he can come back."""
        with self.begin() as connection:
            mine = (TEACHERS.c.class_id == class_id) & (TEACHERS.c.owner == owner)
            connection.execute(delete(TEACHERS).where(mine))

    def taught_by(self, owner: str) -> list[SchoolClass]:
        """The classes that this visitor teaches, newest first."""
        query = select(CLASSES).join(TEACHERS).where(TEACHERS.c.owner == owner).order_by(CLASSES.c.created.desc())
        with self.begin() as connection:
            found = connection.execute(query).all()
            stale = [row.id for row in found if row.used < time.time() - DAY]
            if stale:  # looked at: that is use as well
                connection.execute(update(CLASSES).where(CLASSES.c.id.in_(stale)).values(used=time.time()))
        return [_to_class(row) for row in found]

    def set_rules(self, class_id: str, rules: Rules, owner: str) -> None:
        """Raises `NotYourClass`."""
        with self.as_teacher(class_id, owner) as connection:
            _write_rules(connection, class_id, rules)

    def change_rules(self, class_id: str, owner: str, **values: object) -> Rules:
        """Write some of the rules; the others stay as another machine of the teacher's may have set them meanwhile.

        Raises `NotYourClass`, and `ClassError` for a value that will not do.
        """
        with self.as_teacher(class_id, owner) as connection:
            hold(connection, class_id)
            now = connection.scalar(select(CLASSES.c.rules).where(CLASSES.c.id == class_id))
            rules = Rules.from_json(now).change(**values)
            _write_rules(connection, class_id, rules)
        return rules

    def hide_name(self, class_id: str, number: int, hidden: bool, owner: str) -> None:
        """Show a member to the class as a number only, or by name again. Raises `NotYourClass`."""
        with self.as_teacher(class_id, owner) as connection:
            one = (MEMBERS.c.class_id == class_id) & (MEMBERS.c.number == number)
            connection.execute(update(MEMBERS).where(one).values(hidden=hidden))

    def hide_run(self, class_id: str, number: int, hidden: bool, owner: str) -> None:
        """Take a run, by its number in the class, off the board, or put it back. Raises `NotYourClass`."""
        with self.as_teacher(class_id, owner) as connection:
            one = (RUNS.c.class_id == class_id) & (RUNS.c.number == number)
            connection.execute(update(RUNS).where(one).values(hidden=hidden))

    def delete(self, class_id: str, owner: str) -> None:
        """The class, its nicknames, guesses, and which runs were its. Raises `NotYourClass`.

        The runs themselves belong to those who started them, and stay theirs.
        """
        with self.as_teacher(class_id, owner) as connection:
            connection.execute(delete(CLASSES).where(CLASSES.c.id == class_id))

    # the students

    def find(self, code: str) -> SchoolClass | None:
        """The class that a join code, as somebody typed it, leads to."""
        row = self._by_code(code)
        return _to_class(row) if row is not None else None

    def join(self, code: str, nickname: str, owner: str) -> Member:
        """Become a member, or one again, and leave every other class.

        Raises `ClassError` for a wrong code, a nickname that will not do or is taken, a class that is full or closed.
        """
        found = self._by_code(code)
        if found is None:
            raise ClassError(
                _("There is no class with this code. Received: '{code}'. Look at it again.", code=code[:32])
            )
        name = clean_nickname(nickname)
        rules = Rules.from_json(found.rules)
        taken = ClassError(_("Somebody in this class is called '{name}' already. Choose another nickname.", name=name))
        try:
            with self.begin() as connection:
                hold(connection, found.id)
                here = MEMBERS.c.class_id == found.id
                old = connection.execute(select(MEMBERS).where(here, MEMBERS.c.owner == owner)).first()
                if old is None and rules.closed:
                    raise ClassError(_("Nobody else can join this class now. Ask your teacher to let people in again."))
                other = connection.scalar(
                    select(MEMBERS.c.owner).where(here, MEMBERS.c.name_key == name_key(name), MEMBERS.c.owner != owner)
                )
                if other is not None:
                    raise taken
                last = connection.scalar(select(func.max(MEMBERS.c.number)).where(here)) or 0
                if old is None and last >= MOST_MEMBERS:
                    raise ClassError(_("This class is full: it has {number} members.", number=last))
                now = time.time()
                left = (MEMBERS.c.owner == owner) & (MEMBERS.c.class_id != found.id) & MEMBERS.c.left_at.is_(None)
                connection.execute(update(MEMBERS).where(left).values(left_at=now))
                values = {"nickname": name, "name_key": name_key(name), "left_at": None}
                if old is not None:
                    connection.execute(update(MEMBERS).where(MEMBERS.c.id == old.id).values(values))
                    return Member(old.id, found.id, old.number, name, old.hidden)
                new = {"id": secrets.token_hex(16), "class_id": found.id, "number": last + 1, "hidden": False}
                connection.execute(insert(MEMBERS).values(owner=owner, joined=now, **new, **values))
                return Member(nickname=name, **new)
        except IntegrityError:  # two asked for the same name at once
            raise taken from None

    def leave(self, owner: str) -> None:
        """This visitor's next runs belong to no class; the earlier ones stay on the board."""
        with self.begin() as connection:
            mine = (MEMBERS.c.owner == owner) & MEMBERS.c.left_at.is_(None)
            connection.execute(update(MEMBERS).where(mine).values(left_at=time.time()))

    def membership(self, owner: str) -> tuple[SchoolClass, Member] | None:
        """The class that this visitor is in now."""
        with self.begin() as connection:
            query = select(MEMBERS).where(MEMBERS.c.owner == owner, MEMBERS.c.left_at.is_(None))
            member = connection.execute(query.order_by(MEMBERS.c.joined.desc())).first()
            if member is None:
                return None
            found = connection.execute(select(CLASSES).where(CLASSES.c.id == member.class_id)).one()
        return _to_class(found), _to_member(member)

    def get(self, class_id: str) -> tuple[SchoolClass, int]:
        """A class and how many are in it now; who is asking is the caller's to check. Raises `NotYourClass` if it is gone."""
        with self.begin() as connection:
            found = connection.execute(select(CLASSES).where(CLASSES.c.id == class_id)).first()
            here = (MEMBERS.c.class_id == class_id) & MEMBERS.c.left_at.is_(None)
            number = connection.scalar(select(func.count()).select_from(MEMBERS).where(here))
        if found is None:
            raise NotYourClass(_("This class was deleted."))
        return _to_class(found), number

    def members(self, class_id: str, owner: str) -> list[Member]:
        """Everybody who ever joined, in that order; for the teacher. Raises `NotYourClass`."""
        with self.as_teacher(class_id, owner) as connection:
            rows = connection.execute(select(MEMBERS).where(MEMBERS.c.class_id == class_id).order_by(MEMBERS.c.number))
            return [_to_member(row) for row in rows]

    # who may do what

    def teaches(self, class_id: str, owner: str) -> bool:
        with self.begin() as connection:
            return _teaches(connection, class_id, owner)

    def may_see(self, class_id: str, owner: str) -> bool:
        """Whether this visitor teaches the class or is in it now."""
        now = self.membership(owner)
        return self.teaches(class_id, owner) or (now is not None and now[0].id == class_id)

    @contextmanager
    def as_teacher(self, class_id: str, owner: str) -> Iterator[Connection]:
        """A transaction in which `owner` is known to teach the class. Raises `NotYourClass`."""
        with self.begin() as connection:
            if not _teaches(connection, class_id, owner):
                raise NotYourClass(
                    _("Only the teacher of this class can do this, or the class is gone. Enter its code and its PIN.")
                )
            yield connection

    def _by_code(self, typed: str) -> Row | None:
        code = read_code(typed)
        if not code:
            return None
        with self.begin() as connection:
            return connection.execute(select(CLASSES).where(CLASSES.c.code == code)).first()


def _teaches(connection: Connection, class_id: str, owner: str) -> bool:
    query = select(TEACHERS.c.owner).where(TEACHERS.c.class_id == class_id, TEACHERS.c.owner == owner)
    return connection.execute(query).first() is not None


def _write_rules(connection: Connection, class_id: str, rules: Rules) -> None:
    connection.execute(update(CLASSES).where(CLASSES.c.id == class_id).values(rules=rules.to_json()))


def _sweep(connection: Connection) -> None:
    connection.execute(delete(CLASSES).where(CLASSES.c.used < time.time() - KEPT_DAYS * DAY))


def _to_class(row: Row) -> SchoolClass:
    return SchoolClass(row.id, row.code, row.title, Rules.from_json(row.rules))


def _to_member(row: Row) -> Member:
    return Member(row.id, row.class_id, row.number, row.nickname, row.hidden)
