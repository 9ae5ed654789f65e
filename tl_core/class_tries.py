"""How often a PIN may be tried: a few times for one visitor, and no faster than a crawl for all of them together."""

import secrets
import time

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection

from tl_core.class_errors import TooManyTries
from tl_core.class_tables import TRIES
from tl_core.language import _

MOST_TRIES = 5  # of one visitor; a visitor is only a cookie, so there is also
MOST_OF_ALL = 30  # of everybody: a PIN of six digits holds for a year of trying on average
WITHIN = 15 * 60  # seconds


def check_tries(connection: Connection, class_id: str, owner: str) -> None:
    """Raises `TooManyTries` if this visitor, or all together, have tried too often."""
    recent = (TRIES.c.class_id == class_id) & (TRIES.c.at > time.time() - WITHIN)
    count = select(func.count()).select_from(TRIES).where(recent)
    if connection.scalar(count.where(TRIES.c.owner == owner)) >= MOST_TRIES or connection.scalar(count) >= MOST_OF_ALL:
        raise TooManyTries(
            _("Too many wrong PINs were tried. Wait {minutes} minutes and try again.", minutes=WITHIN // 60)
        )


def note_try(connection: Connection, class_id: str, owner: str) -> None:
    now = time.time()
    connection.execute(delete(TRIES).where(TRIES.c.class_id == class_id, TRIES.c.at < now - WITHIN))
    connection.execute(insert(TRIES).values(id=secrets.token_hex(16), class_id=class_id, owner=owner, at=now))


def forget_tries(connection: Connection, class_id: str, owner: str) -> None:
    """The right PIN was given."""
    connection.execute(delete(TRIES).where(TRIES.c.class_id == class_id, TRIES.c.owner == owner))
