"""How much does one feature alone tell of the outcome? More than any honest input can, if the outcome leaked into its column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.build import Progress, build
from features.catalogue import Values
from features.shop import Shop
from training.model import CLASSES
from training.rows import KINDS, Rows, labelled
from training.telling import telling

MOST_ROWS = 20_000
"""So many labelled rows are enough, drawn from all of them."""

FEWEST = 10
"""A class with fewer rows is not asked about: chance alone can tell it from the others."""


@dataclass(frozen=True)
class Telling:
    """How well one feature tells one class of a model from the others.

    Attributes:
        kind: the model, "return" or "fit".
        feature: its name.
        of: the class it tells best.
        auc: 0.5 tells nothing, 1 everything, in whichever direction.
    """

    kind: str
    feature: str
    of: str
    auc: float


@dataclass(frozen=True)
class Told:
    """How much each feature tells of a model's label.

    Attributes:
        rows: how many labelled rows were looked at.
        features: each feature, most telling first; nothing where there are too few labels.
        skipped: why there is nothing; empty where there is.
    """

    rows: int
    features: tuple[Telling, ...]
    skipped: str = ""


def told(kind: str, shop: Shop, draw: np.random.Generator, progress: Progress) -> Told:
    """How much each feature tells of a model's label, on at most `MOST_ROWS` of its rows.

    Args:
        kind: "return" or "fit".
        shop: the shop.
        draw: draws the rows.
        progress: wraps the loop over features.
    """
    rows = labelled(kind, shop)
    if len(rows) > MOST_ROWS:
        rows = rows.at(np.sort(draw.choice(len(rows), size=MOST_ROWS, replace=False)))
    asked_about = _classes(rows)
    if not asked_about:
        return Told(len(rows), (), f"{len(rows):,} labelled rows; two classes with at least {FEWEST} rows each are needed")
    built = build(shop, rows.asked)
    found = [
        _best(kind, name, built[name].to_numpy(), rows.y, asked_about) for name in progress(built.columns, f"looking at {kind} labels")
    ]
    return Told(len(rows), tuple(sorted(found, key=lambda one: (-one.auc, one.feature))))


def told_by_all(shop: Shop, draw: np.random.Generator, progress: Progress) -> Mapping[str, Told]:
    """The same for every model."""
    return {kind: told(kind, shop, draw, progress) for kind in KINDS}


def _classes(rows: Rows) -> dict[str, int]:
    """The classes to ask about: of two, the second is asked about alone."""
    counts = np.bincount(rows.y, minlength=len(CLASSES[rows.kind]))
    enough = {name: number for number, name in enumerate(CLASSES[rows.kind]) if FEWEST <= counts[number] <= len(rows) - FEWEST}
    return dict(list(enough.items())[1:]) if len(counts) == 2 else enough


def _best(kind: str, name: str, values: Values, y: npt.NDArray[np.int64], asked_about: Mapping[str, int]) -> Telling:
    areas = {of: telling(values, y == number) for of, number in asked_about.items()}
    of = max(areas, key=lambda one: areas[one])
    return Telling(kind, name, of, areas[of])
