"""Every profile of a tiny shop's customers, spelled out: price level, habits, values and declared measurements."""

from __future__ import annotations

import datetime as dt

from tests.support.oracle_histories import discounts
from tests.support.oracle_past import NAN, Formula, Past, Then, log_ratio, share, shrunk


def mean_price(past: Past) -> float:
    """What a unit cost."""
    return share(past.value(), past.units())


def bracketed(past: Past) -> float:
    """Lines ordered with another size or colour."""
    return past.count("ordered", where=lambda line: line["bracketed"])


def discounted(past: Past) -> float:
    """Lines with a discount."""
    return past.count("ordered", where=lambda line: line["discount"])


def kept_for(past: Past, value: str) -> float:
    """Lines kept that speak for a value."""
    return past.count("kept", where=lambda line: value in line["values"])


def affinity(t: Then, value: str) -> float:
    """The share of what the customer keeps that speaks for a value."""
    usual = share(kept_for(t.of(), value), t.of().kept())
    return shrunk(kept_for(t.of("customer_id"), value), t.of("customer_id").kept(), usual, 10)


def of_lines(t: Then, count: float, usual: float, weight: float) -> float:
    """The share of the customer's lines, shrunk to the shop's."""
    return shrunk(count, t.of("customer_id").lines(), shrunk(usual, t.of().lines(), 0.05, 100), weight)


def account_days(t: Then) -> float:
    """Days from joining to the last midnight, of those who may be known and had joined by then."""
    joined = [row["joined_at"] for row in t.rows["customers"] if row["customer_id"] == t.row["customer_id"]]
    known = bool(joined) and t.known_at_night and joined[0] < t.midnight
    return (t.midnight - joined[0]) / dt.timedelta(days=1) if known else NAN


PROFILES: dict[str, Formula] = {
    "customer_mean_price": lambda t: mean_price(t.of("customer_id")),
    "customer_price_level": lambda t: log_ratio(mean_price(t.of("customer_id")), mean_price(t.of())),
    "customer_lines_per_order": lambda t: share(
        t.of("customer_id").lines(), t.of("customer_id").count("ordered", where=lambda line: line["opens_order"])
    ),
    "customer_units_per_line": lambda t: share(t.of("customer_id").units(), t.of("customer_id").lines()),
    "customer_bracketing_share": lambda t: of_lines(t, bracketed(t.of("customer_id")), bracketed(t.of()), 5),
    "customer_discount_share": lambda t: discounts(t.of("customer_id")),
    "customer_affordability": lambda t: of_lines(t, discounted(t.of("customer_id")), discounted(t.of()), 10),
    "customer_health": lambda t: affinity(t, "health"),
    "customer_planet": lambda t: affinity(t, "planet"),
    "customer_society": lambda t: affinity(t, "society"),
    "customer_experience": lambda t: affinity(t, "experience"),
    "customer_account_days": account_days,
    "customer_height_cm": lambda t: t.stated("height_cm"),
    "customer_weight_kg": lambda t: t.stated("weight_kg"),
    "customer_bmi": lambda t: share(t.stated("weight_kg"), (t.stated("height_cm") / 100) ** 2),
    "customer_bust_band": lambda t: t.stated("bust_band_in"),
    "customer_bust_cup": lambda t: t.stated("bust_cup"),
}
