"""The database behind the store: SQLite in a file, or PostgreSQL; made, or brought up to date, when it is opened."""

import contextlib
from collections.abc import Iterator
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tl_core.errors import UserError
from tl_core.language import english
from tl_core.migrations import HEAD, RELEASES
from tl_core.paths import home
from tl_core.tables import Base

_LOCK = 7_451_902_033  # of PostgreSQL: any number that nobody else uses there


def open_database(url: str) -> Engine:
    """Connect, and make or upgrade the tables. Raises `UserError` for an address that cannot be used."""
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        home().mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        # a connection that a restart of the database has cut is noticed before it is used; `connect_timeout` in seconds
        engine = create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    with _alone(engine), engine.connect() as connection:
        bring_up_to_date(connection)
        connection.commit()
    return engine


def bring_up_to_date(connection: Connection) -> None:
    """Make all tables in an empty database; in another one run the migrations that it has not had.

    Raises `UserError` for a database that a newer version of this program has written.
    """
    inspector = inspect(connection)
    if not inspector.has_table("runs"):
        # the version first: whoever is killed in between leaves tables that are taken for those of this version, as they are
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        connection.commit()
        Base.metadata.create_all(connection)
        return
    version = None
    if inspector.has_table("alembic_version"):
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is not None and version not in RELEASES:
        raise UserError(
            f"The database was written by a newer version of this program. Received: tables of version '{version}'. "
            f"Install that version, or give another database in TL_STORE_URL. This one knows versions up to '{HEAD}'."
        )
    if version != HEAD:
        _migrate(connection, stamp_first=version is None)
    Base.metadata.create_all(connection)  # tables of rooms that came after the last migration


def _migrate(connection: Connection, stamp_first: bool) -> None:
    from alembic import command

    from tl_core.migrations import make_config

    config = make_config()
    config.attributes["connection"] = connection
    if stamp_first:  # tables from before there were migrations
        command.stamp(config, RELEASES[0])
    command.upgrade(config, "head")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in ("postgres", "postgresql") and "+" not in parsed.drivername:
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect().import_dbapi()
    except (ArgumentError, NoSuchModuleError):
        raise UserError(
            "TL_STORE_URL is no address of a database. Use 'sqlite:///FILE' or 'postgresql://USER:PASSWORD@HOST/NAME'."
        ) from None
    except ImportError as error:
        raise UserError(
            f"The package '{error.name}', which this database needs, is not here. "
            "Install it: pip install -r requirements-postgres.txt."
        ) from None
    return parsed


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Two servers that start at once upgrade one after the other."""
    if engine.dialect.name == "sqlite":
        path = engine.url.database
        if path in (None, "", ":memory:"):
            yield
            return
        with FileLock(f"{path}.lock"):
            yield
    else:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Readers do not wait for the writer, and a short wait is better than an error."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def reason(error: Exception) -> str:
    """What the database said, in one line without a full stop, and without the statement that it was asked."""
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0].rstrip(".")


def unwritten(error: Exception) -> str:
    """For the screen: that the database could not be written, and why."""
    return english(
        "The server's database could not be written: {cause}. Tell whoever looks after the server, and start the run again.",
        cause=reason(error),
    )


def is_shared(engine: Engine) -> bool:
    """Whether servers on other machines may use the same database."""
    return engine.dialect.name != "sqlite"
