"""A real PostgreSQL server for tests, in a folder of its own, reached through a socket there."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

HOW = "PostgreSQL is not installed; on Debian: apt-get install postgresql (scripts/test does it)"
USER = "postgres"


@dataclass
class Postgres:
    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """The address of an empty one."""
        name = f"test_{uuid.uuid4().hex}"
        server = create_engine(self.url("postgres").replace("postgresql:", "postgresql+psycopg:"))
        with server.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"CREATE DATABASE {name}"))
        server.dispose()
        return self.url(name)

    def control(self, *words: str) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        log = self.folder / "log"
        _run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(log), "-o", options, *words)


@contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """Skips the test, and says how to install it, where there is none."""
    if _tool("pg_ctl") is None:
        pytest.skip(HOW)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, USER)
    server = Postgres(folder)
    try:
        _run("initdb", "-D", str(folder / "data"), "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8")
        server.control("start")
        try:
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tool(name: str) -> str | None:
    """Debian keeps the server's programs out of the way of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _run(name: str, *args: str) -> None:
    user = pwd.getpwnam(USER).pw_name if os.geteuid() == 0 else None
    # the output goes to a file: a server that is started inherits it, and a pipe would never end
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [_tool(name), *args], user=user, group=user and USER, extra_groups=[] if user else None, cwd="/",
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=60,
        )  # fmt: skip
        output.seek(0)
        assert done.returncode == 0, output.read().decode()
