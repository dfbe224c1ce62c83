from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from domain.errors import NotEnoughData
from training.calibration import Calibration, fit_calibration
from training.metrics import Scored, metrics

Floats = npt.NDArray[np.float64]


def _lines(n: int = 20_000) -> tuple[Floats, npt.NDArray[np.int64]]:
    """True return risks, and what happened."""
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, n)
    return p, (rng.random(n) < p).astype("int64")


def _two(p: Floats) -> Floats:
    return np.column_stack([1 - p, p])


def _ece(p: Floats, y: npt.NDArray[np.int64]) -> float:
    return metrics(Scored(y, p), None, ("ece",))["ece"]


def test_a_risk_that_was_squared_is_repaired() -> None:
    p, y = _lines()
    repaired = fit_calibration(_two(p**2), y).apply(_two(p**2))[:, 1]
    assert 0.1 < _ece(p**2, y)
    assert 0.02 > _ece(repaired, y)


def test_log_odds_that_were_halved_and_shifted_are_restored_exactly() -> None:
    p, y = _lines()
    logit = np.log(p / (1 - p))
    found = fit_calibration(_two(1 / (1 + np.exp(-(0.5 * logit + 1)))), y)
    assert pytest.approx(-2, abs=0.1) == found.slopes[0, 1]
    assert pytest.approx(-2, abs=0.1) == found.intercepts[1]


def test_two_classes_are_sklearns_own_logistic_regression() -> None:
    p, y = _lines(2_000)
    logit = np.log(p / (1 - p)).reshape(-1, 1)
    oracle = LogisticRegression(C=1.0, max_iter=1000, tol=1e-8).fit(logit, y).predict_proba(logit)
    np.testing.assert_allclose(oracle, fit_calibration(_two(p), y).apply(_two(p)), atol=1e-6)


def test_a_few_dozen_rows_do_not_carry_the_scores_away() -> None:
    rng = np.random.default_rng(3)
    p = rng.dirichlet([1, 4, 1], 2_040)
    y = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1)
    few = fit_calibration(p[:40], y[:40]).apply(p[40:])
    rates = np.bincount(y[:40], minlength=3) / 40
    assert log_loss(y[40:], few) < log_loss(y[40:], np.tile(rates, (2_000, 1)))


def test_three_classes_are_repaired_and_rows_sum_to_one() -> None:
    rng = np.random.default_rng(2)
    p = rng.dirichlet([1, 4, 1], 20_000)
    y = (p.cumsum(axis=1) < rng.random((len(p), 1))).sum(axis=1)
    distorted = p**2 / (p**2).sum(axis=1, keepdims=True)
    repaired = fit_calibration(distorted, y).apply(distorted)
    np.testing.assert_allclose(np.ones(len(p)), repaired.sum(axis=1))
    np.testing.assert_allclose(p, repaired, atol=0.03)


def test_rows_sum_to_one_even_for_certain_and_extreme_scores() -> None:
    calibration = Calibration(np.array([[0.0, -50.0]]), np.array([0.0, 3.0]))
    found = calibration.apply(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]))
    np.testing.assert_allclose(np.ones(3), found.sum(axis=1))
    assert np.isfinite(found).all()


def test_the_order_of_the_scores_stays() -> None:
    p, y = _lines(2_000)
    found = fit_calibration(_two(p**2), y).apply(_two(p**2))[:, 1]
    assert np.argsort(p, kind="stable").tolist() == np.argsort(found, kind="stable").tolist()


def test_a_class_that_never_happened_is_refused() -> None:
    with pytest.raises(NotEnoughData, match=r"only classes \[0, 2\] of 3"):
        fit_calibration(np.full((4, 3), 1 / 3), np.array([0, 2, 0, 2]))


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(NotEnoughData, match=r"only classes \[\] of 2"):
        fit_calibration(np.empty((0, 2)), np.empty(0, dtype="int64"))


def test_scores_that_are_no_better_than_their_opposite_are_refused() -> None:
    p, y = _lines(2_000)
    with pytest.raises(NotEnoughData, match="higher scores mean less of what they promise"):
        fit_calibration(_two(1 - p), y)
