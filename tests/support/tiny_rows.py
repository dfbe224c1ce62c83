"""Draws the rows of tiny shops: sessions on few days, close to the local midnight and to changes of the clock, and facts around them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from domain.tables import CONSENT_PURPOSES, EVENT_KINDS

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""A shop's tables as plain rows."""

START = dt.datetime(2023, 10, 27, tzinfo=dt.UTC)
"""Two days before Berlin puts its clocks back, nine before New York does; half a year later both put them forward."""

_LETTERS: Row = {"size_system": "letters"}
PRODUCTS: list[Row] = [
    {"sku": sku, "style_id": sku.partition("-")[0], "category": category, "brand": brand, "supplier_id": supplier, **more}
    for sku, category, brand, supplier, more in (
        ("s1-38", "dress", "b1", "p1", {"size": "38", "material": "wool", "price": 1000, "value_tags": "organic,local"}),
        ("s1-40", "dress", "b1", "p1", {"size": "40,5", "material": "wool", "price": 1200}),
        ("s1-red", "dress", "b1", "p2", {"size": "38", "material": "silk", "price": 2500, "value_tags": "designer"}),
        ("s2-m", "dress", "b2", None, {**_LETTERS, "size": "M", "material": "silk", "price": 800, "value_tags": "vegan , new"}),
        ("s2-l", "dress", "b2", None, {**_LETTERS, "size": "L", "price": 0, "value_tags": "charity"}),
        ("s3", "bag", None, "p1", {"size": "one size", "material": "leather", "value_tags": "oeko_tex,washable"}),
        ("s4-38", "dress", "b1", "p2", {"size": "38", "size_system": "EU", "material": "wool"}),
    )
]
SKUS = [row["sku"] for row in PRODUCTS]
_LOVED = ["s1-38", "s1-38", "s1-40", "s1-40", "s2-m"]
CUSTOMERS = ["c1", "c2", "c3"]

_DAYS = (0, 1, 2, 2, 3, 3, 8, 9, 9, 10, 31, 32, 33, 39, 40, 92, 93, 94, 135, 136, 156, 157, 366, 367, 368)
"""Days with a change of the clock, their neighbours, and days a window's length apart."""

_CLOCK = ("00:00:00", "00:00:00", "00:00:00.000001", "02:30:00", "12:00:00", "12:00:00", "18:45:30.25", "23:59:59.999999")
_SECONDS = (0, 0, 5, 60, 60.25, 700, 720, 900)
_STATED = {
    "height_cm": ("168", "170.5", "tall"),
    "weight_kg": ("60", "61.5", "inf"),
    "bust_band_in": ("34", "36"),
    "bust_cup": ("0", "2"),
    "occasion": ("wedding", "work"),
    "size:dress": ("38", "L", "one size"),
    "size:bag": ("38",),
    "body_shape": ("pear",),
}
_REASONS = ("size", "too_small", "too_large", "quality", "damaged", "style", "changed_mind", "late", None)


def drawn_rows(random: Random, zone: str, *, further: bool) -> tuple[Rows, list[Row]]:
    """A shop's tables, and rows that features are asked for; `further` adds the optional tables."""
    drawing = Drawing(random, zone)
    return drawing.tables(further=further), [drawing.asked() for _ in range(30)]


class Drawing:
    """Draws the rows of one shop around a few sessions.

    Attributes:
        random: where choices come from.
        zone: the time zone of the shop's days.
        sessions: who came to the shop, and when.
    """

    def __init__(self, random: Random, zone: str) -> None:
        self.random = random
        self.zone = zone
        self.sessions = [(random.choice(CUSTOMERS), self.moment()) for _ in range(7)]

    def tables(self, *, further: bool) -> Rows:
        """Tables of the contract that break none of its rules; an optional one may be absent."""
        lines = _numbered("line_id", "l", (line for number in range(7) for line in self._order(f"o{number}")))
        returned = [(f"r{number}", line) for number, line in enumerate(lines) if self.random.random() < 0.6]
        returns = [row for return_id, line in returned for row in self._came_back(line, return_id)]
        rows: Rows = {"products": self._products(), "order_lines": lines, "returns": returns}
        optional = self._further(lines) if further else {}
        return rows | {name: given for name, given in optional.items() if self.random.random() < 0.9}

    def _products(self) -> list[Row]:
        """All products, of which some or none have looks."""
        told = self.random.choice([0, 0.8, 0.8])
        coordinates = self.random.choice([1, 2, 3])
        return [{**row, "currency": "EUR", "looks": self._looks(coordinates) if self.random.random() < told else None} for row in PRODUCTS]

    def _looks(self, coordinates: int) -> str:
        return " ".join(self.random.choice(["0", "0.31", "-1.2", "1.005", "2", "-.5e-1"]) for _ in range(coordinates))

    def moment(self) -> dt.datetime:
        """A moment on one of few days."""
        day = START.date() + dt.timedelta(days=self.random.choice(_DAYS))
        return dt.datetime.combine(day, dt.time.fromisoformat(self.random.choice(_CLOCK)), ZoneInfo(self.zone)).astimezone(dt.UTC)

    def asked(self) -> Row:
        """A row that features are asked for."""
        random, (who, at) = self.random, self._near(0.7)
        lines = random.choice([1.0, 2.0, 3.0])
        return {
            "customer_id": random.choice([who] * 6 + ["nobody", None]),
            "sku": random.choice([*SKUS, *_LOVED, "unheard-of"]),
            "at": at + self._later(0, 0, 0, 0.05, 0.05, 1, 30, 90),
            "country": random.choice(["DE", "GB", None]),
            "channel": random.choice(["web", "app", None]),
            "payment_method": random.choice(["card", "invoice", None]),
            "promised_at": random.choice([None, at + self._later(2, 3.5)]),
            "quantity": random.choice([1.0, 2.0]),
            "unit_price": random.choice([1200.0, 800.0, float("nan")]),
            "discount": random.choice([200.0, 0.0, float("nan")]),
            "basket_lines": lines,
            "basket_units": lines + 1,
            "basket_value": random.choice([5000.0, float("nan")]),
            "basket_same_style": lines,
            "basket_same_sku": random.choice([1.0, lines]),
        }

    def _further(self, lines: list[Row]) -> Rows:
        stated = [self._stated(*self._near()) for _ in range(12)] + [self._stated(who, START) for who in CUSTOMERS * 3]
        decided = [row for who in CUSTOMERS for row in self._decided(who)]
        further = {
            "customers": [{"customer_id": who, "joined_at": self.moment()} for who in self.random.sample(CUSTOMERS, 2)],
            "fit_feedback": _unique([self._verdict() for _ in range(14)], "customer_id", "sku", "given_at"),
            "events": _numbered("event_id", "e", (move for session in self.sessions for move in self._moves(*session))),
            "preferences": _unique(stated, "customer_id", "attribute", "stated_at"),
            "tickets": _numbered("ticket_id", "t", (self._ticket(lines) for _ in range(7))),
        }
        return further | ({"consents": _unique(decided, "customer_id", "purpose", "at")} if self.random.random() < 0.6 else {})

    def _near(self, chance: float = 0.5) -> tuple[str, dt.datetime]:
        """Somebody, and often a moment of a session of theirs."""
        who, began = self.random.choice(self.sessions)
        return (who, began + self._soon()) if self.random.random() < chance else (self.random.choice(CUSTOMERS), self.moment())

    def _soon(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.random.choice(_SECONDS))

    def _later(self, *days: float) -> dt.timedelta:
        return dt.timedelta(days=self.random.choice(days))

    def _known_at(self, happened: dt.datetime) -> dt.datetime | None:
        return happened + self._later(0, 0.5, 1, 9, 30) if self.random.random() < 0.2 else None

    def _order(self, order_id: str) -> list[Row]:
        random, (who, began) = self.random, self.random.choice(self.sessions)
        ordered_at = began + self._soon()
        of_all = {
            "order_id": order_id,
            "customer_id": who,
            "country": random.choice(["DE", "GB", None]),
            "channel": random.choice(["web", "app", None]),
            "payment_method": random.choice(["card", "invoice", None]),
            "currency": "EUR",
        }
        return [{**of_all, **self._line(ordered_at)} for _ in range(random.choice([1, 2, 2, 3]))]

    def _line(self, ordered_at: dt.datetime) -> Row:
        if self.random.random() < 0.15:  # added to the order later
            ordered_at += self._later(0.001, 1)
        return {
            "sku": self.random.choice([*SKUS, *_LOVED]),
            "ordered_at": ordered_at,
            "promised_at": self.random.choice([None, ordered_at + self._later(2, 3)]),
            "delivered_at": self.random.choice([None, ordered_at + self._later(0.3, 2, 3, 3.5, 20)]),
            "quantity": self.random.choice([1, 1, 2, 3]),
            "unit_price": self.random.choice([1000, 2500, 0, None]),
            "discount": self.random.choice([None, 0, 300]),
        }

    def _came_back(self, line: Row, return_id: str) -> list[Row]:
        parcels = 2 if line["quantity"] > 1 and self.random.random() < 0.3 else 1
        return [row for number in range(parcels) for row in self._parcel(line, f"{return_id}-{number}", line["quantity"] // parcels)]

    def _parcel(self, line: Row, return_id: str, most: int) -> list[Row]:
        """A return, maybe told late, maybe corrected."""
        requested_at = self._requested_at(line)
        received_at = self.random.choice([None, *(requested_at + self._later(0, 1, 3) for _ in range(3))])
        told = {"return_id": return_id, "line_id": line["line_id"], "requested_at": requested_at}
        versions = [{**told, "known_at": self._known_at(requested_at)}]
        while self.random.random() < 0.4:
            known_at = (versions[-1]["known_at"] or requested_at) + self._later(0.5, 1, 3, 40)
            versions.append({**told, "known_at": known_at})
        return [{**version, "received_at": self.random.choice([received_at] * 3 + [None]), **self._content(most)} for version in versions]

    def _requested_at(self, line: Row) -> dt.datetime:
        """Soon after the order, soon after the parcel has come, around the window's end, or in a later session."""
        opens: dt.datetime = line["delivered_at"] or line["promised_at"] or line["ordered_at"]
        in_session = [began for who, began in self.sessions if who == line["customer_id"] and began > line["ordered_at"]]
        soon: dt.datetime = line["ordered_at"] + self._soon()
        return self.random.choice([soon, *in_session, *(opens + self._later(0, 1, 4, 5, 13.5, 14, 14.001) for _ in range(3))])

    def _content(self, most: int) -> Row:
        return {"reason": self.random.choice(_REASONS), "quantity": self.random.randint(1, most)}

    def _verdict(self) -> Row:
        given_at, verdict = self.moment(), self.random.choice(["small", "fits", "fits", "large"])
        about = {"customer_id": self.random.choice(CUSTOMERS), "sku": self.random.choice([*SKUS, *_LOVED])}
        return {**about, "verdict": verdict, "given_at": given_at, "known_at": self._known_at(given_at)}

    def _moves(self, who: str, began: dt.datetime) -> list[Row]:
        return [self._move(who, began + self._soon()) for _ in range(self.random.randint(2, 9))]

    def _move(self, who: str, at: dt.datetime) -> Row:
        about = {"customer_id": self.random.choice([who] * 4 + [None]), "sku": self.random.choice([*SKUS, *_LOVED, None])}
        return {**about, "kind": self.random.choice(["view", "view", "view", *EVENT_KINDS]), "at": at, "known_at": self._known_at(at)}

    def _ticket(self, lines: list[Row]) -> Row:
        line = self.random.choice([*lines, None])
        opened_at = self.moment() if line is None else line["ordered_at"] + self._later(0, 1, 6, 60)
        sku = self.random.choice(SKUS) if line is None or self.random.random() < 0.3 else None
        topic = self.random.choice(["size", "product", "delivery", "payment"])
        known = {"opened_at": opened_at, "known_at": self._known_at(opened_at)}
        return {"line_id": line and line["line_id"], "sku": sku, "topic": topic, **known}

    def _stated(self, who: str, stated_at: dt.datetime) -> Row:
        attribute = self.random.choice([*_STATED, "height_cm", "weight_kg", "occasion"])
        needed_on = stated_at + self._later(5, 40) if attribute == "occasion" and self.random.random() < 0.7 else None
        said = {"attribute": attribute, "value": self.random.choice(_STATED[attribute]), "needed_on": needed_on}
        return {"customer_id": who, "stated_at": stated_at, **said}

    def _decided(self, who: str) -> list[Row]:
        """One customer's consents: most grant everything at first, and many change their minds, often as a session begins."""
        decided = [(purpose, True, START - dt.timedelta(days=1)) for purpose in CONSENT_PURPOSES if self.random.random() < 0.6]
        began = [moment for visitor, moment in self.sessions if visitor == who] or [self.moment()]
        for purpose in CONSENT_PURPOSES:
            moments = [self.random.choice([*began, self.moment()]) for _ in range(self.random.choice([0, 1, 2, 3]))]
            decided += [(purpose, self.random.random() < 0.6, moment) for moment in moments]
        return [{"customer_id": who, "purpose": purpose, "granted": granted, "at": at} for purpose, granted, at in decided]


def _numbered(name: str, letter: str, rows: Iterable[Row]) -> list[Row]:
    return [{name: f"{letter}{number}", **row} for number, row in enumerate(rows)]


def _unique(rows: list[Row], *key: str) -> list[Row]:
    return list({tuple(row[column] for column in key): row for row in rows}.values())
