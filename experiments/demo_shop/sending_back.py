"""The returns table: when items come back, the reason the customer gives, and what the shop still gets for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Floats, Ints, Texts, blank_unless, moments, named, numbered, picked
from experiments.demo_shop.assortment import VAT, Assortment
from experiments.demo_shop.delivery import Deliveries, line_ids
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.noise import Keys, Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.outcomes import CAUSES, CHANGED_MIND, QUALITY, TOO_LARGE
from experiments.demo_shop.people import People
from experiments.demo_shop.world import World

_CONDITIONS = ("as_new", "worn", "damaged")
_DISPOSITIONS = ("resold", "outlet", "destroyed")
_AFTER_THE_WINDOW = 0.015
"""Share of returns that come in later than two weeks (guess)."""


_WORN = 1
"""Index of what was worn once and sent back."""


def returns_table(
    world: World, assortment: Assortment, lines: Lines, people: People, deliveries: Deliveries, outcomes: Outcomes, noise: Noise
) -> pd.DataFrame:
    """Returns of the lines; an order comes back in one parcel.

    Requested 1-14 days after delivery, rarely up to 40; received 2-8 days after the request.
    """
    soon = 1 + 13 * _early(noise.uniform("requested", lines.key))
    later = 14 + 26 * noise.uniform("requested late", lines.key)
    after_days = np.where(noise.uniform("after the window", lines.key) < _AFTER_THE_WINDOW, later, soon)
    requested = (deliveries.delivered + after_days * DAY).astype(np.int64)
    received = requested + ((2 + 6 * noise.uniform("received", lines.key)) * DAY).astype(np.int64)
    rows = np.flatnonzero(outcomes.returned)
    key, sku, cause = lines.key[rows], lines.sku[rows], outcomes.cause[rows]
    paid = (lines.unit_price * lines.quantity)[rows]
    shares = np.broadcast_to(np.array(world.recovery.condition_shares), (len(rows), len(_CONDITIONS)))
    dear = paid >= assortment.typical_price[assortment.sku_style[sku]]
    worn = people.wears_once[lines.customer[rows]] & (cause == CHANGED_MIND) & dear
    condition = np.where(worn, _WORN, noise.choice("condition", shares, key, sku))
    return pd.DataFrame(
        {
            "return_id": numbered("r", lines.number[rows], 8),
            "line_id": line_ids(lines.number[rows]),
            "quantity": lines.quantity[rows],
            "requested_at": moments(requested[rows]),
            "received_at": moments(received[rows]),
            "reason": _stated_reasons(cause, noise, key, sku),
            "condition": picked(_CONDITIONS, condition),
            "disposition": picked(_DISPOSITIONS, condition),
            "refund": _cents(paid),
            "recovered_value": _cents(np.rint(paid / (1 + VAT) * np.array(world.recovery.recovered)[condition])),
        }
    )


def _early(u: Floats) -> Floats:
    """Sooner rather than later: the quantiles of a Kumaraswamy(1.4, 2.4) distribution (Kumaraswamy 1980), much like a beta's."""
    return np.asarray((1 - (1 - u) ** (1 / 2.4)) ** (1 / 1.4))


def _stated_reasons(cause: Ints, noise: Noise, key: Keys, sku: Ints) -> Texts:
    """What the customer ticks: mostly the cause; some say only "size", "damaged" or "other", and 2 % nothing (guess)."""
    reason, roll = named(CAUSES, cause), noise.uniform("ticks", key, sku)
    reason[(cause <= TOO_LARGE) & (roll < 0.08)] = "size"
    reason[(cause == QUALITY) & (roll < 0.2)] = "damaged"
    reason[roll > 0.95] = "other"
    return blank_unless(roll <= 0.98, reason)


def _cents(amounts: Ints | Floats) -> pd.Series:
    return pd.Series(amounts.astype("int64")).astype("Int64")
