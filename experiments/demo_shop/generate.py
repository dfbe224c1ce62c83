"""Runs the made-up shop from its first customer to its last evening and hands over its tables, and the truth behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.contract import checked
from experiments.demo_shop.assortment import draw_assortment, products_table
from experiments.demo_shop.browsing import events_table
from experiments.demo_shop.calendar import draw_orders
from experiments.demo_shop.complaints import tickets_table
from experiments.demo_shop.declared import consents_table, customers_table, preferences_table
from experiments.demo_shop.delivery import draw_deliveries, line_ids, order_lines_table
from experiments.demo_shop.keeping import draw_outcomes, truth_lines
from experiments.demo_shop.people import draw_people
from experiments.demo_shop.sending_back import returns_table
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import draw_lines
from experiments.demo_shop.stocktaking import stock_table
from experiments.demo_shop.telling import some_told_late, with_corrections
from experiments.demo_shop.truth import Truth
from experiments.demo_shop.verdicts import fit_feedback_table

_PARTS = (
    *("people", "assortment", "orders", "lines", "deliveries", "outcomes", "products", "returns", "verdicts", "events", "told", "stock"),
    *("tickets", "searches", "size views", "reconsidered", "late events", "late verdicts", "corrections"),
)
"""Each part draws from a stream of its own, so that a change to one leaves the others' draws alone; add new ones at the end."""


@dataclass(frozen=True)
class DemoShop:
    """A shop's tables, as the data contract wants them, and the truth that no shop knows."""

    tables: dict[str, pd.DataFrame]
    truth: Truth


def generate(settings: ShopSettings) -> DemoShop:
    """Make the shop; the same settings give the same shop.

    Raises:
        domain.violations.ContractBroken: the tables break the data contract.
    """
    streams = _streams(settings.seed)
    people = draw_people(settings, streams["people"])
    assortment = draw_assortment(settings, streams["assortment"])
    visits = draw_orders(settings, people, streams["orders"])
    lines = draw_lines(visits, people, assortment, streams["lines"])
    ids = line_ids(lines)
    deliveries = draw_deliveries(visits, people, streams["deliveries"])
    outcomes = draw_outcomes(lines, deliveries, people, assortment, streams["outcomes"])
    returns = returns_table(settings, lines, ids, deliveries, outcomes, streams["returns"])
    verdicts = fit_feedback_table(settings, people, assortment, lines, ids, deliveries, outcomes, streams["verdicts"])
    tables = {
        "products": products_table(settings, assortment, streams["products"]),
        "order_lines": order_lines_table(settings, people, assortment, lines, deliveries),
        "returns": with_corrections(settings, returns, ids, outcomes, streams["corrections"]),
        "customers": customers_table(people),
        "fit_feedback": some_told_late(settings, verdicts, "given_at", streams["late verdicts"]),
        "events": events_table(settings, people, assortment, lines, streams),
        "preferences": preferences_table(settings, people, streams["told"]),
        "stock": stock_table(settings, assortment, lines, streams["stock"]),
        "tickets": tickets_table(settings, assortment, lines, ids, deliveries, outcomes, streams["tickets"]),
        "consents": consents_table(settings, people, streams["told"]),
    }
    end = dt.datetime.fromtimestamp(settings.end, tz=dt.UTC)
    return DemoShop(checked(tables, now=end), Truth(truth_lines(lines, deliveries, outcomes, people, assortment), people, assortment))


def _streams(seed: int) -> dict[str, np.random.Generator]:
    seeds = np.random.SeedSequence(seed).spawn(len(_PARTS))
    return {part: np.random.default_rng(one) for part, one in zip(_PARTS, seeds, strict=True)}
