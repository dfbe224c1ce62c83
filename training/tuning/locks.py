"""Who is at work: a lock that a worker holds as long as it lives, and that nobody has to take away when it dies."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol


class Locks(Protocol):
    """Locks that all workers on one storage see.

    The operating system, or the database, frees a lock the moment its holder ends, however it ends. So a free lock says that a worker
    is dead, and a held one that it lives, be it never so slow: no clock is asked, and no worker is taken for dead that only slept.
    """

    def one_at_a_time(self, what: str) -> AbstractContextManager[None]:
        """Inside, nobody else does `what`; waits for whoever does."""

    def living(self, worker: str) -> AbstractContextManager[None]:
        """Inside, a worker of this name, which nobody bore before, lives."""

    def lives(self, worker: str) -> bool:
        """Whether a worker lives."""


class FileLocks:
    """Locks beside an SQLite file, for workers on one machine.

    Args:
        folder: where their files are; made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def one_at_a_time(self, what: str) -> Iterator[None]:
        """Inside, nobody else does `what`."""
        descriptor = os.open(self._folder / what, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def living(self, worker: str) -> Iterator[None]:
        """Inside, the worker lives."""
        with self.one_at_a_time(worker):
            try:
                yield
            finally:
                (self._folder / worker).unlink()

    def lives(self, worker: str) -> bool:
        """Whether it lives; what a dead one has left is removed."""
        try:
            descriptor = os.open(self._folder / worker, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self._folder / worker).unlink(missing_ok=True)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


class PostgresLocks:
    """Advisory locks of a Postgres database, for workers on any machine; each is held by a connection of its own.

    Args:
        engine: Optuna's SQLAlchemy engine; it has to reach the server itself, not a pool that shares one session among many.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def one_at_a_time(self, what: str) -> Iterator[None]:
        """Inside, nobody else does `what`."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_key(what)})")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_key(what)})")

    def living(self, worker: str) -> AbstractContextManager[None]:
        """Inside, the worker lives."""
        return self.one_at_a_time(worker)

    def lives(self, worker: str) -> bool:
        """Whether it lives."""
        with self._engine.connect() as connection:
            free = bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_key(worker)})").scalar())
            if free:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_key(worker)})")
            return not free


def _key(name: str) -> int:
    """Postgres numbers its locks in 64 bits."""
    return int.from_bytes(hashlib.sha256(f"keeprank {name}".encode()).digest()[:8], "big", signed=True)
