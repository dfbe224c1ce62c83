"""The customer state of one host: an SQLite file that all its workers write and read (decision 0026)."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.errors import StateUnavailable
from features.today import LATEST
from serving.assortment import Shelf
from serving.facts import Fact, OfCustomer
from serving.online.overlay import Overlay
from serving.online.port import MOST_DECISIONS, MOST_ELSE, Erased, Known, Outcome, Tombstone
from serving.online.recorded import Change, Part, Record, micros, moment, read, recorded, served
from serving.online.rows import add_change, add_record, look_up, tombstone
from serving.online.schema import SLICES, connect, prepare, slice_name, transaction, write_anew
from serving.online.together import Together
from serving.pseudonyms import Pseudonyms

FILE = "state.db"
_WORD = "the secret that this state was written under"
_CHANGES_AT_ONCE = 2_000

_OF_CUSTOMER = " UNION ALL ".join(
    f"SELECT content FROM (SELECT content FROM {{table}} WHERE customer_id = :customer_id AND part = {part:d} AND at_us >= :{first} "  # noqa: S608
    f"ORDER BY at_us DESC, id DESC, type DESC LIMIT {most})"
    for part, first, most in (
        (Part.MOVES, "since_us", LATEST),
        (Part.ELSE, "since_us", MOST_ELSE),
        (Part.DECISIONS, "beginning_us", MOST_DECISIONS),
    )
)
_BEGINNING_US = -(2**62)


class SqliteState:
    """Implements `CustomerState` with one connection for each thread; an object must not be carried across a fork."""

    def __init__(self, folder: Path, pseudonyms: Pseudonyms, *, power_cut_safe: bool = True) -> None:
        """Open a state folder, or make one.

        Args:
            folder: holds `state.db` and what SQLite writes beside it.
            pseudonyms: name who was erased.
            power_cut_safe: whether `add` returns only once the facts are on the disk; if not, they outlive the process, and a power cut
                may take the last ones back.

        Raises:
            StateRefused: the file is of another format, of something else, or was written under another secret.
            StateUnavailable: it cannot be opened.
        """
        self._file, self._pseudonyms, self._power_cut_safe = folder / FILE, pseudonyms, power_cut_safe
        self._mine = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._overlay, self._following = Overlay(), threading.Lock()
        self._version, self._change = -1, 0
        self._together: Together[list[Record | Change], list[Outcome]] = Together(self._add)
        with self._answering():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file.touch(mode=0o600)
            self._reader = self._connect()
            prepare(self._reader, self._file, pseudonyms.of(_WORD))

    def add(self, facts: Sequence[Fact]) -> list[Outcome]:
        """See `CustomerState`: one transaction, together with what other threads tell meanwhile."""
        if not facts:
            return []
        return self._together.bring([recorded(fact) for fact in facts])

    def of_customer(self, customer_id: str, *, since: dt.datetime) -> tuple[OfCustomer, ...]:
        """See `CustomerState`."""
        if self.is_erased(customer_id, since=since):
            return ()
        asked = {"customer_id": customer_id, "since_us": micros(since), "beginning_us": _BEGINNING_US}
        with self._reading() as connection:
            rows = connection.execute(_OF_CUSTOMER.format(table=self._slice(customer_id)), asked).fetchall()
        return served(read(content for (content,) in rows), since) if rows else ()

    def shelf(self, skus: Collection[str], *, since: dt.datetime) -> dict[str, Shelf]:
        """See `CustomerState`: from this process's own copy, which catches up first if anybody has written."""
        with self._answering(), self._following:
            self._catch_up()
            return self._overlay.of(skus, since=since)

    def known(self, customer_id: str) -> Known:
        """See `CustomerState`."""
        everything = f"SELECT content FROM {self._slice(customer_id)} WHERE customer_id = ?"  # noqa: S608
        with self._reading() as connection:
            rows = connection.execute(everything, (customer_id,)).fetchall()
        pseudonym = self._pseudonyms.of(customer_id)
        return Known(pseudonym, read(content for (content,) in rows), self._tombstone(pseudonym))

    def erase(self, customer_id: str, *, now: dt.datetime) -> Erased:
        """See `CustomerState`: the slice is written anew, deleted bytes are overwritten, and the log of writes is emptied."""
        pseudonym, table = self._pseudonyms.of(customer_id), self._slice(customer_id)
        with self._writing() as connection:
            deleted = f"DELETE FROM {table} WHERE customer_id = ? RETURNING type, id"  # noqa: S608
            gone = [(self._mark(*fact),) for fact in connection.execute(deleted, (customer_id,)).fetchall()]
            connection.executemany("DELETE FROM told WHERE mark = ?", gone)
            write_anew(connection, table)
            connection.execute(
                "INSERT INTO tombstones VALUES (?, ?, NULL) ON CONFLICT DO UPDATE SET erased_us = excluded.erased_us, rejoined_us = NULL "
                "WHERE rejoined_us IS NOT NULL",
                (pseudonym, micros(now)),
            )
            found = connection.execute("SELECT * FROM tombstones WHERE pseudonym = ?", (pseudonym,)).fetchone()
        with self._reading() as connection:
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return Erased(tombstone(found), len(gone), wiped=not busy)

    def rejoin(self, customer_id: str, *, now: dt.datetime) -> bool:
        """See `CustomerState`."""
        with self._writing() as connection:
            rejoined = "UPDATE tombstones SET rejoined_us = ? WHERE pseudonym = ? AND rejoined_us IS NULL"
            return connection.execute(rejoined, (micros(now), self._pseudonyms.of(customer_id))).rowcount > 0

    def is_erased(self, customer_id: str, *, since: dt.datetime) -> bool:
        """See `CustomerState`."""
        found = self._tombstone(self._pseudonyms.of(customer_id))
        return found is not None and found.hides(since)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """See `CustomerState`."""
        with self._reading() as connection:
            return tuple(tombstone(row) for row in connection.execute("SELECT * FROM tombstones ORDER BY pseudonym"))

    def drop_before(self, moment: dt.datetime) -> None:
        """See `CustomerState`."""
        us = micros(moment)
        with self._writing() as connection:
            connection.execute("UPDATE about SET settled_us = max(settled_us, ?)", (us,))
            connection.execute("DELETE FROM shelf WHERE at_us < ?", (us,))
        for number in range(SLICES):
            self._drop_customers(number, us)
        change: tuple[str, str] | None = ("", "")
        while change is not None:
            change = self._drop_changes(change, us)

    def prove(self) -> None:
        """See `CustomerState`."""
        with self._writing() as connection:
            connection.execute("UPDATE about SET proved = 1 - proved")

    def close(self) -> None:
        """See `CustomerState`."""
        while self._all:
            self._all.pop().close()
        self._mine = threading.local()

    def _add(self, told: Sequence[Sequence[Record | Change]]) -> list[list[Outcome]]:
        with self._writing() as connection:
            (settled_us,) = connection.execute("SELECT settled_us FROM about").fetchone()
            return [[self._added(connection, record, settled_us) for record in records] for records in told]

    def _added(self, connection: sqlite3.Connection, record: Record | Change, settled_us: int) -> Outcome:
        if isinstance(record, Change):
            return Outcome.SETTLED if record.at_us < settled_us else add_change(connection, record)
        if self._is_barred(connection, record):
            return Outcome.ERASED
        return (
            Outcome.SETTLED
            if record.due_us < settled_us
            else add_record(connection, record, self._slice(record.customer_id), self._mark(record.type, record.id))
        )

    def _slice(self, customer_id: str) -> str:
        return slice_name(int(self._pseudonyms.of(customer_id)[:4], 16) % SLICES)

    def _mark(self, kind: str, fact_id: str) -> str:
        return self._pseudonyms.of(f"{kind}\0{fact_id}")

    def _is_barred(self, connection: sqlite3.Connection, record: Record) -> bool:
        found = look_up(connection, self._pseudonyms.of(record.customer_id))
        return found is not None and found.bars(moment(record.at_us))

    def _tombstone(self, pseudonym: str) -> Tombstone | None:
        with self._reading() as connection:
            return look_up(connection, pseudonym)

    def _catch_up(self) -> None:
        (version,) = self._reader.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return
        rows = self._reader.execute("SELECT type, id, sku, at_us, amount, currency, change FROM shelf WHERE change > ?", (self._change,))
        for *change, number in rows:
            self._overlay.apply([Change(*change)])
            self._change = max(self._change, number)
        self._version = version

    def _drop_customers(self, number: int, us: int) -> None:
        """Drop what is due in a slice of the customers, and in as large a slice of the marks."""
        first, last = (f"{end * 0x10000 // SLICES:04x}" if end < SLICES else "g" for end in (number, number + 1))
        with self._writing() as connection:
            connection.execute(f"DELETE FROM {slice_name(number)} WHERE due_us < ?", (us,))  # noqa: S608
            connection.execute("DELETE FROM told WHERE mark >= ? AND mark < ? AND due_us < ?", (first, last, us))

    def _drop_changes(self, after: tuple[str, str], us: int) -> tuple[str, str] | None:
        following = "SELECT type, id FROM of_sku WHERE (type, id) > (?, ?) ORDER BY type, id LIMIT 1 OFFSET ?"
        with self._writing() as connection:
            last: tuple[str, str] | None = connection.execute(following, (*after, _CHANGES_AT_ONCE - 1)).fetchone()
            until = "" if last is None else "AND (type, id) <= (?, ?)"
            due = f"DELETE FROM of_sku WHERE (type, id) > (?, ?) {until} AND at_us < ?"  # noqa: S608
            connection.execute(due, (*after, *(last or ()), us))
        return last

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._together.turn, self._reading() as connection, transaction(connection):
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._answering():
            if not hasattr(self._mine, "connection"):
                self._mine.connection = self._connect()
            yield self._mine.connection

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = "look at the disk and at who else holds the file"
            raise StateUnavailable(f"{self._file} does not answer: {error}", expected="a database", advice=advice) from error

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self._file, power_cut_safe=self._power_cut_safe)
        self._all.append(connection)
        return connection
