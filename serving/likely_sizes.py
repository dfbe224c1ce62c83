"""Which size would somebody like this shopper order? Where that is, the fit model knows what it talks about.

Each piece of evidence names a place among the sizes and how far off it is on the average (a variance in sizes, squared); they are put
together by precision, as if each were normal and on its own. Numbers: the greatest likelihood of the sizes that were ordered in the demo
shop (`python -m benchmarks.sizes likely`), rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """A feature that says how far the offered size lies from where it should be.

    Attributes:
        feature: its name; offered size minus that place, as printed numbers.
        variance: of what is ordered around that place, for a single line where it is a mean over lines.
        lines: the feature that says over how many lines; None where that is not known.
    """

    feature: str
    variance: float
    lines: str | None = None


EVIDENCE = (
    Evidence("size_vs_style", 3.0),
    Evidence("size_vs_customer", 0.5),
    Evidence("size_vs_customer_category", 1.5, lines="customer_category_sized_lines"),
    Evidence("size_vs_body", 1.4),
    Evidence("size_vs_stated", 0.25),
)
"""What the style's buyers kept, what the customer kept, here and in this category, what similar bodies kept, what she says she wears."""

CHOICE = 0.4
"""Variance of the choice itself, however much is known of the shopper."""

_MIDDLE = EVIDENCE[0].variance
"""A style that nobody has kept yet is taken to be made around those who buy it: the middle of its sizes (guess)."""


def likely(inputs: pd.DataFrame, positions: Floats, step: float, evidence: tuple[Evidence, ...] = EVIDENCE, choice: float = CHOICE) -> Floats:
    """How likely each size of one style is the one ordered: (sizes,) not negative, 0 where it has no place; sums to 1.

    Args:
        inputs: features of each size, as the fit model reads them; features that a shop does not have may be missing.
        positions: place of each size in its system; NaN where it has none.
        step: by how much the places of neighbours differ.
        evidence: where to look.
        choice: see `CHOICE`.
    """
    placed = ~np.isnan(positions)
    if not placed.any():
        return np.zeros(len(positions))
    told = [(_column(inputs, one.feature) / step, one.variance / _lines(inputs, one)) for one in evidence]
    if np.isnan(told[0][0][placed]).any():
        told[0] = ((positions - np.median(positions[placed])) / step, np.full(len(positions), _MIDDLE))
    known = [~np.isnan(off) for off, _ in told]
    precision = sum((np.where(here, 1.0 / variance, 0.0) for here, (_, variance) in zip(known, told, strict=True)), np.zeros(len(positions)))
    pulls = (np.where(here, off / variance, 0.0) for here, (off, variance) in zip(known, told, strict=True))
    off = sum(pulls, np.zeros(len(positions))) / np.where(placed, precision, 1.0)
    exponent = np.where(placed, -(off**2) / (2.0 * (1.0 / np.where(placed, precision, 1.0) + choice)), -np.inf)
    weight = np.exp(exponent - exponent.max())
    return np.asarray(weight / weight.sum())


def _column(inputs: pd.DataFrame, name: str) -> Floats:
    return inputs[name].to_numpy(dtype="float64") if name in inputs.columns else np.full(len(inputs), np.nan)


def _lines(inputs: pd.DataFrame, evidence: Evidence) -> Floats:
    lines = np.ones(len(inputs)) if evidence.lines is None else _column(inputs, evidence.lines)
    return np.maximum(np.nan_to_num(lines, nan=1.0), 1.0)
