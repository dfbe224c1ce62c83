"""How orders are paid and when they arrive: in one to four days as promised, sometimes days late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, moments, numbered, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.people import COUNTRIES, PAYMENTS, People

LATE_SHARE = np.array([0.07, 0.09, 0.08, 0.15])
"""Share of late orders by country (guess)."""

DAYS_LATE = np.arange(6)
_LATE_BY = np.array([0.40, 0.25, 0.18, 0.10, 0.07])
"""Of the late orders, the share that is 1, 2, … 5 days late (guess)."""

_PROMISED_DAYS = np.array([3, 4, 4, 4])
"""Days from order to promise, by country (guess); what is in time comes a day after the order at the earliest."""


@dataclass(frozen=True)
class Deliveries:
    """One entry per line: promise and arrival in seconds since 1970; whole days late."""

    promised: Ints
    delivered: Ints
    days_late: Ints


def lateness_shares(country: Ints) -> Floats:
    """(rows, 6): the probabilities of being 0, 1, … 5 days late."""
    late = LATE_SHARE[country][:, None]
    return np.hstack([1 - late, late * _LATE_BY])


def draw_deliveries(lines: Lines, people: People, noise: Noise) -> Deliveries:
    """When each line arrives; lines of one order come together."""
    country = people.country[lines.customer]
    days_late = noise.choice("days late", lateness_shares(country), lines.key)
    promised = lines.when + _PROMISED_DAYS[country] * DAY
    in_time = lines.when + DAY + noise.uniform("in time", lines.key) * (_PROMISED_DAYS[country] - 1) * DAY
    return Deliveries(promised, np.where(days_late > 0, promised + days_late * DAY, in_time).astype(np.int64), days_late)


def line_ids(number: Ints, known: Flags | None = None) -> pd.Series:
    """Ids of order lines of these numbers; empty where not `known`."""
    return numbered("l", number, 8, known)


def order_lines_table(people: People, assortment: Assortment, lines: Lines, deliveries: Deliveries) -> pd.DataFrame:
    """The order_lines table."""
    return pd.DataFrame(
        {
            "line_id": line_ids(lines.number),
            "order_id": numbered("o", lines.visit, 7),
            "customer_id": picked(people.ids, lines.customer),
            "sku": picked(assortment.skus, lines.sku),
            "ordered_at": moments(lines.when),
            "promised_at": moments(deliveries.promised),
            "delivered_at": moments(deliveries.delivered),
            "channel": picked(("web", "app"), lines.in_app.astype(np.int64)),
            "country": picked(COUNTRIES, people.country[lines.customer]),
            "payment_method": picked(PAYMENTS, lines.payment),
            "quantity": lines.quantity,
            "unit_price": lines.unit_price,
            "discount": lines.discount,
            "currency": "EUR",
        }
    )
