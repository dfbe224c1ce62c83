"""When customers order: busier on Sundays and before winter, and soon after joining."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Floats, Ints
from experiments.demo_shop.people import People
from experiments.demo_shop.settings import ShopSettings

_WEEKDAYS = np.array([1.06, 1.0, 0.98, 0.97, 0.92, 0.93, 1.14])
"""Relative demand Monday to Sunday (guess)."""

_ORDERS_AT_ONCE = 0.8
"""Share of new customers who order within hours of joining (guess)."""


@dataclass(frozen=True)
class Visits:
    """Who came to the shop and when, in order of time: `customer` (index) and `when` (seconds since 1970)."""

    customer: Ints
    when: Ints


def draw_orders(settings: ShopSettings, people: People, rng: np.random.Generator) -> Visits:
    """The visits that end in an order."""
    usual = draw_visits(settings, people, 1.0, rng)
    new = np.flatnonzero((people.joined >= settings.start) & (rng.random(settings.customers) < _ORDERS_AT_ONCE))
    first = people.joined[new] + 600 + rng.exponential(7_200, len(new)).astype(np.int64)
    return _sorted(settings, np.concatenate([usual.customer, new]), np.concatenate([usual.when, first]))


def draw_visits(settings: ShopSettings, people: People, per_order: float, rng: np.random.Generator) -> Visits:
    """Poisson visits, `per_order` times as many as orders, at each customer's own rate, shaped by week and year."""
    demand = np.concatenate([[0.0], np.cumsum(_daily_demand(settings))])
    joined_day = np.clip((people.joined - settings.start) // DAY + 1, 0, settings.days - 1)
    exposure = demand[-1] - demand[joined_day]
    visits = rng.poisson(per_order * people.orders_per_day * exposure)
    customer = np.repeat(np.arange(settings.customers), visits)
    drawn = demand[joined_day[customer]] + rng.random(len(customer)) * exposure[customer]
    day = np.clip(np.searchsorted(demand, drawn, side="right") - 1, 0, settings.days - 1)
    second = (rng.beta(4.0, 2.2, len(customer)) * (DAY - 1)).astype(np.int64)
    return _sorted(settings, customer, settings.start + day * DAY + second)


def _daily_demand(settings: ShopSettings) -> Floats:
    days = pd.to_datetime(settings.start + np.arange(settings.days) * DAY, unit="s")
    year = 1 + 0.18 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 330) / 365)
    return np.asarray(_WEEKDAYS[days.day_of_week.to_numpy()] * year)


def _sorted(settings: ShopSettings, customer: Ints, at: Ints) -> Visits:
    within = at < settings.end
    order = np.lexsort((customer[within], at[within]))
    return Visits(customer[within][order].astype(np.int64), at[within][order].astype(np.int64))
