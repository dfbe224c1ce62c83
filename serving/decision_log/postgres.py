"""The decision log in a Postgres that several machines share.

Commits take turns (an advisory lock), so numbers are given in the order in which rows become visible, and a reader who has seen number 7
will never find a 6 that came later. A key that is destroyed is gone from its table, whose file is then written anew; what the server
archives (its write-ahead log, backups) holds it until that expires.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import psycopg

from domain.errors import LogRefused
from serving.decision_log.rows import Row, SubjectKey, floats, microseconds, moment, packed
from serving.decision_log.storage import Numbered

_TURN = 7_316_042_688
"""Names the lock of who commits or makes tables."""

_AT_ONCE = 100
_TABLES = """
CREATE TABLE IF NOT EXISTS keeprank_decisions (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid text NOT NULL UNIQUE,
    served_at timestamptz NOT NULL,
    token text NOT NULL,
    release text NOT NULL,
    snapshot text NOT NULL,
    policy text NOT NULL,
    settings text NOT NULL,
    arm text NOT NULL,
    shown boolean NOT NULL,
    features_hash text NOT NULL,
    reply_hash text NOT NULL,
    fallback text NOT NULL,
    objective text NOT NULL,
    order_bonus bigint NOT NULL,
    propensities float8[] NOT NULL,
    p_order float8[],
    p_return float8[] NOT NULL,
    shown_offers bytea NOT NULL,
    evidence bytea NOT NULL);
ALTER TABLE keeprank_decisions ALTER shown_offers SET STORAGE EXTERNAL, ALTER evidence SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS keeprank_decisions_served_at ON keeprank_decisions USING brin (served_at);
CREATE TABLE IF NOT EXISTS keeprank_decision_keys (subject text PRIMARY KEY, token text NOT NULL UNIQUE, key bytea NOT NULL);
CREATE TABLE IF NOT EXISTS keeprank_decisions_erased (subject text PRIMARY KEY, at bigint NOT NULL);
"""
_COLUMNS = Row.__struct_fields__
_INSERT = (
    f"INSERT INTO keeprank_decisions ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608
    "ON CONFLICT (uid) DO NOTHING"
)
_SELECT = f"SELECT number, {', '.join(_COLUMNS)} FROM keeprank_decisions ORDER BY number"  # noqa: S608
_KEYS = """
SELECT subject, token, key, coalesce(at, -1)
FROM keeprank_decision_keys LEFT JOIN keeprank_decisions_erased USING (subject) WHERE {column} = ANY(%s)"""

_Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresLog:
    """Keeps a decision log in a Postgres database, in tables that begin with `keeprank_decision`."""

    def __init__(self, url: str) -> None:
        """Open the log, its tables made where there are none.

        Args:
            url: postgresql://USER@HOST/DATABASE.

        Raises:
            LogRefused: the server does not answer, or refuses.
        """
        self._url = url
        self._lock = Lock()
        self._writer: _Connection | None = None
        with self._writing() as connection:
            connection.execute(_TABLES)

    def keys_for(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        """The key of each subject, made where there is none, unless it was erased at the moment that goes with it or later."""
        with self._writing() as connection:
            found = _found(connection, "subject", served)
            if missing := [subject for subject in served if subject not in found]:
                rows = connection.execute(
                    "SELECT subject, at FROM keeprank_decisions_erased WHERE subject = ANY(%s)", (missing,)
                ).fetchall()
                erased: dict[str, int] = dict(rows)
                wanted = [subject for subject in missing if erased.get(subject, -1) < microseconds(served[subject])]
                new = [SubjectKey.new(subject, erased.get(subject, -1)) for subject in wanted]
                connection.cursor().executemany(
                    "INSERT INTO keeprank_decision_keys VALUES (%s, %s, %s)", [(key.subject, key.token, key.key) for key in new]
                )
                found |= {key.subject: key for key in new}
            return found

    def keys_of(self, tokens: Collection[str]) -> dict[str, SubjectKey]:
        """The keys that are left, by token."""
        with self._connected() as connection:
            return {key.token: key for key in _found(connection, "token", tokens).values()}

    def shred(self, subject: str, at: dt.datetime) -> bool:
        """Destroy a subject's key; False where there is none."""
        with self._writing() as connection:
            gone = connection.execute("DELETE FROM keeprank_decision_keys WHERE subject = %s", (subject,)).rowcount
            connection.execute(
                "INSERT INTO keeprank_decisions_erased AS old VALUES (%s, %s) "
                "ON CONFLICT (subject) DO UPDATE SET at = greatest(old.at, excluded.at)",
                (subject, microseconds(at)),
            )
        with self._connected() as connection:
            connection.rollback()
            connection.autocommit = True
            connection.execute("VACUUM FULL keeprank_decision_keys")
        return gone > 0

    def commit(self, rows: Sequence[Row]) -> None:
        """Add rows at the end, all or none, on disk when it returns; a row whose uid is there already changes nothing."""
        with self._writing() as connection:
            connection.cursor().executemany(_INSERT, [_told(row) for row in rows])

    def rows(self) -> Iterator[Numbered]:
        """All committed rows as of one moment, in order."""
        with self._connected() as connection, connection.cursor("decisions") as cursor:
            cursor.itersize = _AT_ONCE
            for number, *values in cursor.execute(_SELECT):
                yield number, _row(values)

    def held(self) -> int:
        """How many rows there are."""
        with self._connected() as connection:
            found = connection.execute("SELECT count(*) FROM keeprank_decisions").fetchone()
        return 0 if found is None else int(found[0])

    def forget(self, before: dt.datetime) -> int:
        """Remove decisions served before a moment; how many."""
        with self._connected() as connection:
            return connection.execute("DELETE FROM keeprank_decisions WHERE served_at < %s", (before,)).rowcount

    def close(self) -> None:
        """Close the writer's connection."""
        with self._lock:
            self._drop()

    @contextmanager
    def _writing(self) -> Iterator[_Connection]:
        """A transaction of the writer, whose turn it is; a connection that broke is opened anew the next time."""
        with self._lock, self._refusing():
            if self._writer is None:
                self._writer = psycopg.connect(self._url)
            try:
                with self._writer.transaction():
                    self._writer.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
                    yield self._writer
            except psycopg.Error:
                self._drop()
                raise

    @contextmanager
    def _connected(self) -> Iterator[_Connection]:
        with self._refusing(), psycopg.connect(self._url) as connection:
            yield connection

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise LogRefused(f"the decision log at {hidden(self._url)} does not answer: {error}", advice="is the server up?") from error

    def _drop(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def hidden(url: str) -> str:
    """An address that may be shown: without its password.

    >>> hidden("postgresql://shop:secret@host/db")
    'postgresql://shop:***@host/db'
    """
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)


def _found(connection: _Connection, column: str, values: Collection[str]) -> dict[str, SubjectKey]:
    return {row[0]: SubjectKey(*row) for row in connection.execute(_KEYS.format(column=column), (list(values),)).fetchall()}


def _told(row: Row) -> list[Any]:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values |= {name: None if values[name] is None else floats(values[name]) for name in ("propensities", "p_order", "p_return")}
    return list((values | {"served_at": moment(row.served_at)}).values())


def _row(values: Sequence[Any]) -> Row:
    found = dict(zip(_COLUMNS, values, strict=True))
    found |= {name: None if found[name] is None else packed(found[name]) for name in ("propensities", "p_order", "p_return")}
    return Row(**(found | {"served_at": microseconds(found["served_at"])}))
