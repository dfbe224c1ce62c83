"""The returns table: when items come back, the reason the customer gives, and what the shop still gets for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, Texts, blank_unless, draw, ids, moments, named
from experiments.demo_shop.assortment import VAT
from experiments.demo_shop.delivery import Deliveries
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.outcomes import CAUSES, QUALITY, TOO_LARGE
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines

_CONDITIONS = ("as_new", "worn", "damaged")
_CONDITION_SHARES = np.array([0.625, 0.325, 0.05])
"""62.5 % can be resold as new (EHI 2023: 50-75 %)."""

_DISPOSITIONS = ("resold", "outlet", "destroyed")
_RECOVERED = np.array([1.0, 0.58, 0.0])
"""Share of the net price that an as-new, worn and damaged item still brings; 0.50 for all but the as-new (EHI 2023)."""

_AFTER_THE_WINDOW = 0.015
"""Share of returns that come in later than two weeks (guess)."""


@dataclass(frozen=True)
class Parcel:
    """One order's return parcel: days from delivery to the request, and from the request to its arrival."""

    requested_after_days: Floats
    received_after_days: Floats


def returns_table(
    settings: ShopSettings, lines: Lines, line_ids: Texts, deliveries: Deliveries, outcomes: Outcomes, rng: np.random.Generator
) -> pd.DataFrame:
    """Returns that the customers asked for before the shop's last day ended; parcels on their way have not arrived."""
    parcel = _draw_parcels(len(deliveries.delivered), rng)
    requested = (deliveries.delivered + parcel.requested_after_days * DAY).astype(np.int64)[lines.order]
    received = requested + (parcel.received_after_days * DAY).astype(np.int64)[lines.order]
    rows = np.flatnonzero(outcomes.returned & (requested < settings.end))
    arrived = received[rows] < settings.end
    paid = (lines.unit_price * lines.quantity)[rows]
    condition = draw(rng, np.tile(_CONDITION_SHARES, (len(rows), 1)))
    return pd.DataFrame(
        {
            "return_id": ids("r", len(rows), 6),
            "line_id": line_ids[rows],
            "quantity": lines.quantity[rows],
            "requested_at": moments(requested[rows]),
            "received_at": moments(received[rows], arrived),
            "reason": _stated_reasons(outcomes.cause[rows], rng),
            "condition": blank_unless(arrived, named(_CONDITIONS, condition)),
            "disposition": blank_unless(arrived, named(_DISPOSITIONS, condition)),
            "refund": _once_arrived(paid, arrived),
            "recovered_value": _once_arrived(np.rint(paid / (1 + VAT) * _RECOVERED[condition]), arrived),
        }
    )


def _draw_parcels(orders: int, rng: np.random.Generator) -> Parcel:
    """Requested 1-14 days after delivery, rarely up to 40; received 2-8 days after the request."""
    soon = 1 + 13 * rng.beta(1.4, 2.4, orders)
    requested = np.where(rng.random(orders) < _AFTER_THE_WINDOW, rng.uniform(14, 40, orders), soon)
    return Parcel(requested, rng.uniform(2, 8, orders))


def _stated_reasons(cause: Ints, rng: np.random.Generator) -> Texts:
    """What the customer ticks: mostly the cause; some say only "size", "damaged" or "other", and 2 % nothing (guess)."""
    reason, roll = named(CAUSES, cause), rng.random(len(cause))
    reason[(cause <= TOO_LARGE) & (roll < 0.08)] = "size"
    reason[(cause == QUALITY) & (roll < 0.2)] = "damaged"
    reason[roll > 0.95] = "other"
    return blank_unless(roll <= 0.98, reason)


def _once_arrived(cents: Ints | Floats, arrived: Flags) -> pd.Series:
    return pd.Series(cents.astype("int64")).astype("Int64").where(pd.Series(arrived))
