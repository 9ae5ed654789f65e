import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from tests.postgres import Postgres, serve_postgres
from tl_core.class_tables import CLASSES
from tl_core.errors import UserError
from tl_core.migrations import HEAD, RELEASES, make_config
from tl_core.races import RACES
from tl_core.store import INTERRUPTED, Base, Store

OLD = Path(__file__).parent / "store_0001.sql"  # what sqlite3 dumps of a store from before there were migrations
A, B = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with serve_postgres() as server:
        yield server


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "old.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(OLD.read_text())
    connection.close()
    return path


def migrate(engine: Engine, version: str) -> None:
    config = make_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def differences(engine: Engine) -> list:
    """Between the tables of the code and those of a database."""
    assert {RACES.name, CLASSES.name} < set(Base.metadata.tables)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: (kind, name) != ("table", "alembic_version")}
        )
        return compare_metadata(context, Base.metadata)


def test_the_list_of_versions_is_that_of_the_files() -> None:
    scripts = ScriptDirectory.from_config(make_config())
    assert scripts.get_current_head() == HEAD
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == RELEASES


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_all_migrations_together_make_the_tables_of_the_code(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    else:
        url = request.getfixturevalue("postgres").new_database().replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(url)
    migrate(engine, "0001")
    assert differences(engine), "the comparison sees what is missing"
    migrate(engine, "head")
    assert differences(engine) == []
    engine.dispose()


def test_an_old_file_is_upgraded_in_place_and_loses_nothing(old_file: Path) -> None:
    for _ in range(2):  # the second time there is nothing left to do
        store = Store(f"sqlite:///{old_file}")
        assert [run.id for run in store.list_runs("ann")] == [B, A]
        run = store.get_run(A)
        assert (run.status, run.number, run.recorded, run.hardware) == ("finished", 1, False, None)
        assert run.experiment["num_images"] == 40
        assert [event["event"] for event in store.events(A)] == ["started", "epoch", "finished"]
        assert store.events(A)[-1]["test_accuracy"] == 0.75
        assert store.get_run(B).status == INTERRUPTED
        assert differences(store.engine) == []
        store.engine.dispose()
    store = Store(f"sqlite:///{old_file}")
    assert store.add_run("c", {}, "x", "ann").number == 3
    store.engine.dispose()


def test_a_migration_that_was_killed_half_way_is_finished(old_file: Path) -> None:
    connection = sqlite3.connect(old_file)
    connection.execute("ALTER TABLE runs ADD COLUMN data_stamp VARCHAR(32)")
    connection.close()
    store = Store(f"sqlite:///{old_file}")
    assert differences(store.engine) == []
    assert len(store.list_runs("ann")) == 2
    store.engine.dispose()


def test_an_old_postgresql_database_is_upgraded_too(postgres: Postgres) -> None:
    url = postgres.new_database()
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text(
            "INSERT INTO runs (id, number, experiment_id, experiment, owner, status, server, created)"
            f" VALUES ('{A}', 1, 'x', '{{}}', 'ann', 'finished', 'laptop:7:123', 1795467600.0)"
        ))  # fmt: skip
    engine.dispose()
    store = Store(url)
    assert store.get_run(A).created == 1795467600.0
    assert differences(store.engine) == []
    store.engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newer.sqlite'}"
    store = Store(url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.engine.dispose()
    with pytest.raises(UserError, match="newer version.*'9999'"):
        Store(url)


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x", "://"])
def test_an_address_of_nothing_is_a_sentence(url: str) -> None:
    with pytest.raises(UserError, match="TL_STORE_URL"):
        Store(url)
