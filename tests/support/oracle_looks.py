"""Whether an offer of a tiny shop looks like what the customer views and orders, spelled out."""

from __future__ import annotations

import math

from tests.support.oracle_past import NAN, Formula, Past, Then
from tests.support.oracle_today import of_today
from tests.support.tiny_shops import Row

Looks = list[float]


def looks_of(t: Then, sku: str | None) -> Looks:
    """The coordinates of a sku, to the hundredth; none where they are not told."""
    told = next((row.get("looks") for row in t.rows["products"] if row["sku"] == sku), None)
    return [round(float(number) * 100) / 100 for number in (told or "").split()]


def seen(t: Then, past: Past, kind: str) -> list[Looks]:
    """The looks of everything that was viewed, or ordered."""
    happened: list[Row] = (past.facts or {}).get("events" if kind == "view" else "ordered", [])
    found = [looks_of(t, row["sku"]) for row in happened if kind != "view" or row["kind"] == "view"]
    return [looks for looks in found if looks]


def mean(all_looks: list[Looks]) -> Looks:
    """The mean of each coordinate."""
    return [sum(coordinate) / len(all_looks) for coordinate in zip(*all_looks, strict=True)]


def taste(own: list[Looks], usual: Looks, weight: int) -> Looks:
    """Mean looks, as if `weight` usual ones had gone before."""
    return [(sum(looks[d] for looks in own) + weight * usual[d]) / (len(own) + weight) for d in range(len(usual))]


def sides(t: Then, kind: str, weight: int) -> list[tuple[float, float, float]]:
    """By coordinate: what all look at, what the customer does, what is offered; nothing where one of these is unknown."""
    offer, usual = looks_of(t, t.row["sku"]), mean(seen(t, t.of(), kind))
    own = taste(seen(t, t.of("customer_id"), kind), usual, weight)
    return list(zip(usual, own, offer, strict=True)) if offer and usual and t.keys["customer_id"] else []


def match(t: Then, kind: str, weight: int) -> float:
    """How far customer and offer lean the same way."""
    found = sides(t, kind, weight)
    return sum((own - usual) * (offer - usual) for usual, own, offer in found) if found else NAN


def today(t: Then) -> float:
    """How far the offer leans the way of what was viewed so far today, as if three usual ones had gone before."""
    offer, usual = looks_of(t, t.row["sku"]), mean(seen(t, t.of(), "view"))
    viewed = [looks_of(t, move.get("sku")) for move in of_today(t) if move["kind"] == "view"]
    if not offer or not usual or t.row["customer_id"] is None:
        return NAN
    own = taste([looks for looks in viewed if looks], usual, 3)
    return sum((own[d] - usual[d]) * (offer[d] - usual[d]) for d in range(len(usual)))


def distance(t: Then) -> float:
    """How far the offer is from what the customer looks at."""
    found = sides(t, "view", 10)
    return math.dist([own for _, own, _ in found], [offer for _, _, offer in found]) if found else NAN


LOOKS: dict[str, Formula] = {
    "customer_looks_match": lambda t: match(t, "view", 10),
    "customer_looks_distance": distance,
    "customer_ordered_looks_match": lambda t: match(t, "order", 5),
    "today_looks_match": today,
}
