from __future__ import annotations

import numpy as np
import pytest

from benchmarks.fit_ceiling import alike, drawn


def test_verdicts_that_agree_on_every_style_are_alike_and_what_disagrees_is_the_opposite() -> None:
    disagreeing = np.array([-1.0, 1.0, -1.0, 1.0])
    assert pytest.approx((1.0, -1.0)) == alike(np.array([0, 0, 2, 2]), disagreeing, ["s1", "s1", "s2", "s2"])


def test_a_style_with_one_verdict_has_no_pair() -> None:
    verdicts = np.array([0, 2, 1])  # -1, 1 and 0, of variance 2/3
    assert pytest.approx(-1 / (2 / 3)) == alike(verdicts, verdicts - 1.0, ["s1", "s1", "s2"])[0]


def test_what_is_certain_is_drawn_and_what_is_not_as_often_as_it_should() -> None:
    assert [0, 2, 1] == drawn(np.eye(3)[[0, 2, 1]], seed=1).tolist()
    shares = np.bincount(drawn(np.tile([0.2, 0.7, 0.1], (20_000, 1)), seed=1)) / 20_000
    assert pytest.approx([0.2, 0.7, 0.1], abs=0.01) == shares
