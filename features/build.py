"""The one door to every model's inputs: asked-for rows in, features out, as of each row's own time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain import outcomes, sizes
from domain.errors import FeaturesRefused
from features import arithmetic, clock, consent, cross_features, entities, history_features, profile_features
from features import asked as asked_rows
from features import declared as declarations
from features import facts as happened
from features import histories as histories_sql
from features import shop as shops
from features.asked import asked_numbers, require_asked
from features.catalogue import Feature, Inputs, feature_set_hash
from features.clock import days
from features.consent import granted
from features.cross_features import cross
from features.declared import MEASUREMENTS
from features.entities import ENTITIES, Entity
from features.facts import KEYS, facts, subjects
from features.histories import history_columns, run
from features.history_features import history
from features.profile_features import profile
from features.shop import Shop

FEATURES: tuple[Feature, ...] = (*history.features, *profile.features, *cross.features)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURE_SET_HASH = feature_set_hash(
    [
        outcomes,
        sizes,
        arithmetic,
        asked_rows,
        clock,
        consent,
        declarations,
        entities,
        happened,
        histories_sql,
        history_features,
        profile_features,
        cross_features,
        shops,
        sys.modules[__name__],
    ]
)
"""A release carries it, and is refused where it differs: the models would be fed something else than they learned."""

Track = Callable[[Iterable[Entity]], Iterable[Entity]]
"""Wraps the loop over entities, to show progress."""


def build(shop: Shop, asked: pd.DataFrame, *, history_day: int | None = None, track: Track = iter) -> pd.DataFrame:
    """The features of each asked-for row, from facts that were known before it.

    Histories hold what was known before the row's day (UTC), declarations and consents what was known before its moment.

    Args:
        shop: the shop's tables and outcomes.
        asked: rows as `features.asked.ASKED` says; their index is ignored.
        history_day: take every row's histories as they stood on this day (since 1970-01-01) instead of on the row's own; for
            experiments that leave time out of account.
        track: wraps the loop over entities, to show progress.

    Returns:
        One row per asked-for row in their order, one float64 column per entry of `FEATURES`; NaN is missing.

    Raises:
        FeaturesRefused: the asked-for rows are not as `ASKED` says, or ask about a time after the shop's `now`.
    """
    require_asked(asked)
    if (asked["at"] > shop.now).any():
        raise FeaturesRefused(
            f"rows ask about {asked['at'].max():%Y-%m-%d %H:%M}", expected=f"times up to the shop's now, {shop.now:%Y-%m-%d %H:%M}"
        )
    about = subjects(shop.tables, asked["customer_id"], asked["sku"], asked["at"], asked["country"])
    day = days(asked["at"]) if history_day is None else np.full(len(asked), history_day, dtype="int64")
    spine = about[list(KEYS)].assign(day=day, row_number=np.arange(len(asked)))
    histories = _histories(facts(shop), spine, track)
    present = {name for name in shop.tables if shop.has(name)}
    allowed = granted(shop.tables.get("consents"), asked["customer_id"], asked["at"])
    given = {"day": day.astype("float64"), **asked_numbers(asked)}
    given |= {name: about[name].to_numpy(dtype="float64") for name in (*MEASUREMENTS, "size_position")}
    return assemble({**histories, **given}, present, allowed)


def assemble(inputs: Inputs, present: set[str], allowed: Mapping[str, npt.NDArray[np.bool_]]) -> pd.DataFrame:
    """Apply every formula: the same code for training rows and for the service.

    Args:
        inputs: every history (`features.histories.history_columns`), measurement and asked-for number of each row, and its day.
        present: names of the tables of which the shop has facts; features of other tables are missing.
        allowed: per consent purpose, which rows' customers granted it; features of other purposes are missing.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {feature.name: _one(feature, inputs, present, allowed) for feature in FEATURES}
    return pd.DataFrame(columns)


def _one(feature: Feature, inputs: Inputs, present: set[str], allowed: Mapping[str, npt.NDArray[np.bool_]]) -> npt.NDArray[np.float64]:
    values = feature.formula(inputs)
    if not present.issuperset(feature.tables):
        return np.full_like(values, np.nan)
    return np.where(allowed[feature.purpose], values, np.nan) if feature.purpose in allowed else values


def _histories(all_facts: pd.DataFrame, spine: pd.DataFrame, track: Track) -> Inputs:
    rows = pd.RangeIndex(len(spine))
    found: dict[str, npt.NDArray[np.float64]] = {}
    with duckdb.connect() as connection:
        connection.register("facts", all_facts)
        connection.register("asked", spine)
        for entity in track(ENTITIES):
            frame = run(entity, connection).reindex(rows)
            found |= {name: frame[name].to_numpy() for name in history_columns(entity)}
    return found
