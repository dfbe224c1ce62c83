"""A policy at work: what it knows in the morning, what it says of the day's offers, and what it remembers of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from domain.known import known_since
from domain.tables import Tables
from experiments.demo_shop.arrays import Floats, Ints, moments
from experiments.demo_shop.history import Shop, State
from experiments.demo_shop.orders import Day
from experiments.simulation.learning import Log
from experiments.simulation.policies import Contender, Knows
from experiments.simulation.serving_day import Found, Known, Ranking, by_models, by_popularity, by_truth
from experiments.simulation.truth import Worth
from features.snapshot import Snapshot, load_snapshot
from features.taking import take_snapshot
from serving.assortment import Product
from serving.stock_prices import Views, stock_prices

if TYPE_CHECKING:  # the loop builds arms, and an arm asks its loop
    from experiments.simulation.loop import Morning, Past, Simulation

_HAPPENS = {"events": "at", "returns": "requested_at", "preferences": "stated_at", "consents": "at"}

_POPULAR_DAYS, _POPULAR_PRIOR = 30, 50.0
"""A style's orders per view are taken over so many days, and drawn towards the average as if it had been shown so often before."""


class Arm:
    """A policy in a simulation."""

    def __init__(self, simulation: Simulation, contender: Contender, past: Past) -> None:
        self._simulation, self._contender, self._past = simulation, contender, past
        policy = simulation.policy
        self._policy = replace(policy, ranking=replace(policy.ranking, objective=contender.objective))
        self._models = simulation.learned(contender) if contender.learns else {}
        self._logs: list[Log] = []
        self._snapshot: Snapshot | None = None
        self._popular: Floats | None = None
        self._views: Views | None = None
        self._prices: Mapping[str, int] = {}

    def wake(self, morning: Morning, state: State) -> None:
        """Take the night's snapshot and the stock prices; now and then, learn from what has matured."""
        plan, day = self._simulation.plan, morning.number
        self._prices = self._priced(state)
        if self._contender.knows == "popularity":
            self._popular = _popular(self._simulation.shop, self._past, day)
        if not self._contender.learns:
            return
        if day > plan.first and (day - plan.first) % plan.retrain_days == 0:
            log = sum(self._logs, self._simulation.log())
            tables = self._past.known(self._simulation.shop.begins(day))
            self._models = self._simulation.learn(self._contender, log, tables, day)
        self._snapshot = _snapshot(self._simulation, self._past, day)

    def know(self, morning: Morning, found: Found, worth: Worth) -> Known:
        """What the policy says of the offers that were found."""
        shop = self._simulation.shop
        if self._popular is not None:
            return by_popularity(shop, found, self._popular)
        if self._snapshot is not None:
            since = _since_midnight(self._simulation, self._past, morning.number)
            said = by_models(shop, morning.visits, found, self._snapshot, since, self._models)
            return _corrected(said, by_truth(found, worth), self._contender.knows)
        return by_truth(found, worth)

    def ranking(self, products: Mapping[str, Product]) -> Ranking:
        """By which rules `serving.decide` ranks for it."""
        return Ranking(self._contender.name, self._policy, products, self._prices)

    def remember(self, day: Day, found: Found, known: Known, worth: Worth, bonus: Ints) -> None:
        """Keep what was asked, to price the stock with, and the features of what was shown, to learn from."""
        worths = worth.margin[found.row, found.slot] - known.p_return * worth.at_stake[found.row, found.slot] + bonus[found.row]
        there = found.units > 0
        self._views = Views(found.row[there], found.sku[there], known.p_order[there], worths[there])
        if known.inputs is None:
            return
        width = day.visits.styles.shape[1]
        row, position = np.nonzero(day.shown.offered)
        place = pd.Index(found.row * width + found.slot).get_indexer(pd.Index(row * width + day.shown.slot[row, position]))
        told = self._past.days[-1]["impressions"]
        self._logs.append(Log.of(told, known.inputs.iloc[place].reset_index(drop=True)))

    def _priced(self, state: State) -> Mapping[str, int]:
        """Prices of skus that nobody refills, from yesterday's visits."""
        days = self._policy.ranking.stock_days
        if self._views is None or self._contender.objective == "conversion" or days == 0:
            return {}
        supply = np.where(state.stock.scarce, state.stock.units, np.inf)
        looks, seen = self._policy.ranking.attention_per_position, self._simulation.plan.shop.world.visits.shown
        prices = stock_prices(self._views, supply, share=1 / days, attention=looks, seen=seen)
        return {str(self._simulation.shop.assortment.skus[sku]): int(prices[sku]) for sku in np.flatnonzero(prices)}


def _corrected(said: Known, true: Known, knows: Knows) -> Known:
    """What models say, with what the policy knows for true in its place."""
    p_order = true.p_order if knows == "true_orders" else said.p_order
    p_return = true.p_return if knows == "true_returns" else said.p_return
    return Known(p_order, p_return, said.inputs)


def _snapshot(simulation: Simulation, past: Past, day: int) -> Snapshot:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "snapshot"
        take_snapshot(simulation.seen(past, day), folder)
        return load_snapshot(folder)


def _since_midnight(simulation: Simulation, past: Past, day: int) -> Tables:
    """What becomes known on a day, as far as it does not hang on what is shown that day: what the service would be told with requests."""
    begins, ends = (moments(np.array([simulation.shop.begins(one)]))[0] for one in (day, day + 1))
    told = {}
    for name, happened in _HAPPENS.items():
        frame = past.every(name)
        known = known_since(frame, happened) if "known_at" in frame.columns else frame[happened]
        told[name] = frame[known.between(begins, ends, inclusive="left")]
    lines = past.every("order_lines")
    told["order_lines"] = lines[lines["line_id"].isin(told["returns"]["line_id"])]
    return {name: frame.reset_index(drop=True) for name, frame in told.items()}


def _popular(shop: Shop, past: Past, day: int) -> Floats:
    """Orders per view of each style lately, drawn towards the average."""
    shown = past.every("impressions")
    recent = shown[shown["at"] >= moments(np.array([shop.begins(day - _POPULAR_DAYS)]))[0]]
    style = shop.assortment.sku_style[pd.Index(shop.assortment.skus).get_indexer(pd.Index(recent["sku"]))]
    ordered = recent["line_id"].notna().to_numpy().astype("float64")
    styles = len(shop.assortment.style_ids)
    orders, views = np.bincount(style, ordered, minlength=styles), np.bincount(style, minlength=styles)
    return np.asarray((orders + _POPULAR_PRIOR * ordered.mean()) / (views + _POPULAR_PRIOR))
