"""How orders are paid and when they arrive: in one to four days as promised, sometimes days late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Floats, Ints, Texts, draw, ids, moments, named
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.calendar import Visits
from experiments.demo_shop.people import COUNTRIES, PAYMENTS, People
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines

LATE_SHARE = np.array([0.07, 0.09, 0.08, 0.15])
"""Share of late orders by country (guess)."""

DAYS_LATE = np.arange(6)
_LATE_BY = np.array([0.40, 0.25, 0.18, 0.10, 0.07])
"""Of the late orders, the share that is 1, 2, … 5 days late (guess)."""

_PROMISED_DAYS = np.array([3, 4, 4, 4])
"""Days from order to promise, by country (guess); what is in time comes a day after the order at the earliest."""


@dataclass(frozen=True)
class Deliveries:
    """One entry per order: payment (index), channel, and promise and arrival in seconds since 1970; whole days late."""

    payment: Ints
    channel: Texts
    promised: Ints
    delivered: Ints
    days_late: Ints


def lateness_shares(country: Ints) -> Floats:
    """(rows, 6): the probabilities of being 0, 1, … 5 days late."""
    late = LATE_SHARE[country][:, None]
    return np.hstack([1 - late, late * _LATE_BY])


def draw_deliveries(visits: Visits, people: People, rng: np.random.Generator) -> Deliveries:
    """Draw how every order is paid, where it is placed and when it arrives."""
    country = people.country[visits.customer]
    days_late = draw(rng, lateness_shares(country))
    promised = visits.when + _PROMISED_DAYS[country] * DAY
    in_time = visits.when + DAY + rng.random(len(country)) * (_PROMISED_DAYS[country] - 1) * DAY
    return Deliveries(
        payment=draw(rng, people.payment[visits.customer]),
        channel=np.where(rng.random(len(country)) < people.app[visits.customer], "app", "web").astype(object),
        promised=promised,
        delivered=np.where(days_late > 0, promised + days_late * DAY, in_time).astype(np.int64),
        days_late=days_late,
    )


def line_ids(lines: Lines) -> Texts:
    """Ids of the order lines, in their order."""
    return ids("l", len(lines.order), 6)


def order_lines_table(settings: ShopSettings, people: People, assortment: Assortment, lines: Lines, deliveries: Deliveries) -> pd.DataFrame:
    """The order_lines table; what is still on its way has no delivered_at."""
    delivered = deliveries.delivered[lines.order]
    return pd.DataFrame(
        {
            "line_id": line_ids(lines),
            "order_id": ids("o", len(deliveries.payment), 6)[lines.order],
            "customer_id": people.ids[lines.customer],
            "sku": assortment.skus[lines.sku],
            "ordered_at": moments(lines.when),
            "promised_at": moments(deliveries.promised[lines.order]),
            "delivered_at": moments(delivered, delivered < settings.end),
            "channel": deliveries.channel[lines.order],
            "country": named(COUNTRIES, people.country[lines.customer]),
            "payment_method": named(PAYMENTS, deliveries.payment[lines.order]),
            "quantity": lines.quantity,
            "unit_price": lines.unit_price,
            "discount": lines.discount,
            "currency": "EUR",
        }
    )
