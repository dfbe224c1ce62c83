"""The few formulas that features share: a share, a shrunk rate, a mean, a relation on the log scale, a lift."""

from __future__ import annotations

import numpy as np

from features.catalogue import Values


def share(part: Values, whole: Values) -> Values:
    """Part / whole; missing where the whole is 0 or missing."""
    result: Values = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return result


def shrunk(hits: Values, trials: Values, prior: Values, weight: float) -> Values:
    """(hits + weight * prior) / (trials + weight): the rate as if `weight` trials at the prior rate had gone before.

    The posterior mean under a Beta prior (Robbins 1956, empirical Bayes); missing where hits are.

    >>> shrunk(np.array([3.0]), np.array([10.0]), np.array([0.5]), 10.0).tolist()
    [0.4]
    """
    return (hits + weight * prior) / (trials + weight)


def log_ratio(value: Values, usual: Values) -> Values:
    """log(value / usual); missing where either is missing or not above 0."""
    sound = (value > 0) & (usual > 0)
    ratio = np.divide(value, usual, out=np.full_like(value, np.nan), where=sound)
    logs: Values = np.log(ratio)
    return logs


def lift(part: Values, whole: Values, usual: Values, weight: float) -> Values:
    """log(shrunk(part, whole, usual, weight) / usual): how far part / whole is above the usual, on the log scale.

    0 as long as nothing is known; missing where an argument is, or where the usual is 0.
    """
    return log_ratio(shrunk(part, whole, usual, weight), usual)


def log_odds(rate: Values) -> Values:
    """log(rate / (1 - rate)), for rates inside (0, 1); missing elsewhere."""
    inside = (rate > 0) & (rate < 1)
    odds = np.divide(rate, 1 - rate, out=np.full_like(rate, np.nan), where=inside)
    logs: Values = np.log(odds)
    return logs
