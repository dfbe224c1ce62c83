"""Says how the features of one customer and one offer came about: their inputs, the facts behind those, and why a value is missing.

Everything comes from the same formulas, histories and facts as `features.build`, so an explanation and a value cannot disagree. A feature
whose purpose the customer does not allow is explained by that alone: what must not be used is not shown either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.errors import FeaturesRefused
from domain.tables import Tables
from features.asked import of_offers, require_asked
from features.assembly import assemble
from features.behind import Behind as Behind
from features.behind import Fact as Fact
from features.behind import Move as Move
from features.behind import facts_behind, moves_of_the_day
from features.build import Background, Rows, histories_of, rows_of, spine
from features.catalogue import Feature, Inputs
from features.catalogue import lacking as lacking_needs
from features.consent import SERVICE
from features.engine import Engine, embedded
from features.entities import Wanted
from features.feature_set import FEATURES, existing, needed
from features.histories import ASKED_KEYS
from features.missing import Keys, close_to, why_missing
from features.moves import moves
from features.relations import give
from features.shop import Shop
from features.told import Told


@dataclass(frozen=True)
class Explained:
    """How a feature came about.

    Attributes:
        feature: which.
        value: NaN is missing.
        inputs: what the formula read, in its order; nothing where the customer does not allow the feature's purpose.
        reason_missing: why there is no value, in words; None where there is one.
    """

    feature: Feature
    value: float
    inputs: Mapping[str, float]
    reason_missing: str | None


@dataclass(frozen=True)
class Why:
    """A feature with everything behind it.

    Attributes:
        explained: its value and inputs.
        histories: the facts behind each history it reads.
        moves: where it reads today's moves, those of the day that count, newest first.
    """

    explained: Explained
    histories: tuple[Behind, ...]
    moves: tuple[Move, ...]


def asked_offer(
    shop: Shop, customer_id: str, sku: str, *, at: dt.datetime | None = None, country: str | None = None, price: int | None = None
) -> pd.DataFrame:
    """One asked-for row: a unit of a sku, alone in the basket.

    Args:
        shop: the shop.
        customer_id: who; may be unknown to the shop.
        sku: what.
        at: when (UTC); by default the shop's `now`.
        country: market.
        price: minor units; by default the list price. What it lies below that is the discount.

    Raises:
        FeaturesRefused: the shop has no such sku, or the time is after its `now`.
    """
    products = shop.tables["products"]
    found = products[products["sku"] == sku]
    if found.empty:
        raise FeaturesRefused(
            f"no sku is called {sku!r}", expected=close_to(sku, products["sku"].tolist()) or "a sku of the shop's products"
        )
    moment = pd.Timestamp(at or shop.now).tz_convert("UTC").as_unit("us")
    if moment > shop.now:
        raise FeaturesRefused(f"{moment:%Y-%m-%d %H:%M} lies ahead", expected=f"a time up to the shop's now, {shop.now:%Y-%m-%d %H:%M} UTC")
    list_price = found["price"].to_numpy(dtype="float64", na_value=np.nan)
    paid = list_price if price is None else np.array([price], dtype="float64")
    offer = pd.DataFrame({"sku": [sku], "quantity": [1.0], "unit_price": paid, "discount": np.maximum(list_price - paid, 0.0)})
    return of_offers(products, offer, offer.iloc[:0], customer_id=customer_id, country=country, at=moment)


def knows_customer(tables: Tables, customer_id: str) -> bool:
    """Whether any table of the shop names the customer."""
    return any((frame["customer_id"] == customer_id).any() for frame in tables.values() if "customer_id" in frame.columns)


def lacking(shop: Shop, feature: Feature) -> tuple[str, ...]:
    """The tables and columns that a feature needs and the shop has no value in."""
    return lacking_needs(dict.fromkeys(feature.tables), shop.present)


def feature_of(shop: Shop, name: str) -> Feature:
    """The shop's feature of a name.

    Raises:
        FeaturesRefused: there is none, or the shop lacks a table or column it needs.
    """
    by_name = {feature.name: feature for feature in FEATURES}
    if name not in by_name:
        advice = "`keeprank features list` names them all"
        raise FeaturesRefused(f"no feature is called {name!r}", expected=close_to(name, by_name), advice=advice)
    if missing := lacking(shop, by_name[name]):
        raise FeaturesRefused(f"this shop has no {name}", expected=f"values in {', '.join(missing)}")
    return by_name[name]


def explain(shop: Shop, asked: pd.DataFrame, features: Iterable[Feature] | None = None) -> tuple[Explained, ...]:
    """How features of one asked-for row came about.

    Args:
        shop: the shop.
        asked: one row as `features.asked.ASKED` says.
        features: which; by default all that the shop has.

    Raises:
        FeaturesRefused: the row is not as `ASKED` says, or it is not one.
    """
    chosen = existing(shop.present) if features is None else tuple(features)
    with _asked(shop, asked, chosen) as asking:
        return asking.explained(chosen)


def why(shop: Shop, asked: pd.DataFrame, features: Sequence[Feature], *, limit: int | None = None) -> tuple[Why, ...]:
    """How features of one asked-for row came about, down to the facts.

    Args:
        shop: the shop.
        asked: one row as `features.asked.ASKED` says.
        features: which; the shop has them.
        limit: at most so many facts of a history; by default all.

    Raises:
        FeaturesRefused: the row is not as `ASKED` says, or it is not one.
    """
    with _asked(shop, asked, features) as asking:
        explained = asking.explained(features)
        facts = {one.history: one for one in asking.behind(explained, limit)}
        moves = asking.moves()
    return tuple(
        Why(one, tuple(facts[name] for name in one.inputs if name in facts), moves if any(map(_is_of_today, one.inputs)) else ())
        for one in explained
    )


def _is_of_today(name: str) -> bool:
    return name.startswith("today.")


@dataclass(frozen=True, eq=False)
class _Asking:
    """One asked-for row with its inputs, while an engine knows its keys."""

    engine: Engine
    shop: Shop
    told: Told
    rows: Rows
    plan: tuple[Wanted, ...]
    inputs: Inputs

    def behind(self, explained: Iterable[Explained], limit: int | None) -> tuple[Behind, ...]:
        wanted = {column for one in self.plan for column in one.columns}
        histories = {name: value for one in explained for name, value in one.inputs.items() if name in wanted}
        return facts_behind(self.engine, give(self.engine, self.shop, self.told, named=True), self.plan, histories, limit)

    @property
    def customer_id(self) -> str | None:
        found = self.rows.asked["customer_id"].iloc[0]
        return found if isinstance(found, str) else None

    def explained(self, features: Sequence[Feature]) -> tuple[Explained, ...]:
        values = assemble(features, self.inputs, self.rows.persons.allowed).iloc[0]
        keys: Keys = self.engine.fetch(f"SELECT * FROM {ASKED_KEYS}").to_pylist()[0]  # noqa: S608
        return tuple(self._explained(feature, float(values[feature.name]), keys) for feature in features)

    def _explained(self, feature: Feature, value: float, keys: Keys) -> Explained:
        if feature.purpose != SERVICE and not self.rows.persons.allowed[feature.purpose][0]:
            return Explained(feature, value, {}, f"no consent to {feature.purpose} at that time{self._if_unknown()}")
        inputs = {name: float(self.inputs[name][0]) for name in feature.reads}
        if not np.isnan(value):
            return Explained(feature, value, inputs, None)
        anonymous = feature.purpose != SERVICE and self.customer_id is None
        return Explained(feature, value, inputs, "nobody knows who the customer is" if anonymous else why_missing(feature, inputs, keys))

    def _if_unknown(self) -> str:
        known = self.customer_id is not None and knows_customer(self.shop.tables, self.customer_id)
        return "" if known else ": unknown customer"

    def moves(self) -> tuple[Move, ...]:
        return moves_of_the_day(self.shop, self.customer_id, int(self.rows.midnight_us[0]), int(self.rows.at_us[0]))


@contextmanager
def _asked(shop: Shop, asked: pd.DataFrame, features: Sequence[Feature]) -> Iterator[_Asking]:
    require_asked(asked)
    if len(asked) != 1:
        raise FeaturesRefused(f"{len(asked)} asked-for rows", expected="one")
    background, plan = Background.of(shop), needed(features)
    rows = rows_of(background, asked, moves(shop.tables))
    with embedded() as engine:
        histories = histories_of(shop, background.told, plan, spine(rows, rows.day), engine=engine)
        yield _Asking(engine, shop, background.told, rows, plan, {**histories, **rows.inputs(rows.day)})
