"""Makes a model's scores come true: of all lines promised a 30 % risk, 30 % come back.

A logistic regression on log-odds against the last class (Platt 1999 for two classes; matrix scaling, Guo et al. 2017, for more),
learned on a later block of time than the trees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from domain.errors import NotEnoughData

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
        scores = self._scores(_log_odds(raw))
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def _scores(self, log_odds: Floats) -> Floats:
        """log-odds @ slopes + intercepts, added up class by class: BLAS would give one row other last digits than many."""
        return np.asarray(sum(log_odds[:, [number]] * slope for number, slope in enumerate(self.slopes)) + self.intercepts)

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
