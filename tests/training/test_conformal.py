from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from crepes import ConformalRegressor

from training.conformal import batches, fit_intervals, level, strayed
from training.coverage import kept_word
from training.intervals import LEVELS, SEGMENTS, Intervals
from training.settings import Batches

ASKED = Batches(coverage=0.9, batch_rows=20, fewest_rows=1_000)
ONE_BY_ONE = Batches(coverage=0.9, batch_rows=1, fewest_rows=1)

Block = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]


def _block(seed: int, rows: int = 9_000, *, off: float = 0.0) -> Block:
    """Rows whose P is right for known customers, and off for the third of them that are new."""
    rng = np.random.default_rng(seed)
    p, new = rng.beta(2, 4, rows), rng.random(rows) < 1 / 3
    y = (rng.random(rows) < np.clip(p + off * new, 0, 1)).astype("int64")
    return np.column_stack([1 - p, p]), y, np.column_stack([new, np.zeros(rows, dtype=bool)])


def _fitted(block: Block, asked: Batches = ASKED) -> Intervals:
    return fit_intervals(*block, asked, seed=1)


def _coverage(intervals: Intervals, block: Block, customer_new: bool) -> float:
    p, y, new = (part[block[2][:, 0] == customer_new] for part in block)
    return kept_word(p[:, 1], y == 1, intervals.of(p[:, 1], new, 1), intervals.batch_rows, seed=2)


@pytest.mark.parametrize(("coverage", "rank"), [(0.5, 5), (0.6, 6), (0.7, 7), (0.8, 8), (0.9, 9), (0.91, None)])
def test_the_width_is_the_score_that_the_asked_share_of_one_row_more_keeps(coverage: float, rank: int | None) -> None:
    """Nine rows of p = 0.1 … 0.9 that did not happen strayed by just that; the r-th of them keeps r rows of ten."""
    p = np.arange(1, 10) / 10
    block = np.column_stack([1 - p, p]), np.zeros(9, dtype=np.int64), np.zeros((9, 2), dtype=bool)
    scores = np.sqrt(p / (1 - p) / (1 + 1 / 9))
    found = _fitted(block, replace(ONE_BY_ONE, coverage=coverage, fewest_rows=10))
    np.testing.assert_allclose(found.widths[1], np.full(len(SEGMENTS), np.inf if rank is None else scores[rank - 1]))


def test_our_look_up_is_crepes_own_interval() -> None:
    block, later = _block(1, off=0.1), _block(2, 300)
    p, hit, new = block[0][:, 1], block[1] == 1, block[2]
    ours = _fitted(block)
    known = later[2][:, 0] == 0
    asked, segments = later[0][known, 1], ours.of(p, new, 1).segments
    residuals, units, of = strayed(p, hit, segments, ASKED.fewest_rows, ASKED, seed=1)
    bounds = ours.of(asked, later[2][known], 1)
    regressor = ConformalRegressor().fit(residuals, sigmas=units, bins=of)
    rows = ours.rows[1][bounds.segments]
    sigmas = np.sqrt(asked * (1 - asked) * (1 / 20 + 1 / rows))
    assert {0, 1, 2} == set(bounds.segments.tolist())
    for segment in (0, 1, 2):
        mine = bounds.segments == segment
        confidence = level(int(ours.rows[1][segment]), ASKED)
        told = {"sigmas": sigmas[mine], "bins": bounds.segments[mine], "confidence": confidence}
        theirs = regressor.predict_int(asked[mine], **told, y_min=0, y_max=1)
        np.testing.assert_allclose(theirs, np.column_stack([bounds.low[mine], bounds.high[mine]]))


@pytest.mark.parametrize(("rows", "expected"), [(180, 8.5 / 9), (380, 17.5 / 19), (1_980, 89.5 / 99)])
def test_the_level_is_the_middle_of_the_score_that_is_right_on_average(rows: int, expected: float) -> None:
    assert pytest.approx(expected) == level(rows, ASKED)


def test_a_batch_is_of_neighbours_and_a_repeat_uses_no_row_twice() -> None:
    p = np.random.default_rng(1).random(1_003)
    drawn = batches(p, 20, repeats=3, seed=1).reshape(3, 50, 20)
    assert [1_000] * 3 == [len(np.unique(one)) for one in drawn]
    assert np.ptp(p[drawn], axis=2).max() < 0.45
    assert (drawn[0] != drawn[1]).any()


def test_rows_that_fill_no_batch_give_none() -> None:
    assert (0, 20) == batches(np.full(19, 0.5), 20, repeats=3, seed=1).shape


@pytest.mark.parametrize("customer_new", [False, True])
def test_intervals_hold_nine_of_ten_batches_of_exchangeable_rows_in_every_segment(customer_new: bool) -> None:
    """Also where P is off: the segment's own past says by how much. Three standard errors of 3,000 or 6,000 rows' rates are allowed."""
    assert pytest.approx(0.9, abs=0.025) == _coverage(_fitted(_block(1, off=0.12)), _block(2, off=0.12), customer_new)


def test_widths_of_all_rows_would_break_the_word_where_p_is_off() -> None:
    everybody = replace(ASKED, fewest_rows=10**6)
    assert _coverage(_fitted(_block(1, off=0.12), everybody), _block(2, off=0.12), True) < 0.86


def test_a_small_segment_takes_the_width_of_a_larger_one_and_says_so() -> None:
    rng = np.random.default_rng(1)
    p, y, new = _block(1, 5_000)
    new = np.column_stack([np.arange(5_000) < 1_500, rng.random(5_000) < 0.02])
    found = _fitted((p, y, new))
    none, customer_and_item, everybody = (LEVELS.index(level) for level in ("none", "customer_and_item", "all"))
    assert [none] * 3 + [everybody] * 3 + [customer_and_item] * 3 + [everybody] * 3 == found.levels[1].tolist()
    assert 1 == len(set(found.widths[1, 6:9])) == len(set(found.widths[1, [3, 4, 5, 9, 10, 11]]))
    assert 5_000 == found.rows[1].sum()


@pytest.mark.parametrize(("rows", "levels"), [(179, {"unknown"}), (180, {"all"}), (0, {"unknown"})])
def test_fewer_than_nine_batches_say_nothing_of_nine_in_ten(rows: int, levels: set[str]) -> None:
    found = _fitted(_block(1, rows))
    assert levels == {LEVELS[level] for level in found.levels.ravel()}
    assert (levels == {"unknown"}) == np.isinf(found.widths).all()


def test_a_higher_coverage_never_makes_an_interval_narrower() -> None:
    widths = [_fitted(_block(1, 4_000), replace(ASKED, coverage=coverage)).widths for coverage in (0.5, 0.8, 0.9, 0.95)]
    assert all((low <= high).all() for low, high in pairwise(widths))
    assert (widths[0] < widths[-1]).all()


def test_every_class_has_intervals_and_those_of_two_mirror_each_other_nearly() -> None:
    found = _fitted(_block(1))
    np.testing.assert_allclose(found.edges[0], 1 - found.edges[1][::-1])
    np.testing.assert_allclose(found.widths[0, [0, 1, 2]], found.widths[1, [2, 1, 0]], rtol=0.05)


def test_the_same_seed_gives_the_same_widths() -> None:
    first, again = (_fitted(_block(1, 3_000)) for _ in range(2))
    np.testing.assert_array_equal(first.widths, again.widths)
