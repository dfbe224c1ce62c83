"""Reads the decision log: decisions in order, as far as their keys are left, and as a table for who judges policies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa

from serving.decision_log.decision import LoggedDecision
from serving.decision_log.folder import LogFolder
from serving.decision_log.postgres import PostgresLog
from serving.decision_log.rows import EVERYBODY, Row, ShownOffers, SubjectKey, decision_of, floats, microseconds, moment, shown_of
from serving.decision_log.storage import LogStorage
from serving.wire_releases import Arm

_AT_ONCE = 200
_TABLE = pa.schema(
    [
        *((name, pa.string()) for name in ("request_id", "customer_id", "session_id")),
        ("at", pa.timestamp("us", tz="UTC")),
        *((name, pa.string()) for name in ("sku", "policy", "release", "snapshot", "arm")),
        ("shown", pa.bool_()),
        *((name, pa.int64()) for name in ("position", "price", "expected_kept_margin", "order_bonus")),
        *((name, pa.float64()) for name in ("propensity", "p_order", "p_return")),
        *((name, pa.string()) for name in ("objective", "fallback")),
    ]
)
_IMPRESSION = ["request_id", "at", "customer_id", "session_id", "sku", "position", "propensity", "policy", "price"]


@dataclass(frozen=True)
class Where:
    """Which decisions to read; what is None does not matter.

    Attributes:
        begins: served at this moment or later.
        ends: served before this moment.
        release: decided by this release (its seal).
        arm: decided in this arm.
        request_id: with this request id; what was shredded has none any more.
    """

    begins: dt.datetime | None = None
    ends: dt.datetime | None = None
    release: str | None = None
    arm: Arm | None = None
    request_id: str | None = None

    def holds(self, entry: Entry) -> bool:
        """Whether a decision is among them."""
        row = entry.row
        return (
            (self.begins is None or row.served_at >= microseconds(self.begins))
            and (self.ends is None or row.served_at < microseconds(self.ends))
            and self.release in (None, row.release)
            and self.arm in (None, row.arm)
            and (self.request_id is None or entry.request_id == self.request_id)
        )


EVERYTHING = Where()


@dataclass(frozen=True)
class Entry:
    """A decision in the log.

    Attributes:
        number: its place in the log.
        row: what is stored.
        key: what opens it; None once it was destroyed.
    """

    number: int
    row: Row
    key: SubjectKey | None

    @property
    def shredded(self) -> bool:
        """Whether nobody can read any more who asked what and saw what."""
        return self.key is None

    @property
    def customer(self) -> str | None:
        """The customer's pseudonym; None for a request without one, and once it was shredded."""
        return None if self.key is None or self.key.subject.startswith(EVERYBODY) else self.key.subject

    @property
    def request_id(self) -> str | None:
        """The request's id; None once it was shredded."""
        return None if (shown := self.shown()) is None else shown.request_id

    def shown(self) -> ShownOffers | None:
        """What was shown; None once it was shredded.

        Raises:
            LogRefused: it was tampered with.
        """
        return None if self.key is None else shown_of(self.row, self.key)

    def decision(self) -> LoggedDecision | None:
        """The whole decision; None once it was shredded.

        Raises:
            LogRefused: it was tampered with.
        """
        return None if self.key is None else decision_of(self.row, self.key)


def stored_at(place: str, now: Callable[[], dt.datetime]) -> LogStorage:
    """An existing log, to read.

    Args:
        place: its folder, or postgresql://USER@HOST/DATABASE.
        now: the clock.

    Raises:
        LogRefused: there is none, or it does not answer.
    """
    return PostgresLog(place) if place.startswith("postgresql://") else LogFolder.existing(Path(place), now)


def entries(storage: LogStorage, where: Where = EVERYTHING, *, step: Callable[[], None] = lambda: None) -> Iterator[Entry]:
    """Decisions in the order of their commits, each once.

    Args:
        storage: the log.
        where: which of them.
        step: called for each row that was looked at, also those that are not among them.

    Raises:
        LogRefused: a part of the log is missing or tampered with; it is named.
    """
    rows = storage.rows()
    while some := list(islice(rows, _AT_ONCE)):
        keys = storage.keys_of({row.token for _, row in some})
        for number, row in some:
            step()
            entry = Entry(number, row, keys.get(row.token))
            if where.holds(entry):
                yield entry


def offers_table(storage: LogStorage, where: Where = EVERYTHING) -> pa.Table:
    """Every offer of every decision that can still be read, one row each, in order: what an estimator of policies needs.

    Columns: those of `decisions_table`, and release, snapshot, arm, shown, p_order (null where offers were ranked as if ordered),
    p_return, expected_kept_margin and order_bonus (minor units), objective, fallback. `policy` is POLICY@RELEASE, since both decide, or
    "callers_order" where there was no time to rank.
    """
    readable = (entry for entry in entries(storage, where) if not entry.shredded)
    batches = [pa.RecordBatch.from_pylist(rows, schema=_TABLE) for entry in readable if (rows := list(_offers(entry)))]
    return pa.Table.from_batches(batches, schema=_TABLE)


def decisions_table(storage: LogStorage, where: Where = EVERYTHING) -> pd.DataFrame:
    """What shoppers were shown, as the data contract's table `impressions`.

    `customer_id` holds pseudonyms. Shadows, which nobody saw, and shredded decisions are not in it. Of a request that was asked again
    under its own id the last reply counts: the storefront asks again where the first one did not arrive.
    """
    found: pd.DataFrame = offers_table(storage, where).to_pandas()
    return found.loc[found["shown"], _IMPRESSION].drop_duplicates(["request_id", "sku"], keep="last").reset_index(drop=True)


def _offers(entry: Entry) -> Iterator[dict[str, object]]:
    row, shown = entry.row, entry.shown()
    if shown is None:
        return
    p_orders = [None] * len(shown.skus) if row.p_order is None else floats(row.p_order)
    of_all = {name: getattr(row, name) for name in ("release", "snapshot", "arm", "shown", "order_bonus", "objective", "fallback")}
    of_all |= {"request_id": shown.request_id, "at": moment(row.served_at), "customer_id": entry.customer}
    of_all |= {"session_id": shown.session_id}
    of_all |= {"policy": "callers_order" if row.fallback == "deadline" else f"{row.policy}@{row.release}"}
    of_each = zip(
        shown.skus, shown.prices, shown.expected_kept_margins, floats(row.propensities), p_orders, floats(row.p_return), strict=True
    )
    for position, (sku, price, kept, propensity, p_order, p_return) in enumerate(of_each, start=1):
        yield of_all | {
            "sku": sku,
            "position": position,
            "price": price,
            "expected_kept_margin": kept,
            "propensity": propensity,
            "p_order": p_order,
            "p_return": p_return,
        }
