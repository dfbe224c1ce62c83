from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from sklearn.isotonic import isotonic_regression

from benchmarks.nearest_coherent import coherent, contradicting
from tests.support.curves import Floats, assert_coherent, styles
from training.size_curve import LARGE, SMALL


@given(styles())
def test_whatever_is_said_of_the_sizes_agrees_with_itself_afterwards(
    drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats],
) -> None:
    raw, at, style, weight = drawn

    assert_coherent(coherent(raw, at, style, weight).p, at, style)


@given(styles())
def test_what_agrees_already_comes_back_bit_for_bit(drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats]) -> None:
    raw, at, style, weight = drawn

    once = coherent(raw, at, style, weight)
    twice = coherent(once.p, at, style, weight)

    assert once.p.tolist() == twice.p.tolist()
    assert not twice.changed.any()
    assert raw[~once.changed].tolist() == once.p[~once.changed].tolist()


@given(styles())
def test_the_projection_is_scikit_learns_isotonic_regression_style_by_style(
    drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats],
) -> None:
    raw, at, style, weight = drawn
    found = coherent(raw, at, style, weight).p

    for one in np.unique(style):
        rows = np.flatnonzero((style == one) & ~np.isnan(at))
        places = np.unique(at[rows])
        pooled = [rows[at[rows] == place] for place in places]
        mass = np.array([weight[same].sum() for same in pooled])
        for column, rises in ((SMALL, False), (LARGE, True)):
            if len(places):
                means = np.array([np.average(raw[same, column], weights=weight[same]) for same in pooled])
                expected = isotonic_regression(means, sample_weight=mass, increasing=rises)
                np.testing.assert_allclose([found[same[0], column] for same in pooled], expected, atol=1e-12)


@given(styles())
def test_a_styles_mean_of_each_probability_stays(drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats]) -> None:
    raw, at, style, weight = drawn
    found = coherent(raw, at, style, weight)

    for one in np.unique(style):
        rows = (style == one) & found.placed
        if rows.any():
            before, after = (np.average(p[rows], axis=0, weights=weight[rows]) for p in (raw, found.p))
            np.testing.assert_allclose(before, after, atol=1e-12)


def test_many_styles_at_once_are_as_one_by_one_in_whatever_order() -> None:
    draw = np.random.default_rng(1)
    raw, style = draw.dirichlet([1, 2, 1], 400), draw.integers(0, 50, 400)
    at = draw.integers(0, 30, 400).astype("float64")

    together = coherent(raw, at, style).p

    for one in range(50):
        rows = style == one
        np.testing.assert_allclose(coherent(raw[rows], at[rows]).p, together[rows], atol=1e-15)


def test_hundreds_of_sizes_are_projected_too() -> None:
    raw, at = np.random.default_rng(2).dirichlet([1, 2, 1], 300), np.arange(300.0)

    assert_coherent(coherent(raw, at).p, at, np.zeros(300, dtype="int64"))


def test_sizes_without_a_place_stay_as_they_came_and_are_said_so() -> None:
    raw = np.array([[0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1]])

    found = coherent(raw, [np.nan, 36.0, 38.0])

    assert [False, True, True] == found.placed.tolist()
    assert [False, True, True] == found.changed.tolist()
    assert raw[0].tolist() == found.p[0].tolist()
    np.testing.assert_allclose([[0.4, 0.5, 0.1]] * 2, found.p[1:])


def test_the_heavier_size_moves_less() -> None:
    raw = np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])

    found = coherent(raw, [36, 38], weights=[3, 1]).p

    np.testing.assert_allclose([0.3, 0.3], found[:, SMALL])


def test_the_styles_that_contradict_themselves_are_named() -> None:
    raw = np.array([[0.2, 0.7, 0.1], [0.3, 0.6, 0.1], [0.3, 0.6, 0.1], [0.2, 0.6, 0.2]])

    assert [7] == contradicting(raw, [36, 38, 36, 38], [7, 7, 8, 8]).tolist()


@pytest.mark.parametrize(
    ("raw", "at", "weights"),
    [
        ([[0.5, 0.5, 0.5]], [1.0], [1.0]),
        ([[-0.5, 1.0, 0.5]], [1.0], [1.0]),
        ([[np.nan, 0.5, 0.5]], [1.0], [1.0]),
        ([[0.2, 0.3, 0.5]], [1.0, 2.0], [1.0]),
        ([[0.2, 0.3, 0.5]], [np.inf], [1.0]),
        ([[0.2, 0.3, 0.5]], [1.0], [0.0]),
        ([[0.2, 0.3, 0.5]], [1.0], [-1.0]),
    ],
)
def test_what_are_no_probabilities_is_refused(raw: list[list[float]], at: list[float], weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"raw|weight"):
        coherent(np.array(raw), at, weights=weights)
