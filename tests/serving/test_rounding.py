"""Rounding many probabilities at once is rounding each of them."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from serving.rounding import MILLION, rounded


@given(st.lists(st.floats(0, 1), max_size=5), st.lists(st.integers(0, 999_999), max_size=5))
@example([0.5000005, 0.0000005, 0.0000015, 2.5e-06, 1.0, 0.0, -0.0], [])
def test_each_is_rounded_as_if_it_were_alone(anywhere: list[float], halves: list[int]) -> None:
    at = [(half + 0.5) / MILLION for half in halves]
    edges = [near for half in at for near in (np.nextafter(half, 0), half, np.nextafter(half, 1))]
    p = np.array([*anywhere, *edges], dtype="float64")

    found = rounded(p)

    assert [round(float(one), 6) for one in p] == found.values
    assert [round(one * MILLION) for one in found.values] == found.millionths
