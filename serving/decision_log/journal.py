"""Where decisions land first: one SQLite file in WAL mode, which all workers of a machine append to, in one order.

One file for all, and not one for each worker: SQLite lets one writer in at a time, so numbers are given in the order of the commits and
readers need not merge anything. Workers commit a few dozen times a second at most, and a commit holds the lock for about a millisecond.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from serving.decision_log.rows import Row
from serving.decision_log.sqlite import connect, refusing, transaction
from serving.decision_log.storage import Numbered

FILE = "journal.db"
_TABLE = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, served_at INTEGER NOT NULL, row BLOB NOT NULL)"""
_DECODER = msgspec.msgpack.Decoder(Row)


class Journal:
    """Rows that no segment holds yet. One thread appends; who reads opens the file anew."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with refusing(file):
            self._open = connect(file, "journal_mode=WAL", "secure_delete=OFF")  # what is deleted here is sealed
            with transaction(self._open):
                self._open.execute(_TABLE)

    def append(self, rows: Sequence[Row]) -> None:
        """Commit rows, all or none; they are on disk afterwards."""
        told = [(row.uid, row.served_at, msgspec.msgpack.encode(row)) for row in rows]
        with refusing(self._file), transaction(self._open):
            self._open.executemany("INSERT INTO decisions (uid, served_at, row) VALUES (?, ?, ?) ON CONFLICT (uid) DO NOTHING", told)

    def bytes_held(self) -> int:
        """How large the rows are, in whole pages."""
        with refusing(self._file):
            pages, free, size = (_one(self._open, f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size

    def oldest(self) -> int | None:
        """When the first row was served, microseconds since 1970; None without rows."""
        with refusing(self._file):
            found = self._open.execute("SELECT served_at FROM decisions ORDER BY number LIMIT 1").fetchone()
        return None if found is None else int(found[0])

    def numbers_from(self, last: int) -> None:
        """Number what comes from `last` + 1 on at least: a journal that was lost must not give numbers that segments have."""
        with refusing(self._file), transaction(self._open):
            given = self._open.execute("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'").fetchone()
            if given is None:
                self._open.execute("INSERT INTO sqlite_sequence VALUES ('decisions', ?)", (last,))
            elif given[0] < last:
                self._open.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'decisions'", (last,))

    def close(self) -> None:
        """Close the file."""
        self._open.close()


def read_rows(file: Path) -> list[Numbered]:
    """All rows as of one moment; no more than a segment's worth, so they are taken at once and nobody is held up."""
    with refusing(file), closing(_reader(file)) as opened:
        found = opened.execute("SELECT number, row FROM decisions ORDER BY number").fetchall()
    return [(number, _DECODER.decode(row)) for number, row in found]


def count_rows(file: Path, after: int) -> int:
    """How many rows have a number above `after`."""
    with refusing(file), closing(_reader(file)) as opened:
        return int(opened.execute("SELECT count(*) FROM decisions WHERE number > ?", (after,)).fetchone()[0])


def delete_up_to(file: Path, last: int) -> None:
    """Remove rows that a segment holds."""
    with refusing(file), closing(connect(file, "secure_delete=OFF")) as opened, transaction(opened):
        opened.execute("DELETE FROM decisions WHERE number <= ?", (last,))


def _reader(file: Path) -> sqlite3.Connection:
    return connect(file, "query_only=ON")


def _one(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
