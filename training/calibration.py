"""Makes a model's scores come true: of all lines promised a 30 % risk, 30 % come back.

A logistic regression on log-odds against the last class (Platt 1999 for two classes; matrix scaling, Guo et al. 2017, for more),
learned on a later block of time than the trees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import types
from sklearn.linear_model import LogisticRegression

from domain.errors import NotEnoughData
from features.native import native, only_read

Floats = npt.NDArray[np.float64]

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Calibration:
    """softmax(log-odds @ slopes + intercepts).

    Attributes:
        slopes: (classes - 1, classes).
        intercepts: (classes,).
    """

    slopes: Floats
    intercepts: Floats

    def apply(self, raw: Floats) -> Floats:
        """Calibrated probabilities (n, classes) of raw ones (n, classes); rows sum to 1."""
        told = np.empty_like(raw, dtype="float64", order="C")
        _apply(np.ascontiguousarray(raw, dtype="float64"), self.slopes, self.intercepts, told)
        return told

    def shifted(self, log_odds: float) -> Calibration:
        """The same, with these log-odds added to the last class's."""
        return Calibration(self.slopes, self.intercepts + np.append(np.zeros(len(self.intercepts) - 1), log_odds)) if log_odds else self


def uncalibrated(classes: int) -> Calibration:
    """One that leaves scores as they are."""
    return Calibration(np.eye(classes - 1, classes), np.zeros(classes))


def fit_calibration(raw: Floats, y: npt.NDArray[np.int64]) -> Calibration:
    """Learn a calibration.

    The slopes have a unit Gaussian prior: nothing to thousands of rows, but a few dozen are pulled towards the plain rates instead
    of being overfitted.

    Args:
        raw: raw probabilities (n, classes).
        y: what happened, 0 … classes - 1.

    Raises:
        NotEnoughData: a class never happened, or (two classes) the scores are no better than their opposite.
    """
    classes = raw.shape[1]
    happened = np.unique(y)
    if len(happened) < classes:
        raise NotEnoughData(
            f"only classes {happened.tolist()} of {classes} in the calibration block", advice="give more rows or a larger block"
        )
    model = LogisticRegression(C=1.0, max_iter=1000, tol=1e-8).fit(_log_odds(raw), y)
    if classes == 2:
        if model.coef_[0, 0] >= 0:
            raise NotEnoughData(
                "in the calibration block, higher scores mean less of what they promise", advice="give more rows or a larger block"
            )
        return Calibration(np.array([[0.0, model.coef_[0, 0]]]), np.array([0.0, model.intercept_[0]]))
    return Calibration(model.coef_.T.copy(), model.intercept_.copy())


def _log_odds(raw: Floats) -> Floats:
    logs = np.log(np.clip(raw, _TINY, 1.0))
    return np.asarray(logs[:, :-1] - logs[:, -1:])


@native(types.void(only_read(types.float64, 2), only_read(types.float64, 2), only_read(types.float64, 1), types.float64[:, ::1]))
def _apply(raw: Floats, slopes: Floats, intercepts: Floats, told: Floats) -> None:
    """`Calibration.apply`, row by row: one row gets the same last digits as many."""
    classes = raw.shape[1]
    for row in range(len(raw)):
        last, highest = math.log(min(max(raw[row, classes - 1], _TINY), 1.0)), -math.inf
        for number in range(classes):
            told[row, number] = 0.0
        for other in range(classes - 1):
            log_odds = math.log(min(max(raw[row, other], _TINY), 1.0)) - last
            for number in range(classes):
                told[row, number] += log_odds * slopes[other, number]
        for number in range(classes):
            told[row, number] += intercepts[number]
            highest = max(highest, told[row, number])
        whole = 0.0
        for number in range(classes):
            told[row, number] = math.exp(told[row, number] - highest)
            whole += told[row, number]
        for number in range(classes):
            told[row, number] /= whole
