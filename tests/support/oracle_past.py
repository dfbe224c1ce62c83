"""An asked-for row's point of view: who asks, when, and what was known by then of anything it is about."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.oracle_facts import product_of
from tests.support.oracle_persons import BODY, OWN, body_of, granted, number, usable
from tests.support.tiny_shops import Row, TinyShop, day_of, midnight_of

NAN = math.nan
Where = Callable[[Row], object]
Facts = dict[str, list[Row]]
Formula = Callable[["Then"], float]


@dataclass(frozen=True)
class Past:
    """What was known, before the row's day, of one style, customer, …

    Attributes:
        facts: by kind; None where it is unknown which style, customer, … is meant.
        day: the row's day.
    """

    facts: Facts | None
    day: int

    def count(self, kind: str, days: int | None = None, where: Where = bool) -> float:
        """How many facts of a kind there were, ever or in the last few days before the row's."""
        return self.total(kind, lambda _: 1, days=days, where=where)

    def total(self, kind: str, what: Callable[[Row], float], days: int | None = None, where: Where = bool) -> float:
        """The sum of something over facts of a kind."""
        if self.facts is None:
            return NAN
        return float(sum(what(fact) for fact in self.facts[kind] if where(fact) and (days is None or fact["day"] >= self.day - days)))

    def lines(self, days: int | None = None) -> float:
        """Order lines."""
        return self.count("ordered", days)

    def units(self) -> float:
        """Units ordered."""
        return self.total("ordered", lambda line: line["quantity"])

    def value(self) -> float:
        """What was paid, cents."""
        return self.total("ordered", lambda line: line["quantity"] * (line["unit_price"] or 0))

    def discounts(self) -> float:
        """Discounts given, cents."""
        return self.total("ordered", lambda line: line["quantity"] * (line["discount"] or 0))

    def order_days(self) -> list[int]:
        """The days of its orders."""
        return [] if self.facts is None else [line["day"] for line in self.facts["ordered"]]

    def kept(self) -> float:
        """Order lines kept."""
        return self.count("kept")

    def returned(self, days: int | None = None) -> float:
        """Order lines returned."""
        return self.count("returned", days)

    def returned_for(self, group: str) -> float:
        """Order lines returned for a group of reasons."""
        return self.count("returned", where=lambda line: group in line["groups"])

    def said(self, verdict: str | None = None) -> float:
        """Verdicts, of one kind or all."""
        return self.count("verdicts", where=lambda row: verdict in (None, row["verdict"]))

    def tickets(self, topic: str | None = None) -> float:
        """Tickets, on one topic or all."""
        return self.count("tickets", where=lambda row: topic in (None, row["topic"]))

    def did(self, kind: str, days: int | None = None) -> float:
        """Events of a kind."""
        return self.count("events", days, where=lambda row: row["kind"] == kind)

    def good_sizes(self) -> list[float]:
        """Positions of the sizes that were kept, or said to fit."""
        if self.facts is None:
            return []
        good = [*self.facts["kept"], *(row for row in self.facts["verdicts"] if row["verdict"] == "fits")]
        return [fact["position"] for fact in good if fact["position"] is not None]


class Then:
    """An asked-for row, and everything that may be known for it.

    Attributes:
        rows: the shop's tables.
        row: the row.
        midnight, day: when its day began, and which it is.
        product: what follows from its sku.
        allowed: to which purposes the customer consents.
        told: what the customer declared and the shop may use.
        keys: what the row is about.
    """

    def __init__(self, tiny: TinyShop, row: Row, facts: Facts) -> None:
        who, at = row["customer_id"], row["at"]
        self.rows, self.row, self.product = tiny.rows, row, product_of(row["sku"])
        self.midnight, self.day = midnight_of(at, tiny.zone), day_of(at, tiny.zone)
        self.allowed = {purpose: granted(tiny.rows, purpose, who, at) for purpose in (OWN, BODY)}
        attributes = ("height_cm", "weight_kg", "bust_band_in", "bust_cup", "occasion", f"size:{self.product.get('category')}")
        self.told = {name: usable(tiny.rows, name, who, at, self.midnight) for name in attributes}
        self.known_at_night = granted(tiny.rows, OWN, who, self.midnight)
        self.keys: Row = {**row, **self.product, **body_of(self.told), "customer_id": who if self.known_at_night else None}
        self._facts = facts
        self._pasts: dict[tuple[str, ...], Past] = {}

    def of(self, *keys: str) -> Past:
        """The past of what the row is about in these respects; the whole shop's without any."""
        if keys not in self._pasts:
            about = {key: self.keys.get(key) for key in keys}
            mine = {kind: [fact for fact in facts if about == {key: fact.get(key) for key in keys}] for kind, facts in self._facts.items()}
            self._pasts[keys] = Past(None if None in about.values() else mine, self.day)
        return self._pasts[keys]

    def stated(self, attribute: str) -> float:
        """A declared number."""
        found = number(self.told[attribute])
        return NAN if found is None else found

    def asked(self, name: str) -> float:
        """A number of the row."""
        return float(self.row[name])

    def position(self) -> float:
        """Where the offered size stands in its system."""
        position = self.product.get("position")
        return NAN if position is None else float(position)


def share(part: float, whole: float) -> float:
    """Part of a whole; missing where there is none."""
    return part / whole if whole > 0 else NAN


def shrunk(hits: float, trials: float, prior: float, weight: float) -> float:
    """A rate, as if `weight` trials at the prior rate had gone before."""
    return (hits + weight * prior) / (trials + weight)


def log_ratio(value: float, usual: float) -> float:
    """How far a value is from the usual one."""
    return math.log(value / usual) if value > 0 and usual > 0 else NAN
