"""Where studies are kept: an SQLite file for one machine, or a Postgres database for several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage

from domain.errors import TuningRefused
from training.tuning.locks import FileLocks, Locks, PostgresLocks

_SQLITE, _POSTGRES = "sqlite:///", "postgresql"
_SECONDS_FOR_A_LOCKED_FILE = 60


def opened(url: str) -> tuple[RDBStorage, Locks]:
    """The storage at an address, its tables made where there are none, and its locks.

    Args:
        url: sqlite:///PATH, or postgresql://USER@HOST/DATABASE, or postgresql+DRIVER://…

    Raises:
        TuningRefused: it is neither, its driver is not installed, or it does not answer.
    """
    with answering(url):
        if url.startswith(_SQLITE) and ":memory:" not in url:
            file = Path(url.removeprefix(_SQLITE))
            locks = FileLocks(file.with_name(f"{file.name}.locks"))
            with locks.one_at_a_time("tables"):
                return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": _SECONDS_FOR_A_LOCKED_FILE}}), locks
        if url.startswith(_POSTGRES):
            storage = _postgres(url)
            return storage, PostgresLocks(storage.engine)
    raise TuningRefused(f"studies cannot be kept in {hidden(url)}", expected="sqlite:///FILE or postgresql://USER@HOST/DATABASE")


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Inside, what a storage raises that does not answer is told as a refusal.

    SQLAlchemy is Optuna's dependency and not ours, so its errors are known by the module that they are defined in.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, StorageInternalError) and not any(kind.__module__ == "sqlalchemy.exc" for kind in type(error).__mro__):
            raise
        raise TuningRefused(f"the storage at {hidden(url)} does not answer: {error}", advice="check that it is there and whole") from error


def hidden(url: str) -> str:
    """An address that may be shown: without its password."""
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)


def _postgres(url: str) -> RDBStorage:
    try:
        return RDBStorage(url)
    except ImportError as error:
        raise TuningRefused(
            f"the driver for {hidden(url)} is not installed: {error.__cause__ or error}",
            advice="pip install 'psycopg[binary]', or install another one and name it: postgresql+DRIVER://…",
        ) from error
    except Exception as error:
        if type(error).__name__ not in ("IntegrityError", "ProgrammingError"):
            raise
        return RDBStorage(url)  # somebody else was making its tables in this moment
