from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import isotonic_regression

from training.size_curve import FITS, LARGE, SMALL, anchored, coherent, contradicting

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


# Told from the sizes that can be trusted.


@given(styles(), st.floats(0, 3))
def test_curves_told_from_trusted_sizes_agree_with_themselves(
    drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats], per_step: float
) -> None:
    raw, at, style, trust = drawn

    found = anchored(raw, at / 2, trust, style, per_step=per_step)

    assert_coherent(found.p, at, style)
    assert raw[~found.placed].tolist() == found.p[~found.placed].tolist()


@given(styles(most=1), st.floats(0, 3))
def test_the_size_that_is_trusted_alone_is_told_as_it_was(
    drawn: tuple[Floats, Floats, npt.NDArray[np.int64], Floats], per_step: float
) -> None:
    raw, at, _, _ = drawn
    at = np.where(np.arange(len(at)) == np.flatnonzero(~np.isnan(at))[0], 60.0, at) if (~np.isnan(at)).any() else at
    alone = (at == 60.0).astype("float64")

    found = anchored(raw, at, alone, per_step=per_step).p if alone.any() else raw

    np.testing.assert_allclose(raw[alone == 1], found[alone == 1], atol=1e-8)


def test_a_size_larger_moves_both_curves_by_a_step_of_the_normal_distribution() -> None:
    raw = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]])

    found = anchored(raw, [0, 1], [1, 0], per_step=1.0).p

    np.testing.assert_allclose([[0.5, 0.3, 0.2], [0.158655, 0.278424, 0.562921]], found, atol=1e-5)  # Phi(-1); Phi(0.841621 - 1)
    np.testing.assert_allclose(anchored(raw[:1], [0], [1]).p, raw[:1])


def test_what_is_known_at_several_sizes_is_mixed_by_trust() -> None:
    raw = np.array([[0.5, 0.4, 0.1], [0.1, 0.4, 0.5]])
    left, right = (anchored(raw, [0, 1], trust).p for trust in ([1, 0], [0, 1]))

    np.testing.assert_allclose(0.75 * left + 0.25 * right, anchored(raw, [0, 1], [6, 2]).p, atol=1e-12)


def test_a_style_that_is_trusted_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="trusted"):
        anchored(np.array([[0.2, 0.3, 0.5]]), [1.0], [0.0])


def test_the_size_that_fits_most_is_the_one_between_too_small_and_too_large() -> None:
    raw = np.tile([0.45, 0.45, 0.10], (7, 1))

    found = anchored(raw, np.arange(7), [0, 0, 0, 1, 0, 0, 0]).p

    assert 4 == found[:, FITS].argmax(), "who finds size 3 rather small takes the next one"
