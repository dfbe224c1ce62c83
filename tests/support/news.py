"""What a tiny shop knew by a moment, and news that reach it from then on."""

from __future__ import annotations

import datetime as dt
from random import Random

from domain.tables import CONSENT_PURPOSES
from tests.support.oracle_facts import learned, versions_of, window_ends
from tests.support.tiny_shops import CUSTOMERS, NOW, SKUS, START, Row, Rows

_HAPPENS = {"fit_feedback": "given_at", "events": "at", "tickets": "opened_at", "customers": "joined_at"}
_HAPPENS |= {"preferences": "stated_at", "consents": "at", "order_lines": "ordered_at", "returns": "requested_at"}
_MOMENTS_LATER = {"order_lines": "delivered_at", "returns": "received_at"}
"""Moments of a row that come after the row itself was told."""


def known_by(rows: Rows, at: dt.datetime) -> Rows:
    """The rows that a shop had been told before a moment, with what it knew of them."""
    return {name: [_as_known(name, row, at) for row in given if _is_known(name, row, at)] for name, given in rows.items()}


def _is_known(name: str, row: Row, at: dt.datetime) -> bool:
    happened = row[_HAPPENS[name]] if name in _HAPPENS else None
    return happened is None or (happened < at and (row.get("known_at") is None or row["known_at"] < at))


def _as_known(name: str, row: Row, at: dt.datetime) -> Row:
    column = _MOMENTS_LATER.get(name, "")
    return row if row.get(column) is None or row[column] < at else {**row, column: None}


def happening_when_known(rows: Rows) -> tuple[Rows, Rows]:
    """A shop of which much is told late, and the same as if it had happened only when it was told.

    Both without declared bodies, which belong to when a verdict was given, and without returns that were told after the window's end.
    """
    told = {name: list(given) for name, given in rows.items() if name != "preferences"}
    told["returns"] = [version for versions in _told_in_time(rows) for version in versions]
    now = {name: [_now(name, row) for row in given] for name, given in told.items()}
    now["returns"] = [version for versions in _told_in_time(rows) for version in _arriving_when_told(versions)]
    return told, now


def _now(name: str, row: Row) -> Row:
    return {**row, _HAPPENS[name]: learned(row, _HAPPENS[name]), "known_at": None} if row.get("known_at") else row


def _told_in_time(rows: Rows) -> list[list[Row]]:
    """Everything told of each return that was told before the window closed, whether its delivery was known or not."""
    ends = {line["line_id"]: min(window_ends(line, START), window_ends(line, NOW)) for line in rows["order_lines"]}
    returns = [versions_of(rows["returns"], return_id) for return_id in sorted({row["return_id"] for row in rows["returns"]})]
    return [versions for versions in returns if learned(versions[0], "requested_at") <= ends[versions[0]["line_id"]]]


def _arriving_when_told(versions: list[Row]) -> list[Row]:
    first, *corrections = versions
    arrived = {"received_at": learned(first, "received_at")} if first["received_at"] else {}
    return [{**first, **arrived, "known_at": None}, *({**version, **arrived} for version in corrections)]


def news(rows: Rows, at: dt.datetime, random: Random) -> Rows:
    """The same shop with further rows in every table, in front of the older ones, of which it learns at `at` or later."""
    reporter = _Reporter(rows, at, random)
    new = {
        "order_lines": [reporter.order_line(number) for number in range(4)],
        "returns": [*reporter.returns(), *reporter.corrections()],
        "fit_feedback": [{**reporter.about(), "verdict": random.choice(["small", "fits"]), **reporter.told("given_at")} for _ in range(4)],
        "events": [{**reporter.about(), "event_id": f"new{number}", "kind": "view", **reporter.told("at")} for number in range(6)],
        "tickets": [reporter.ticket(number) for number in range(4)],
        "customers": reporter.customers(),
        "preferences": [reporter.statement(number) for number in range(6)],
        "consents": reporter.decisions(),
    }
    delivered = [reporter.delivered(line) for line in rows["order_lines"]]
    return {name: [*new.get(name, ()), *(delivered if name == "order_lines" else given)] for name, given in rows.items()}


class _Reporter:
    """Makes up rows that become known from a moment on, though they may have happened before."""

    def __init__(self, rows: Rows, at: dt.datetime, random: Random) -> None:
        self.rows = rows
        self.at = at
        self.random = random
        self.old_lines = [line for line in rows["order_lines"] if line["ordered_at"] < at]

    def later(self) -> dt.datetime:
        """The moment itself, soon, or some days after."""
        return min(NOW, self.at + dt.timedelta(seconds=self.random.choice([0, 0, 1, 3600, 100_000, 2_000_000])))

    def told(self, happened: str) -> Row:
        """Something that happened before or now, and is known later."""
        before = self.at - dt.timedelta(seconds=self.random.choice([0, 1, 3600, 86400, 4_000_000]))
        return {happened: before, "known_at": self.later()}

    def about(self) -> Row:
        """Somebody and something."""
        return {"customer_id": self.random.choice(CUSTOMERS), "sku": self.random.choice(SKUS)}

    def order_line(self, number: int) -> Row:
        """A line that may join an old order, and would have been its first had it come at once."""
        like = self.random.choice(self.rows["order_lines"])
        return {**like, **self.about(), "line_id": f"a{number}", "ordered_at": self.later(), "promised_at": None, "delivered_at": None}

    def delivered(self, line: Row) -> Row:
        """An old line that was still on its way arrives."""
        waits = line["delivered_at"] is None and line["ordered_at"] < self.at and self.random.random() < 0.5
        return {**line, "delivered_at": self.later()} if waits else line

    def returns(self) -> list[Row]:
        """Old lines that came back: some were asked for before, but known only now."""
        lines = self.random.sample(self.old_lines, min(3, len(self.old_lines)))
        return [self._back(line) for line in lines]

    def _back(self, line: Row) -> Row:
        requested_at = self.random.choice([line["ordered_at"], self.at])
        known = {"requested_at": requested_at, "received_at": requested_at, "known_at": self.later()}
        return {"return_id": f"new-{line['line_id']}", "line_id": line["line_id"], "quantity": 1, "reason": "size", **known}

    def corrections(self) -> list[Row]:
        """Every old return is told otherwise."""
        latest = {row["return_id"]: row for row in known_by({"returns": self.rows["returns"]}, self.at)["returns"]}
        whole = {row["return_id"]: row for row in self.rows["returns"]}
        told = {"known_at": self.at, "quantity": 1}
        return [{**whole[return_id], **told, "reason": self.random.choice(["size", "quality"])} for return_id in latest]

    def ticket(self, number: int) -> Row:
        """A ticket about an old line or a sku."""
        line_id = self.random.choice([line["line_id"] for line in self.old_lines] + [None])
        sku = self.random.choice(SKUS) if line_id is None else None
        return {"ticket_id": f"new{number}", "line_id": line_id, "sku": sku, "topic": "size", **self.told("opened_at")}

    def customers(self) -> list[Row]:
        """Those who had no account open one."""
        known = {row["customer_id"] for row in self.rows.get("customers", ())}
        return [{"customer_id": who, "joined_at": self.later()} for who in CUSTOMERS if who not in known]

    def statement(self, number: int) -> Row:
        """A declaration; no two at one moment."""
        attribute, value = self.random.choice([("height_cm", "199"), ("weight_kg", "99"), ("occasion", "party"), ("size:dress", "44")])
        stated_at = self.later() + dt.timedelta(microseconds=number)
        return {"customer_id": self.random.choice(CUSTOMERS), "stated_at": stated_at, "attribute": attribute, "value": value}

    def decisions(self) -> list[Row]:
        """Everybody decides anew, at one moment each."""
        decided = [(who, purpose) for who in CUSTOMERS for purpose in CONSENT_PURPOSES]
        moments = {who: self.later() + dt.timedelta(microseconds=7) for who in CUSTOMERS}
        return [
            {"customer_id": who, "purpose": purpose, "granted": self.random.random() < 0.5, "at": moments[who]} for who, purpose in decided
        ]
