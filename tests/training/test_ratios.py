from __future__ import annotations

import numpy as np

from training.bootstrap import ratios


def test_a_ratio_is_of_sums() -> None:
    found = ratios([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], [[1.0, 2.0]] * 4, ["a", "a", "b", "c"], seed=1)
    assert [0.75, 0.25] == [one.value for one in found]
    assert all(one.low <= one.value <= one.high for one in found)


def test_lines_of_one_customer_move_together() -> None:
    hits = np.repeat([[1.0], [0.0]], 50, axis=0)
    own, shared = (ratios(hits, 1.0, clusters, seed=1)[0] for clusters in (np.arange(100), np.repeat([0, 1], 50)))
    assert shared.high - shared.low > 2 * (own.high - own.low)


def test_nothing_below_is_undefined() -> None:
    assert np.isnan(ratios([[1.0], [0.0]], [[0.0]], ["a", "b"], seed=1)[0].value)
