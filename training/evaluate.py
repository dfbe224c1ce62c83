"""How good is a model on rows it has not seen, overall and where it matters: new customers, new items, each category."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.bootstrap import Interval, intervals, paired_difference
from training.metrics import NAMES
from training.model import CLASSES
from training.rows import Rows

Floats = npt.NDArray[np.float64]

RATIOS = ("mean_ratio", "top_decile_ratio")
"""For models that tell two classes apart: predicted over observed returns (or orders), overall and in the tenth of rows highest up."""

DECIDED = ("macro_f1",)
"""For models that tell more classes apart. Of two, where nearly everything is kept, the likeliest always is, and says nothing."""

SLICE_ROWS, SLICE_CATEGORIES = 200, 8
"""A slice is reported from this many rows on; of the categories, the largest few are."""


@dataclass(frozen=True)
class Slice:
    """Metrics of some of the rows.

    Attributes:
        name: such as customer:new or category:dress.
        rows: how many.
        metrics: by name.
    """

    name: str
    rows: int
    metrics: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"slice": self.name, "rows": self.rows, "metrics": as_json(self.metrics)}


@dataclass(frozen=True)
class Evaluation:
    """Metrics of a model.

    Attributes:
        rows: how many rows judged it.
        metrics: by name, on all of them.
        slices: on parts of them.
    """

    rows: int
    metrics: Mapping[str, Interval]
    slices: tuple[Slice, ...]


Part = tuple[str, npt.NDArray[np.bool_]]
"""A slice's name, and which rows it holds."""


def evaluate(
    rows: Rows, inputs: pd.DataFrame, p: Floats, *, seed: int, track: Callable[[Iterable[Part]], Iterable[Part]] = iter
) -> Evaluation:
    """Judge probabilities.

    Args:
        rows: what happened.
        inputs: the rows' features; they tell known from new customers and items.
        p: probabilities (rows, classes); of impressions at the positions where they were shown.
        seed: seed of the bootstrap.
        track: wraps the loop over slices, to show progress.
    """
    parts = track(slices(rows, inputs).items())
    return Evaluation(len(rows), score(rows, p, seed=seed), tuple(_slice(name, rows, p, chosen, seed) for name, chosen in parts))


def score(rows: Rows, p: Floats, *, seed: int) -> dict[str, Interval]:
    """Every metric of probabilities (rows, classes), with 95 % intervals over customers."""
    names = (*NAMES, *(RATIOS if len(CLASSES[rows.kind]) == 2 else DECIDED))
    return intervals(rows.y, forecast(rows.kind, p), clusters(rows), seed=seed, names=names)


def forecast(kind: str, p: Floats) -> Floats:
    """What metrics judge: of two classes the second's probability (n,), else all of them (n, classes)."""
    return p[:, 1] if len(CLASSES[kind]) == 2 else p


def compare(rows: Rows, p_a: Floats, p_b: Floats, names: tuple[str, ...], *, seed: int) -> dict[str, Interval]:
    """Metrics of b minus those of a, on the same resampled customers."""
    a, b = (forecast(rows.kind, p) for p in (p_a, p_b))
    return {name: paired_difference(rows.y, a, b, clusters(rows), name, seed=seed) for name in names}


def clusters(rows: Rows) -> pd.Series:
    """Whose rows belong together: the customer's; of an unknown shopper, those of one reply."""
    customer = rows.asked["customer_id"]
    return customer if rows.shown is None else customer.fillna("request " + rows.shown["request_id"])


def slices(rows: Rows, inputs: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
    """Known and new customers and items, and the largest categories; those with enough rows."""
    new_customer, new_item = (~(inputs[name] > 0).to_numpy() for name in ("customer_lines", "style_lines"))
    found = {"customer:known": ~new_customer, "customer:new": new_customer, "item:known": ~new_item, "item:new": new_item}
    largest = rows.category.value_counts().index[:SLICE_CATEGORIES]
    found |= {f"category:{category}": (rows.category == category).to_numpy() for category in largest}
    return {name: chosen for name, chosen in found.items() if chosen.sum() >= SLICE_ROWS}


def as_json(found: Mapping[str, Interval]) -> dict[str, Any]:
    """Metrics as plain values, null where undefined."""
    return {name: interval.to_json() for name, interval in found.items()}


def _slice(name: str, rows: Rows, p: Floats, chosen: npt.NDArray[np.bool_], seed: int) -> Slice:
    return Slice(name, int(chosen.sum()), score(rows.where(chosen), p[chosen], seed=seed))
