"""The SQLite file of the customer state: its tables, and how a connection to it is opened."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from domain.errors import StateRefused

FORMAT = 1
"""Of the tables below; another one is refused, never guessed at."""

BUSY_MS = 5_000
"""How long a connection waits for another one that writes."""

_APPLICATION = 0x4B525354  # "KRST": tells the file from other SQLite files
_OPENING_S = 0.02

SLICES = 64
"""So many tables share the customers, so that the one of somebody who is erased is written anew in no time."""

_OF_CUSTOMER = """
CREATE TABLE {name} (
    customer_id TEXT NOT NULL, part INTEGER NOT NULL, at_us INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    due_us INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (customer_id, part, at_us, id, type)
) STRICT, WITHOUT ROWID
"""
_TABLES = f"""
CREATE TABLE told (mark TEXT PRIMARY KEY, due_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE of_sku (
    type TEXT NOT NULL, id TEXT NOT NULL, sku TEXT NOT NULL, at_us INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE shelf (
    type TEXT NOT NULL, sku TEXT NOT NULL, at_us INTEGER NOT NULL, id TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT,
    change INTEGER NOT NULL,
    PRIMARY KEY (type, sku)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX changes ON shelf (change);
CREATE TABLE tombstones (pseudonym TEXT PRIMARY KEY, erased_us INTEGER NOT NULL, rejoined_us INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE about (changes INTEGER NOT NULL, settled_us INTEGER NOT NULL, proved INTEGER NOT NULL, secret TEXT NOT NULL) STRICT;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {FORMAT};
"""

_BEGINNING_OF_TIME = -(2**62)


def connect(file: Path, *, power_cut_safe: bool) -> sqlite3.Connection:
    """A connection, usable from every thread one at a time; transactions are begun by hand.

    Args:
        file: the database; it is made when it does not exist.
        power_cut_safe: whether a commit returns only once it is on the disk; if not, a power cut may take the last ones back.
    """
    connection = sqlite3.connect(file, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=8 * SLICES)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    _write_ahead(connection)
    connection.execute(f"PRAGMA synchronous = {'FULL' if power_cut_safe else 'NORMAL'}")
    return connection


def slice_name(number: int) -> str:
    """The table that holds a slice of the customers."""
    return f"of_customer_{number:02}"


def write_anew(connection: sqlite3.Connection, name: str) -> None:
    """Copy a slice's table into a new one, inside a transaction, and drop the old one, all of whose bytes are then overwritten.

    Deleting rows does not do that: SQLite zeroes a deleted row, not the copies that moving it between pages left in their free space.
    """
    connection.execute(f"ALTER TABLE {name} RENAME TO {name}_old")
    connection.execute(_OF_CUSTOMER.format(name=name))
    connection.execute(f"INSERT INTO {name} SELECT * FROM {name}_old ORDER BY customer_id, part, at_us, id, type")  # noqa: S608
    connection.execute(f"DROP TABLE {name}_old")


def prepare(connection: sqlite3.Connection, file: Path, check: str) -> None:
    """Make the tables if there are none.

    Args:
        connection: to the database.
        file: the database, to be named in a refusal.
        check: what the secret makes of a fixed word; the first process writes it down.

    Raises:
        StateRefused: the file is of another format, of something else, or was written under another secret.
    """
    with transaction(connection):
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            for number in range(SLICES):
                connection.execute(_OF_CUSTOMER.format(name=slice_name(number)))
            connection.execute("INSERT INTO about VALUES (0, ?, 0, ?)", (_BEGINNING_OF_TIME, check))
    _require_ours(connection, file, check)


class transaction:  # noqa: N801  (reads like a word: with transaction(connection))
    """What is done inside is done as a whole or not at all; from its begin on nobody else writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        """Wait for the right to write."""
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Commit, or take it all back."""
        if failed is None:
            try:
                self._connection.execute("COMMIT")
                return
            except sqlite3.Error:
                self._back()
                raise
        self._back()

    def _back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Several processes that open a new file at once get in each other's way here, and SQLite does not wait by itself."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_OPENING_S)


def _require_ours(connection: sqlite3.Connection, file: Path, check: str) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION:
        raise StateRefused(f"{file} is a database of something else", expected="a customer state of Keeprank")
    if version != FORMAT:
        advice = "serve with the Keeprank that wrote it, or move it away: the next night's tables hold what it holds"
        raise StateRefused(f"{file} is of format {version}", expected=f"format {FORMAT}", advice=advice)
    if connection.execute("SELECT secret FROM about").fetchone() != (check,):
        advice = "bring the secret back from a backup: with another one nobody who was erased is recognised"
        raise StateRefused(f"{file} was written under another secret", expected="the secret that lay beside it", advice=advice)
