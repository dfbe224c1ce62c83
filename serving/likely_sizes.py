"""Which size would somebody like this shopper order? Where that is, the fit model knows what it talks about.

Each piece of evidence names a place among the sizes and how far off it is on the average (a variance in sizes, squared); they are put
together by precision, as if each were normal and on its own. Numbers: the greatest likelihood of the sizes that were ordered in the demo
shop (`python -m benchmarks.sizes likely`), rounded; too few of its customers state a size to say more of that than that it is near.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """A feature that says how far the offered size lies from where it should be.

    Attributes:
        feature: its name.
        variance: of what is ordered around that place, for a single line where it is a mean over lines.
        lines: the feature that says over how many lines; None where that is not known.
        per_size: by how much the feature changes from a size to the next; None where it counts printed numbers.
    """

    feature: str
    variance: float
    lines: str | None = None
    per_size: float | None = None


KG_PER_SIZE = 7.0
"""What a size more weighs (guess)."""

EVIDENCE = (
    Evidence("size_vs_style", 3.0),
    Evidence("size_vs_customer", 0.4),
    Evidence("size_vs_customer_category", 2.0, lines="customer_category_sized_lines"),
    Evidence("size_vs_body", 1.2),
    Evidence("weight_vs_category_size", 3.0, per_size=-KG_PER_SIZE),
    Evidence("size_vs_stated", 0.25),
)
"""What the style's buyers kept, what the customer kept, here and in this category, what similar bodies kept, whom the sizes of the category
fit by weight, what she says she wears."""

CHOICE = 0.4
"""Variance of the choice itself, however much is known of the shopper."""

_MIDDLE = EVIDENCE[0].variance
"""A style that nobody has kept yet is taken to be made around those who buy it: the middle of its sizes (guess)."""


def likely(
    inputs: Mapping[str, Floats], positions: Floats, step: float, evidence: tuple[Evidence, ...] = EVIDENCE, choice: float = CHOICE
) -> Floats:
    """How likely each size of one style is the one ordered: (sizes,) not negative, 0 where it has no place; sums to 1.

    Args:
        inputs: features of each size, by name, as the fit model reads them; features that a shop does not have may be missing.
        positions: place of each size in its system; NaN where it has none.
        step: by how much the places of neighbours differ.
        evidence: where to look.
        choice: see `CHOICE`.
    """
    placed = ~np.isnan(positions)
    if not placed.any():
        return np.zeros(len(positions))
    at = positions / step
    told = [found for one in evidence if (found := _place(inputs, at, step, one)) is not None]
    if evidence[0].feature not in inputs or np.isnan(inputs[evidence[0].feature]).all():
        told.append((float(np.median(at[placed])), _MIDDLE))
    precision = sum(1.0 / variance for _, variance in told)
    place = sum(where / variance for where, variance in told) / precision
    exponent = np.where(placed, -((at - place) ** 2) / (2.0 * (1.0 / precision + choice)), -np.inf)
    weight = np.exp(exponent - exponent.max())
    return np.asarray(weight / weight.sum())


def _place(inputs: Mapping[str, Floats], at: Floats, step: float, evidence: Evidence) -> tuple[float, float] | None:
    """Where one piece of evidence says that the size should be, counted in sizes, and its variance; None where it says nothing."""
    if evidence.feature not in inputs:
        return None
    places = at - inputs[evidence.feature] / (evidence.per_size or step)
    if np.isnan(places).all():
        return None
    lines = 1.0 if evidence.lines is None else float(np.nan_to_num(inputs[evidence.lines], nan=1.0).max())
    return float(np.nanmean(places)), evidence.variance / max(lines, 1.0)
