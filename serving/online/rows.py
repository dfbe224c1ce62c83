"""What the SQLite state writes in one transaction: a fact, a changed price, a look at who was erased."""

from __future__ import annotations

import sqlite3
from typing import Any

from serving.online.port import Outcome, Tombstone
from serving.online.recorded import Change, Record, moment

_SHELVED = """
INSERT INTO shelf (type, sku, at_us, id, amount, currency, change) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (type, sku) DO UPDATE SET at_us = excluded.at_us, id = excluded.id, amount = excluded.amount,
currency = excluded.currency, change = excluded.change WHERE (excluded.at_us, excluded.id) > (shelf.at_us, shelf.id)
"""


def add_record(connection: sqlite3.Connection, record: Record, table: str, mark: str) -> Outcome:
    """Write down a fact about a customer, if its id is new.

    Args:
        connection: inside a transaction.
        record: the fact.
        table: the slice that the customer is in.
        mark: stands for the fact's type and id, and tells nobody who does not know the secret.
    """
    row = (record.customer_id, record.part, record.at_us, record.id, record.type, record.due_us, record.content)
    if connection.execute("INSERT INTO told VALUES (?, ?) ON CONFLICT DO NOTHING", (mark, record.due_us)).rowcount:
        connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        return Outcome.ACCEPTED
    same = f"SELECT content FROM {table} WHERE (customer_id, part, at_us, id, type) = (?, ?, ?, ?, ?)"  # noqa: S608
    return Outcome.DUPLICATE if connection.execute(same, row[:5]).fetchone() == (record.content,) else Outcome.CONFLICT


def add_change(connection: sqlite3.Connection, change: Change) -> Outcome:
    """Write down a sku's price or stock, if its id is new; and, if it is the latest, on the shelf, with the next number."""
    row = (change.type, change.id, change.sku, change.at_us, change.amount, change.currency)
    if connection.execute("INSERT INTO of_sku VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount:
        (number,) = connection.execute("UPDATE about SET changes = changes + 1 RETURNING changes").fetchone()
        connection.execute(_SHELVED, (change.type, change.sku, change.at_us, change.id, change.amount, change.currency, number))
        return Outcome.ACCEPTED
    told = connection.execute("SELECT * FROM of_sku WHERE type = ? AND id = ?", (change.type, change.id)).fetchone()
    return Outcome.DUPLICATE if told == row else Outcome.CONFLICT


def look_up(connection: sqlite3.Connection, pseudonym: str) -> Tombstone | None:
    """What is left of somebody who was erased."""
    found = connection.execute("SELECT * FROM tombstones WHERE pseudonym = ?", (pseudonym,)).fetchone()
    return None if found is None else tombstone(found)


def tombstone(row: tuple[Any, ...]) -> Tombstone:
    """A row of the table of tombstones."""
    pseudonym, erased_us, rejoined_us = row
    return Tombstone(pseudonym, moment(erased_us), None if rejoined_us is None else moment(rejoined_us))
