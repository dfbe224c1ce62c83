"""What may be known of one shopper: what the night's state holds, and what she declared and decided since.

The same as `features.persons` says of rows, for one customer at one moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from domain.sizes import size_positions
from domain.tables import CONSENT_PURPOSES
from features.asking import Day, Stated
from features.catalogue import Values
from features.consent import SERVICE
from features.keyed import Hashes
from features.people import People
from features.persons import OWN
from features.told import HEIGHT_BAND_CM, LARGEST, MEASUREMENTS, STATED_SIZE, WEIGHT_BAND_KG

_NO_DAY_US = -1


@dataclass(frozen=True, eq=False)
class Shopper:
    """One shopper.

    Attributes:
        purposes: what may be known: "service", and what she consents to.
        past: whether her history may be looked up: she had consented to it at midnight.
        numbers: the declared measurements, needed_us and joined_us; NaN is missing.
        keys: occasion and body bands, as texts.
        sizes: position of the usual size in each category, stated since midnight; NaN where it has none.
    """

    purposes: frozenset[str]
    past: bool
    numbers: Mapping[str, float]
    keys: Mapping[str, str | None]
    sizes: Mapping[str, float]


def shopper(people: People, customer: Hashes, day: Day) -> Shopper:
    """What may be known of a shopper.

    Args:
        people: the night's state.
        customer: the hash of the customer's id (1,); 0 for nobody.
        day: what was declared and decided since.
    """
    night = people.one(customer)
    numbers, occasion = dict(night.numbers), night.occasion
    latest = {one.attribute: one for one in sorted(day.statements, key=lambda one: one.us)}
    numbers |= {name: measured(latest[name].value) for name in MEASUREMENTS if name in latest}
    if "occasion" in latest:
        occasion, numbers["needed_us"] = latest["occasion"].value, _needed_us(latest["occasion"])
    granted = {purpose: day.allows(purpose) for purpose in CONSENT_PURPOSES}
    allowed = {purpose: night.allowed[purpose] if said is None else said for purpose, said in granted.items()}
    return Shopper(
        purposes=frozenset({SERVICE, *(purpose for purpose, may in allowed.items() if may)}),
        past=night.allowed[OWN],
        numbers=numbers,
        keys={
            "height_band": _band(numbers["height_cm"], HEIGHT_BAND_CM),
            "weight_band": _band(numbers["weight_kg"], WEIGHT_BAND_KG),
            "occasion": occasion,
        },
        sizes={name.removeprefix(STATED_SIZE): position(one.value) for name, one in latest.items() if name.startswith(STATED_SIZE)},
    )


@lru_cache(maxsize=4096)
def measured(value: str) -> float:
    """A declared number; NaN where the text is none, or no measurement."""
    number = float(pd.to_numeric(pd.Series([value], dtype="str"), errors="coerce").astype("float64").iloc[0])
    return number if 0.0 <= number <= LARGEST else math.nan


@lru_cache(maxsize=4096)
def position(size: str) -> float:
    """The position of a printed size (`domain.sizes`); NaN where it has none."""
    return float(size_positions(pd.Series([size], dtype="str"))[0])


def stated_sizes(people: People, customer: Hashes, categories: Hashes, stated: Mapping[str, float], names: Sequence[str | None]) -> Values:
    """Position of the usual size that the shopper stated for each row's category: since midnight, or before.

    Args:
        people: the night's state.
        customer: the hash of the customer's id (1,).
        categories: the hash of each row's category (n,).
        stated: what was stated since midnight, by category.
        names: each row's category (n,).
    """
    found = people.stated(customer, categories)
    for category, place in stated.items():
        found[np.array([name == category for name in names], dtype=bool)] = place
    return found


def _needed_us(occasion: Stated) -> float:
    return math.nan if occasion.needed_us in (None, _NO_DAY_US) else float(occasion.needed_us or 0)


def _band(value: float, width: float) -> str | None:
    return None if math.isnan(value) else str(math.floor(value / width))
