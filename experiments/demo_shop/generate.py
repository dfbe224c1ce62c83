"""Runs the made-up shop from its first customer to its last evening and hands over its tables, and the truth behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.contract import checked
from experiments.demo_shop.assortment import products_table
from experiments.demo_shop.declared import consents_table, customers_table, preferences_table
from experiments.demo_shop.history import Frames, Shop, State, Track, as_known, joined, logged_days
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.stock import stock_table
from experiments.demo_shop.truth import Truth

_LAST_COUNT = 3_600
"""Seconds before the end: the last evening's count of the stock."""


@dataclass(frozen=True)
class DemoShop:
    """A shop's tables, as the data contract wants them, and the truth that no shop knows."""

    tables: dict[str, pd.DataFrame]
    truth: Truth


def generate(settings: ShopSettings, *, track: Track = iter) -> DemoShop:
    """Make the shop; the same settings give the same shop.

    Args:
        settings: which.
        track: wraps the loop over days, to show progress.

    Raises:
        domain.violations.ContractBroken: the tables break the data contract.
    """
    shop = Shop.of(settings)
    state = State.of(shop)
    days = list(logged_days(shop, state, track(range(settings.days))))
    told = {**standing_tables(shop), **joined(days)}
    truth = told.pop("truth")
    last = stock_table(shop.assortment, state.stock.units, settings.end - _LAST_COUNT)
    known = as_known({**told, "stock": pd.concat([told["stock"], last], ignore_index=True)}, settings.end)
    end = dt.datetime.fromtimestamp(settings.end, tz=dt.UTC)
    return DemoShop(checked(known, now=end), Truth(truth, shop))


def standing_tables(shop: Shop) -> Frames:
    """Tables that do not come from visits: goods, accounts, and what customers declare and allow."""
    settings = shop.settings
    rng = np.random.default_rng([settings.seed, 4])
    return {
        "products": products_table(settings, shop.assortment, np.random.default_rng([settings.seed, 5])),
        "customers": customers_table(shop.people),
        "preferences": preferences_table(settings, shop.people, rng),
        "consents": consents_table(settings, shop.people, rng),
    }
