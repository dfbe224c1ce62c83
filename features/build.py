"""The one door to every model's inputs: asked-for rows in, features out, as of each row's own time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from domain.errors import FeaturesRefused
from features.asked import NUMBERS, require_asked
from features.assembly import assemble
from features.assortment import Assortment, Offers
from features.catalogue import Inputs, Values
from features.clock import day_starts, days, micros
from features.coded import Coded, coded
from features.engine import Embedded, Engine, Source, embedded
from features.entities import Wanted
from features.fact_text import OF_A_PERSON, Kind, Said
from features.facts import kinds
from features.feature_set import FEATURE_NAMES as FEATURE_NAMES
from features.feature_set import FEATURE_SET_HASH as FEATURE_SET_HASH
from features.feature_set import FEATURES as FEATURES
from features.feature_set import existing, needed
from features.histories import ASKED_KEYS, asked_keys_sql, history_sql, read_of
from features.moves import moves, today
from features.persons import OWN, Ints, Persons, nightly, persons, texts, where
from features.prefix_sums import summed, summing
from features.relations import give, skus
from features.shop import Shop
from features.stored import AnyShop
from features.told import Told

Track = Callable[[Iterable[Wanted]], Iterable[Wanted]]
"""Wraps the loop over entities, to show progress."""

Progress = Callable[[Iterable[Any], str], Iterable[Any]]
"""Wraps a loop, with a sentence on what it does."""


def build(
    shop: Shop, asked: pd.DataFrame, *, history_day: int | None = None, track: Track = iter, engine: Engine | None = None
) -> pd.DataFrame:
    """The features of each asked-for row, from facts that were known before it.

    Histories hold what was known before the row's day (on the shop's clock); what the customer did, declared and decided on the day
    itself counts up to the row's moment.

    Args:
        shop: the shop's tables and outcomes.
        asked: rows as `features.asked.ASKED` says; their index is ignored.
        history_day: take every row's histories as they stood on this day (since 1970-01-01) instead of on the row's own; for
            experiments that leave time out of account.
        track: wraps the loop over entities, to show progress.
        engine: sum the histories in SQL, there; by default they are summed in memory (`features.prefix_sums`), with the same result.

    Returns:
        One row per asked-for row in their order, one float64 column per feature that the shop has the tables for; NaN is missing.

    Raises:
        FeaturesRefused: the asked-for rows are not as `ASKED` says, or ask about a time after the shop's `now`.
    """
    require_asked(asked)
    if (asked["at"] > shop.now).any():
        raise FeaturesRefused(
            f"rows ask about {asked['at'].max():%Y-%m-%d %H:%M}", expected=f"times up to the shop's now, {shop.now:%Y-%m-%d %H:%M}"
        )
    background = Background.of(shop)
    rows = rows_of(background, asked, moves(shop.tables))
    features = existing(shop.present)
    day = rows.day if history_day is None else np.full(len(asked), history_day, dtype="int64")
    histories = histories_of(shop, background.told, needed(features), spine(rows, day), track=track, engine=engine)
    return assemble(features, {**histories, **rows.inputs(day)}, rows.persons.allowed)


@dataclass(frozen=True, eq=False)
class Background:
    """What rows are looked up in, besides histories and moves.

    Attributes:
        told: what customers told the shop.
        assortment: the shop's products.
        zone: the time zone of the shop's clock.
    """

    told: Told
    assortment: Assortment
    zone: str

    @classmethod
    def of(cls, shop: AnyShop) -> Background:
        """Read it from a shop."""
        return cls(Told.of(shop.tables), Assortment(shop.tables["products"], pictured="products.looks" in shop.present), shop.zone)


@dataclass(frozen=True, eq=False)
class Rows:
    """Asked-for rows with what is known of their sku, their customer and their day.

    Attributes:
        asked: the rows.
        offers: what is known of their skus.
        persons: what is known of their customers.
        day, at_us, midnight_us: when, on the shop's clock and in UTC microseconds.
        moves: the inputs of the today family.
    """

    asked: pd.DataFrame
    offers: Offers
    persons: Persons
    day: Ints
    at_us: Ints
    midnight_us: Ints
    moves: Inputs

    def inputs(self, day: Ints) -> dict[str, Values]:
        """Everything that formulas read but histories."""
        given = {name: self.asked[name].to_numpy(dtype="float64") for name in NUMBERS}
        times = {"day": day, "at_us": self.at_us, "midnight_us": self.midnight_us}
        promised = micros_or_missing(self.asked["promised_at"])
        return {
            **given,
            **{name: values.astype("float64") for name, values in times.items()},
            "promised_us": promised,
            **self.offers.inputs,
            **self.persons.inputs,
            **self.moves,
        }


def rows_of(background: Background, asked: pd.DataFrame, done: pd.DataFrame) -> Rows:
    """Look up what is known of asked-for rows besides histories.

    Args:
        background: what to look them up in.
        asked: the rows.
        done: what customers did, as `features.moves.moves` returns it: at least on the days of the rows.
    """
    offers = background.assortment.look_up(texts(asked["sku"]).tolist())
    day, at_us = days(asked["at"], background.zone), micros(asked["at"])
    midnight_us = midnights(day, background.zone)
    about = pd.DataFrame({"customer_id": asked["customer_id"].to_numpy(), "category": offers.keys["category"]}, dtype="str")
    night = nightly(background.told, about, midnight_us)
    known = persons(night, background.told, about, at_us, midnight_us)
    known = known.with_customers(where(night.allowed[OWN], texts(asked["customer_id"]), None))
    return Rows(
        asked=asked,
        offers=offers,
        persons=known,
        day=day,
        at_us=at_us,
        midnight_us=midnight_us,
        moves=today(done, background.assortment, asked["customer_id"], offers, at_us, midnight_us),
    )


def midnights(day: Ints, zone: str) -> Ints:
    """The first moment of each day, UTC microseconds."""
    if not len(day):
        return day
    first = int(day.min())
    return day_starts(first, int(day.max()), zone)[day - first]


def micros_or_missing(moments: pd.Series) -> Values:
    """UTC microseconds, missing where the moment is."""
    found = np.full(len(moments), np.nan)
    known = moments.notna().to_numpy()
    found[known] = micros(moments[known])
    return found


def spine(rows: Rows, day: Ints, *, first: int = 0) -> pa.Table:
    """The relation `asked` of the portable SQL: row_number (from `first` on), day and the keys that do not follow from the sku."""
    keys = {name: texts(rows.asked[name]) for name in ("sku", "country", "channel", "payment_method")}
    keys |= {name: rows.persons.keys[name] for name in ("customer_id", *OF_A_PERSON)}
    columns = {name: pa.array(values, type=pa.string()) for name, values in keys.items()}
    return pa.table({"row_number": np.arange(first, first + len(day)), "day": day, **columns})


def histories_of(
    shop: AnyShop, told: Told, plan: tuple[Wanted, ...], asked: pa.Table, *, track: Track = iter, engine: Engine | None = None
) -> Inputs:
    """Every history of every asked-for row.

    Args:
        shop: the shop.
        told: what its customers told it.
        plan: which histories.
        asked: the rows, as `spine` gives them.
        track: wraps the loop over entities, to show progress.
        engine: where they are summed in SQL; by default they are summed in memory.
    """
    if engine is not None:
        return _summed_in_sql(engine, shop, told, plan, asked, track)
    with embedded() as here:
        facts = numbered_facts(here, give(here, shop, told), plan, asked, skus(shop.tables["products"]))
    found: dict[str, Values] = {}
    with summing(plan, lambda one: summed(one, facts)) as result:
        for one in track(plan):
            found |= {column: result(one).column(name) for name, column in zip(one.names, one.columns, strict=True)}
    return found


def _summed_in_sql(engine: Engine, shop: AnyShop, told: Told, plan: tuple[Wanted, ...], asked: pa.Table, track: Track) -> Inputs:
    facts = define_facts(engine, give(engine, shop, told), plan)
    engine.give("asked", asked)
    engine.define(ASKED_KEYS, asked_keys_sql())
    found: dict[str, Values] = {}
    for one in track(plan):
        found |= aligned(one, engine.fetch(history_sql(one, facts)), len(asked))
    return found


def numbered_facts(engine: Embedded, said: Said, plan: Sequence[Wanted], asked: Source, inherited: pd.DataFrame) -> Coded:
    """The facts that histories are made of, and the rows they are asked for, as numbers.

    Args:
        engine: where the shop's relations are known.
        said: the shop's words.
        plan: which histories.
        asked: the rows, as `spine` gives them.
        inherited: what rows inherit from their sku, as `features.relations.skus` says.
    """
    facts = define_facts(engine, said, plan)
    engine.give("asked", asked)
    return coded(engine, facts, plan, inherited)


def define_facts(engine: Engine, said: Said, plan: Sequence[Wanted]) -> tuple[Kind, ...]:
    """Compute every kind of facts once, as far as histories read them."""
    found = read_of(kinds(said), plan)
    for kind in found:
        engine.define(kind.name, kind.select)
    return found


def aligned(wanted: Wanted, found: pa.Table, rows: int, *, first: int = 0) -> dict[str, Values]:
    """Each history by row number (from `first` on); missing where a key is unknown."""
    at = found["row_number"].to_numpy() - first
    columns = {}
    for name, column in zip(wanted.names, wanted.columns, strict=True):
        columns[column] = np.full(rows, np.nan)
        columns[column][at] = found[name].to_pandas().to_numpy(dtype="float64")
    return columns
