"""What lines tell whose return window is still open: some have come back already, and it is known how many of their age have by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.blocks import Split
from training.rows import Rows

FEWEST_BY_THEN = 0.2
"""Lines so young that a smaller share of the returns has come by their age are dropped: each that came would count for too many."""


@dataclass(frozen=True, eq=False)
class Open:
    """Open lines, labelled as far as was known.

    Attributes:
        numbers: their row numbers.
        y: 1 where a return had been asked for.
        weights: what each counts for: a return as many as there will be, 1 / F(age); any other line one.
    """

    numbers: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


def open_at(rows: Rows, split: Split) -> Open:
    """Rows ordered before the cut whose label was not known then, as the shop saw them at the cut.

    F(age) is the share of returns that were asked for within that age, among rows known at the cut. A return counts 1 / F(age), so
    that the weighted number of returns is what it will be (inverse probability of having been observed: Horvitz and Thompson 1952;
    for delayed conversions Chapelle 2014).

    Args:
        rows: return rows.
        split: which of them were known at which moment.

    Raises:
        ValueError: they are no return rows.
    """
    if rows.asked_back_at is None:
        raise ValueError(f"{rows.kind} rows do not say when a line was asked back; expected return rows")
    ordered, known = rows.asked["at"], np.concatenate([split.train, split.calibrate])
    numbers = np.flatnonzero((ordered < split.cut) & (rows.known_at >= split.cut))
    delays = np.sort((rows.asked_back_at - ordered).iloc[known].dropna().to_numpy())
    by_then = np.searchsorted(delays, (split.cut - ordered.iloc[numbers]).to_numpy(), side="right") / max(len(delays), 1)
    old = by_then >= FEWEST_BY_THEN
    came = (rows.asked_back_at.iloc[numbers] < split.cut).to_numpy()[old]
    return Open(numbers[old], came.astype("int64"), np.where(came, 1 / by_then[old], 1.0))
