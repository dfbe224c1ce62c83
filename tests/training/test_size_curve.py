from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.curves import Floats, assert_coherent, styles
from training.size_curve import FITS, anchored


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
