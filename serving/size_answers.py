"""What a shopper might answer if asked for her height, her weight or her usual size: what others have told the shop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from features.catalogue import Values
from features.keyed import hash_few
from features.people import NUMBERS
from features.persons import BODY
from features.snapshot import Snapshot
from features.told import STATED_SIZE
from serving.size_advice import Chance

BODIES = (("height_cm", "weight_kg"), ("height_cm",), ("weight_kg",), ("bust_band_in", "bust_cup"))
"""Measurements that one question asks for together."""

_ANSWERS = 5
"""Answers that stand for all: those at 10, 30, 50, 70 and 90 % of what was declared."""

Said = tuple[tuple[float, Mapping[str, str]], ...]
"""The share of shoppers that give each answer, and the answer, by attribute."""

Answers = Mapping[tuple[str, ...], Said]
"""What is said, by what is asked for."""

_FEATURE = {
    "height_cm": "customer_height_cm",
    "weight_kg": "customer_weight_kg",
    "bust_band_in": "customer_bust_band",
    "bust_cup": "customer_bust_cup",
}


def declared(inputs: Mapping[str, Values], category: str) -> frozenset[str]:
    """What the shopper has declared and lets the shop use, of what can be asked for, as the features of the sizes tell it."""
    features = {**_FEATURE, STATED_SIZE + category: "size_vs_stated"}
    return frozenset(said for said, feature in features.items() if feature in inputs and not np.isnan(inputs[feature]).all())


def may_be_asked(snapshot: Snapshot, customer_id: str | None) -> bool:
    """Whether a shopper may be asked for measurements: everybody but an account that does not allow their use."""
    if customer_id is None:
        return True
    hashed = hash_few([customer_id])
    return snapshot.people.one(hashed).allowed[BODY] or not snapshot.people.has(hashed)


def answers(snapshot: Snapshot, category: str, known: frozenset[str], chances: tuple[Chance, ...]) -> Answers:
    """Every question that the shopper has not answered yet, and what she might say.

    Measurements are what consenting customers declared, the usual size is as likely as the size to be ordered.
    """
    found = {asked: told for asked, told in _measured(snapshot).items() if not known & set(asked)}
    usual = STATED_SIZE + category
    sizes = tuple((one.likely, {usual: one.size}) for one in chances if one.likely)
    return found if usual in known or not sizes else {**found, (usual,): sizes}


@lru_cache(maxsize=1)
def _measured(snapshot: Snapshot) -> Answers:
    """Answers of real customers, evenly spread over those that declared all of it, by the last of the attributes.

    A snapshot does not change, and sorting its customers would take longer than the rest of a reply.
    """
    found: dict[tuple[str, ...], Said] = {}
    for asked in BODIES:
        numbers = np.asarray(snapshot.people.numbers[:-1, [NUMBERS.index(name) for name in asked]])
        told = numbers[~np.isnan(numbers).any(axis=1)]
        if len(told) >= _ANSWERS:
            at = ((np.arange(_ANSWERS) + 0.5) / _ANSWERS * len(told)).astype("int64")
            rows = told[np.lexsort(told.T)][at].tolist()
            found[asked] = tuple((1.0 / _ANSWERS, dict(zip(asked, map(_written, row), strict=True))) for row in rows)
    return found


def _written(number: float) -> str:
    return f"{number:.10g}"
