"""Styles whose sizes are told at random, and what it means that they agree with themselves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from training.size_curve import LARGE, SMALL

Floats = npt.NDArray[np.float64]


@st.composite
def styles(draw: st.DrawFn, most: int = 6, sizes: int = 9) -> tuple[Floats, Floats, npt.NDArray[np.int64], Floats]:
    """Raw probabilities, positions (ties and unknown ones among them), styles in mixed order, and weights."""
    count = draw(st.integers(1, most * sizes))
    luck = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = luck.integers(0, draw(st.integers(2, 9)), (count, 3)) + np.eye(3)[luck.integers(0, 3, count)]  # few values: many ties
    at = luck.choice([34.0, 36.0, 38.0, 40.0, 42.0, 44.5, np.nan], count)
    return parts / parts.sum(axis=1, keepdims=True), at, luck.integers(0, most, count), luck.integers(1, 9, count).astype("float64")


def assert_coherent(p: Floats, at: Floats, style: npt.NDArray[np.int64]) -> None:
    """Sums to one; a larger size is no more likely small and no less likely large; equal sizes are told alike."""
    assert (p >= 0).all()
    assert np.abs(p.sum(axis=1) - 1).max() < 1e-12
    for one in np.unique(style):
        rows = np.flatnonzero((style == one) & ~np.isnan(at))
        rows = rows[np.argsort(at[rows], kind="stable")]
        assert (np.diff(p[rows, SMALL]) <= 0).all()
        assert (np.diff(p[rows, LARGE]) >= 0).all()
        same = np.diff(at[rows]) == 0
        assert (p[rows[1:]][same] == p[rows[:-1]][same]).all()
