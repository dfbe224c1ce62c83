"""Do the intervals keep their word? The share of batches of like rows whose rate lies inside, overall and per segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.conformal import REPEATS, batches
from training.evaluate import slices
from training.intervals import RISKS, Bounds, Flags, Floats
from training.model import CLASSES, Model
from training.rows import Rows

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Covered:
    """How one class's intervals did on some of the rows.

    Attributes:
        of: the class.
        slice: "all", customer:new, category:dress, risk:high, …
        rows: how many rows.
        coverage: share of the rows' intervals that hold the rate of a batch with the row in it.
        width: mean width of the rows' intervals.
    """

    of: str
    slice: str
    rows: int
    coverage: float
    width: float


def covered(rows: Rows, inputs: pd.DataFrame, p: Floats, model: Model, *, seed: int) -> tuple[Covered, ...]:
    """Judge a model's intervals on rows that it has not seen.

    Batches are drawn as those that the widths were learned from (`training.conformal.batches`), within each slice: rows of neighbouring
    probabilities. A slice that holds no batch tells nothing and is left out.

    Args:
        rows: what happened.
        inputs: the rows' features.
        p: the model's probabilities for them (rows, classes).
        model: the model.
        seed: seed of the draws of batches.
    """
    found = []
    for of in promised(model.kind):
        number = model.classes.index(of)
        bounds, hit, size = model.interval(inputs, p[:, number], of=of), rows.y == number, model.intervals.batch_rows
        for name, chosen in _parts(rows, inputs, bounds).items():
            if chosen.sum() >= size:
                coverage = kept_word(p[chosen, number], hit[chosen], bounds.at(chosen), size, seed=seed)
                found.append(Covered(of, name, int(chosen.sum()), coverage, float((bounds.high - bounds.low)[chosen].mean())))
    return tuple(found)


def promised(kind: str) -> tuple[str, ...]:
    """The classes whose intervals are judged: of two, the second, as the first one's are its mirror image."""
    return CLASSES[kind] if len(CLASSES[kind]) > 2 else CLASSES[kind][1:]


def kept_word(p: Floats, hit: Flags, bounds: Bounds, batch_rows: int, *, seed: int) -> float:
    """Share of (batch, row in it) pairs whose batch came true at a rate inside the row's interval."""
    drawn = batches(p, batch_rows, repeats=REPEATS, seed=seed)
    rate = hit[drawn].mean(axis=1)[:, None]
    return float(np.mean((bounds.low[drawn] <= rate + _ROUNDING) & (rate - _ROUNDING <= bounds.high[drawn])))


def _parts(rows: Rows, inputs: pd.DataFrame, bounds: Bounds) -> Mapping[str, Flags]:
    risk = bounds.segments % len(RISKS)
    risks = {f"risk:{name}": risk == number for number, name in enumerate(RISKS)}
    return {"all": np.ones(len(rows), dtype=bool), **slices(rows, inputs), **risks}
