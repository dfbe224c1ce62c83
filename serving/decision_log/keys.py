"""The keys that open what the log holds of each customer: destroying one destroys all of it, in every copy of the log.

They lie apart from the log, in one small database that forgets: deleted bytes are overwritten with zeros, no journal stays behind, and
the file is written anew after each erasure, since SQLite zeroes a deleted cell and not the copies that page splits left in free space.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from pathlib import Path
from threading import Lock

from serving.decision_log.rows import SubjectKey, microseconds
from serving.decision_log.sqlite import connect, refusing, transaction

FILE = "keys.db"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS keys (subject TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, key BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS erased (subject TEXT PRIMARY KEY, at INTEGER NOT NULL)",
)
_KEYS = "SELECT subject, token, key, coalesce(at, -1) FROM keys LEFT JOIN erased USING (subject) WHERE {column} IN ({marks})"
_AT_ONCE = 500


class KeyBook:
    """Keys by subject, shared by all processes; each look-up reads the file, so a key that is gone is gone everywhere."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        with refusing(file):
            self._open = connect(file, "journal_mode=DELETE", "secure_delete=ON", "temp_store=MEMORY")
            with transaction(self._open):
                for table in _TABLES:
                    self._open.execute(table)
            self._forget()  # what somebody who was killed left

    def keys_for(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        """The key of each subject, made where there is none, unless it was erased at the moment that goes with it or later."""
        with self._lock, refusing(self._file):
            found = self._found("subject", served)
            if missing := set(served) - set(found):
                with transaction(self._open):
                    found |= self._made({subject: served[subject] for subject in missing})
            return found

    def keys_of(self, tokens: Collection[str]) -> dict[str, SubjectKey]:
        """The keys that are left, by token."""
        with self._lock, refusing(self._file):
            return {key.token: key for key in self._found("token", tokens).values()}

    def shred(self, subject: str, at: dt.datetime) -> bool:
        """Destroy a subject's key; what was served to him up to `at` and still waits to be written gets none."""
        with self._lock, refusing(self._file):
            with transaction(self._open):
                self._open.execute("PRAGMA user_version = 1")
                gone = self._open.execute("DELETE FROM keys WHERE subject = ?", (subject,)).rowcount
                self._open.execute(
                    "INSERT INTO erased VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET at = max(at, excluded.at)",
                    (subject, microseconds(at)),
                )
            self._forget()
            return gone > 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._open.close()

    def _forget(self) -> None:
        """Write the file anew if a key was deleted since the last time."""
        if self._open.execute("PRAGMA user_version").fetchone() != (0,):
            self._open.execute("VACUUM")
            self._open.execute("PRAGMA user_version = 0")

    def _made(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        """Others may have made or erased some meanwhile: nobody else writes now."""
        there, erased = self._found("subject", served), self._erased(served)
        wanted = [subject for subject, at in served.items() if subject not in there and erased.get(subject, -1) < microseconds(at)]
        new = [SubjectKey.new(subject, erased.get(subject, -1)) for subject in wanted]
        self._open.executemany("INSERT INTO keys VALUES (?, ?, ?)", [(key.subject, key.token, key.key) for key in new])
        return there | {key.subject: key for key in new}

    def _found(self, column: str, values: Collection[str]) -> dict[str, SubjectKey]:
        wanted, found = list(values), []
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            found += self._open.execute(_KEYS.format(column=column, marks=", ".join("?" * len(some))), some).fetchall()
        return {row[0]: SubjectKey(*row) for row in found}

    def _erased(self, subjects: Collection[str]) -> dict[str, int]:
        found = (self._open.execute("SELECT subject, at FROM erased WHERE subject = ?", (subject,)).fetchone() for subject in subjects)
        return dict(row for row in found if row)
