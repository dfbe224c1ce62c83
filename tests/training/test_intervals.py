from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import LEVELS, SEGMENTS, Intervals, newcomers, unit

KNOWN, NEW = [False, False], [True, True]


def _intervals(width: float = 2.0, **changed: object) -> Intervals:
    """Of batches of 20, learned from 20 rows a segment: of p = 0.5 the unit is √(0.25 · 0.1) = 0.158."""
    of_segments = (2, len(SEGMENTS))
    told = {
        "coverage": 0.9,
        "batch_rows": 20,
        "edges": np.array([[0.3, 0.6]] * 2),
        "rows": np.full(of_segments, 20),
        "widths": np.full(of_segments, width),
        "levels": np.zeros(of_segments, dtype=np.int64),
    }
    return Intervals(**{**told, **changed})  # type: ignore[arg-type]


def _ends(intervals: Intervals, p: list[float], new: list[bool]) -> list[tuple[float, float]]:
    found = intervals.of(np.array(p), np.array([new] * len(p)), 1)
    return list(zip(found.low.tolist(), found.high.tolist(), strict=True))


def test_an_interval_reaches_its_width_times_luck_and_ignorance_to_both_sides() -> None:
    reach = 2 * (0.25 * (1 / 20 + 1 / 20)) ** 0.5
    assert [pytest.approx((0.5 - reach, 0.5 + reach))] == _ends(_intervals(), [0.5], KNOWN)


def test_no_rate_is_below_0_or_above_1() -> None:
    assert [(0.0, pytest.approx(0.1379, abs=1e-4)), (pytest.approx(0.8621, abs=1e-4), 1.0)] == _ends(_intervals(), [0.03, 0.97], KNOWN)


def test_where_nothing_is_known_the_interval_is_0_to_1() -> None:
    assert [(0.0, 1.0)] * 3 == _ends(_intervals(np.inf), [0.0, 0.5, 1.0], KNOWN)


def test_a_segment_of_which_fewer_rows_were_seen_gets_a_wider_interval() -> None:
    rows = np.full((2, len(SEGMENTS)), 1_000)
    rows[:, 9:] = 0  # new customers and new items
    (sure, unsure) = (_ends(_intervals(rows=rows), [0.5], new)[0] for new in (KNOWN, NEW))
    assert unsure[0] < sure[0] < sure[1] < unsure[1]


def test_a_segment_is_who_and_what_is_new_and_how_high_the_risk() -> None:
    new = np.array([KNOWN, KNOWN, [True, False], [False, True], NEW])
    found = _intervals().of(np.array([0.1, 0.3, 0.59, 0.6, 0.9]), new, 1)
    assert [
        "customer:known item:known risk:low",
        "customer:known item:known risk:middle",
        "customer:new item:known risk:middle",
        "customer:known item:new risk:high",
        "customer:new item:new risk:high",
    ] == found.segment_names
    assert ["none"] * 5 == found.fallback_levels


def test_who_has_no_history_is_new_and_so_is_everybody_to_a_model_that_reads_none() -> None:
    inputs = pd.DataFrame({"customer_lines": [3.0, 0.0, np.nan], "style_lines": [1.0, 2.0, 3.0]})
    assert [[False, False], [True, False], [True, False]] == newcomers(inputs).tolist()
    assert [[False, True]] * 2 == newcomers(inputs[["customer_lines"]].iloc[[0, 0]]).tolist()


def test_what_was_saved_is_what_is_read() -> None:
    intervals = _intervals(levels=np.tile(np.arange(12) % len(LEVELS), (2, 1)))
    read = Intervals.from_arrays(intervals.arrays(), 2)
    assert (0.9, 20) == (read.coverage, read.batch_rows)
    for name in ("edges", "rows", "widths", "levels"):
        np.testing.assert_array_equal(getattr(intervals, name), getattr(read, name))


@pytest.mark.parametrize(
    ("name", "array", "named"),
    [
        ("coverage", np.float64(1.0), "coverage are outside their range"),
        ("coverage", np.array([0.9]), r"coverage are float64 \(1,\); expected float64 \(\)"),
        ("batch_rows", np.int64(0), "batch_rows are outside"),
        ("edges", np.array([[0.6, 0.3]] * 2), "edges are outside"),
        ("edges", np.zeros((3, 2)), r"edges are float64 \(3, 2\); expected float64 \(2, 2\)"),
        ("rows", np.full((2, 12), -1), "rows are outside"),
        ("rows", np.ones((2, 12)), "rows are float64"),
        ("widths", np.full((2, 12), np.nan), "widths are outside"),
        ("widths", np.full((2, 12), -1.0), "widths are outside"),
        ("levels", np.full((2, 12), len(LEVELS)), "levels are outside"),
        ("more", np.zeros(1), r"intervals of \['batch_rows', 'coverage', 'edges', 'levels', 'more', 'rows', 'widths'\]"),
    ],
)
def test_arrays_that_no_fit_gives_are_refused_by_name(name: str, array: np.ndarray, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Intervals.from_arrays({**_intervals().arrays(), name: array}, 2)


def test_a_missing_array_is_refused() -> None:
    arrays = _intervals().arrays()
    del arrays["widths"]
    with pytest.raises(ValueError, match=r"expected .*'widths'"):
        Intervals.from_arrays(arrays, 2)


_P = st.floats(0, 1)


@given(p=_P, width=st.floats(0, 50) | st.just(np.inf), wider=st.floats(0, 50), rows=st.integers(0, 10**6), size=st.integers(1, 10**4))
def test_an_interval_holds_its_p_and_grows_with_its_width(p: float, width: float, wider: float, rows: int, size: int) -> None:
    seen = np.full((2, len(SEGMENTS)), rows)
    narrow, wide = (_ends(_intervals(one, rows=seen, batch_rows=size), [p], NEW)[0] for one in (width, width + wider))
    assert 0 <= wide[0] <= narrow[0] <= p <= narrow[1] <= wide[1] <= 1


@given(p=_P, size=st.integers(1, 10**4), rows=st.integers(1, 10**6), more=st.integers(0, 10**6))
def test_more_rows_never_make_the_unit_larger(p: float, size: int, rows: int, more: int) -> None:
    assert unit(np.array([p]), size + more, rows)[0] <= unit(np.array([p]), size, rows)[0]
    assert unit(np.array([p]), size, rows + more)[0] <= unit(np.array([p]), size, rows)[0]
