"""Small databases beside the log: how they are opened, and what they raise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import LogRefused

_BUSY_SECONDS = 10.0


def connect(file: Path, *pragmas: str) -> sqlite3.Connection:
    """Open a database, made readable by its owner alone; transactions begin and end where the code says so."""
    if not file.exists():
        file.touch(mode=0o600)
    # its owner hands it from thread to thread, one at a time
    connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for pragma in ("synchronous=FULL", *pragmas):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the only writer meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def refusing(file: Path) -> Iterator[None]:
    """What the database raises, as a refusal that names it."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise LogRefused(f"{file} cannot be read or written: {error}", advice="look at the disk: is it full, is the file whole?") from error
