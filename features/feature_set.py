"""All features of all families, the hash that says what they mean, and the histories they need."""

from __future__ import annotations

from collections.abc import Iterable, Set
from pathlib import Path

from domain import known, looks, outcomes, sizes
from features import (
    arithmetic,
    assembly,
    assortment,
    clock,
    coded,
    consent,
    cross_features,
    entities,
    fact_text,
    facts,
    facts_of_orders,
    facts_of_words,
    habit_features,
    histories,
    history_features,
    looks_features,
    measures,
    moves,
    persons,
    prefix_sums,
    profile_features,
    relations,
    size_features,
    taste_features,
    today,
    today_features,
    today_looks,
    told,
    verdict_features,
)
from features import asked as asked_rows
from features.catalogue import Feature, feature_set_hash
from features.cross_features import cross
from features.entities import Wanted, wanted
from features.history_features import history
from features.measures import MEASURES
from features.profile_features import profile
from features.today_features import today as today_family

FEATURES: tuple[Feature, ...] = (*history.features, *profile.features, *cross.features, *today_family.features)
FEATURE_NAMES = tuple(feature.name for feature in FEATURES)
FEATURE_SET_HASH = feature_set_hash(
    [
        known,
        looks,
        outcomes,
        sizes,
        arithmetic,
        asked_rows,
        assembly,
        assortment,
        clock,
        coded,
        consent,
        cross_features,
        entities,
        fact_text,
        facts,
        facts_of_orders,
        facts_of_words,
        habit_features,
        histories,
        history_features,
        looks_features,
        measures,
        moves,
        persons,
        prefix_sums,
        profile_features,
        relations,
        size_features,
        taste_features,
        today,
        today_features,
        today_looks,
        told,
        verdict_features,
    ],
    Path(__file__).with_name("build.py"),  # which imports this module
)
"""A release carries it, and is refused where it differs: the models would be fed something else than they learned."""


def existing(present: Set[str]) -> tuple[Feature, ...]:
    """The features of a shop that has these tables and columns; the others are absent from its releases, by name."""
    return tuple(feature for feature in FEATURES if feature.exists(present))


def needed(features: Iterable[Feature]) -> tuple[Wanted, ...]:
    """The histories that features read."""
    return wanted(name for feature in features for name in feature.reads)


_UNKNOWN = sorted({measure for one in needed(FEATURES) for measure in one.measures} - set(MEASURES))
if _UNKNOWN:
    raise ValueError(f"features read {_UNKNOWN[0]!r}, which is no measure")
