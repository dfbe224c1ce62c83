"""How good are the forecasts: do they put the right lines first, and does what they promise come true?

Every metric takes row weights, so that a bootstrap re-weights rows instead of copying them. Rows are sorted once, in `Scored`;
after that a metric costs a few passes over them. A whole-number weight means "this row that many times".

Shapes: binary `y` (n,) of 0/1 with `p` (n,) = P(y = 1); multiclass `y` (n,) of 0..k-1 with `p` (n, k), whose rows sum to 1. In the
formulas w is a row's weight, W their sum, and a sum over i runs over rows.

**Undefined is NaN, never an error or a guess**: `auc` and `pr_auc` where a class has no weight or all of it (multiclass: any class),
the ratios where nothing was observed, and everything where the total weight is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BINS = 10
NAMES = ("auc", "pr_auc", "log_loss", "brier", "ece")
"""The metrics of binary and multiclass forecasts alike."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of equal mass from the lowest forecasts to the highest; at most ten, as empty ones are left out.

    Attributes:
        predicted: mean forecast per bin.
        observed: mean outcome per bin.
        weight: weight of the bin's rows.
    """

    predicted: Floats
    observed: Floats
    weight: Floats


@dataclass(frozen=True, eq=False)
class _Tally:
    """Weight of the positive, negative and all rows at each distinct forecast, highest first."""

    p: Floats
    positive: Floats
    negative: Floats

    @property
    def mass(self) -> Floats:
        return self.positive + self.negative


class _Ranked:
    """One yes/no question with its rows sorted by the forecast, highest first; ties stay in the order they came in."""

    def __init__(self, y: Floats, p: Floats) -> None:
        self.order: NDArray[np.intp] = np.argsort(-p, kind="stable")
        self.y, self.p = y[self.order], p[self.order]
        self.starts = np.flatnonzero(np.diff(self.p, prepend=np.inf))

    def tally(self, weights: Floats) -> _Tally:
        w = weights[self.order]
        positive = np.add.reduceat(w * self.y, self.starts)
        return _Tally(self.p[self.starts], positive, np.add.reduceat(w * (1 - self.y), self.starts))


class Scored:
    """Outcomes beside their forecasts, sorted once for every metric that follows.

    >>> metrics(Scored(y=[0, 1, 0, 1], p=[0.1, 0.2, 0.3, 0.8]), names=("auc",))
    {'auc': 0.75}

    Attributes:
        y: outcomes, (n,), as floats.
        p: forecasts, (n,) or (n, k).

    Raises:
        ValueError: lengths differ, an outcome is no class number, a forecast is no probability, or rows do not sum to 1.
    """

    def __init__(self, y: ArrayLike, p: ArrayLike) -> None:
        self.y: Floats = np.asarray(y, dtype=np.float64)
        self.p: Floats = np.asarray(p, dtype=np.float64)
        _check(self.y, self.p)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def binary(self) -> bool:
        """Whether there is one yes/no question."""
        return self.p.ndim == 1

    @cached_property
    def questions(self) -> tuple[_Ranked, ...]:
        """The one yes/no question, or one per class: this class or any other?"""
        if self.binary:
            return (_Ranked(self.y, self.p),)
        return tuple(_Ranked((self.y == c).astype(np.float64), self.p[:, c]) for c in range(self.p.shape[1]))

    @cached_property
    def log_losses(self) -> Floats:
        """-ln of the probability given to what happened, per row; probabilities below 2.2e-16 count as that."""
        given = np.where(self.y == 1, self.p, 1 - self.p) if self.binary else self.p[np.arange(len(self)), self.y.astype(np.intp)]
        losses: Floats = -np.log(np.clip(given, np.finfo(np.float64).eps, 1))
        return losses

    @cached_property
    def squared_errors(self) -> Floats:
        """(p - y)² per row; for several classes the sum of it over them."""
        if self.binary:
            return (self.p - self.y) ** 2
        happened = self.y[:, None] == np.arange(self.p.shape[1])
        errors: Floats = ((self.p - happened) ** 2).sum(axis=1)
        return errors

    @cached_property
    def likeliest(self) -> NDArray[np.intp]:
        """The class that each row is most likely of; of equally likely ones the first."""
        return (self.p > 0.5).astype(np.intp) if self.binary else self.p.argmax(axis=1)


def metrics(scored: Scored, weights: ArrayLike | None = None, names: Sequence[str] = NAMES) -> dict[str, float]:
    """The named metrics, in the order asked for.

    Raises:
        ValueError: a name is unknown, a ratio is asked of a multiclass forecast, or the weights are not one per row.
    """
    if unknown := [name for name in names if name not in METRICS]:
        raise ValueError(f"unknown metrics {unknown}; known: {', '.join(METRICS)}")
    w = _row_weights(scored, weights)
    return {name: METRICS[name](scored, w) for name in names}


def auc(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Area under the ROC curve: how often a positive row is ranked above a negative one, ties counting half.

    AUC = Σ_pairs w⁺ w⁻ ( 1[p⁺ > p⁻] + ½ 1[p⁺ = p⁻] ) / (W⁺ W⁻)  (Hanley and McNeil 1982); several classes: mean one-vs-rest.
    """
    return _mean_over_questions(scored, weights, _auc)


def pr_auc(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Average precision: Σ_t (recall_t - recall_t-1) · precision_t over the distinct forecasts t, highest first.

    As in scikit-learn, without interpolation (Davis and Goadrich 2006); several classes: mean one-vs-rest.
    """
    return _mean_over_questions(scored, weights, _average_precision)


def log_loss(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Mean of -ln P(what happened), in nats; several classes: the multinomial one (Good 1952)."""
    return _mean(scored.log_losses, _row_weights(scored, weights))


def brier(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Mean of (p - y)²; several classes: of Σ_c (p_c - 1[y = c])², so between 0 and 2 (Brier 1950)."""
    return _mean(scored.squared_errors, _row_weights(scored, weights))


def ece(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Expected calibration error: how far forecasts and outcomes lie apart, bin by bin.

    ECE = Σ_b (W_b / W) · | observed_b - predicted_b |  (Naeini et al. 2015), over the ten bins of `equal_mass_bins` and, for several
    classes, averaged over the classes (Nixon et al. 2019: equal mass and class-wise, which keeps rare outcomes in sight).
    """
    return _mean_over_questions(scored, weights, _calibration_error)


def macro_f1(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Mean over the classes of F1 = 2 W(said and was) / (W(said) + W(was)), a row being taken for its likeliest class (van Rijsbergen)."""
    w, said, was = _row_weights(scored, weights), scored.likeliest, scored.y
    classes = range(2 if scored.binary else scored.p.shape[1])
    return float(np.mean([_ratio(2 * w[(said == c) & (was == c)].sum(), w[said == c].sum() + w[was == c].sum()) for c in classes]))


def mean_ratio(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Mean forecast / mean outcome, of a binary forecast: 1.1 promises a tenth too many.

    Raises:
        ValueError: the forecast has several classes.
    """
    _check_binary(scored)
    w = _row_weights(scored, weights)
    return _ratio(_dot(w, scored.p), _dot(w, scored.y))


def top_decile_ratio(scored: Scored, weights: ArrayLike | None = None) -> float:
    """Mean forecast / mean outcome among the 10 % of the weight with the highest forecasts.

    The row at the border counts with the share that fits; of tied rows there, the earlier ones are taken first.

    Raises:
        ValueError: the forecast has several classes.
    """
    _check_binary(scored)
    ranked = scored.questions[0]
    w = _row_weights(scored, weights)[ranked.order]
    taken = np.clip(w.sum() / 10 - (np.cumsum(w) - w), 0, w)
    return _ratio(_dot(taken, ranked.p), _dot(taken, ranked.y))


def equal_mass_bins(scored: Scored, weights: ArrayLike | None = None) -> Bins:
    """Ten bins by the forecast's quantiles; rows of the same forecast stay together, where the middle of their mass lies.

    Raises:
        ValueError: the forecast has several classes.
    """
    _check_binary(scored)
    return _bins(scored.questions[0].tally(_row_weights(scored, weights)))


METRICS: Mapping[str, Callable[[Scored, ArrayLike | None], float]] = {
    metric.__name__: metric for metric in (auc, pr_auc, log_loss, brier, ece, macro_f1, mean_ratio, top_decile_ratio)
}
"""Every metric by its name; the last two are of binary forecasts only."""


def _auc(tally: _Tally) -> float:
    positives, negatives = tally.positive.sum(), tally.negative.sum()
    negatives_below = negatives - np.cumsum(tally.negative)
    return _ratio(_dot(tally.positive, negatives_below + tally.negative / 2), float(positives * negatives))


def _average_precision(tally: _Tally) -> float:
    positives = tally.positive.sum()
    if positives == 0 or tally.negative.sum() == 0:
        return math.nan
    seen = np.cumsum(tally.mass)
    precision = np.divide(np.cumsum(tally.positive), seen, out=np.zeros_like(seen), where=seen > 0)
    return _dot(tally.positive, precision) / float(positives)


def _calibration_error(tally: _Tally) -> float:
    bins = _bins(tally)
    return _mean(np.abs(bins.observed - bins.predicted), bins.weight)


def _bins(tally: _Tally) -> Bins:
    mass = tally.mass
    total = mass.sum()
    if total == 0:
        return Bins(np.empty(0), np.empty(0), np.empty(0))
    middle = total - np.cumsum(mass) + mass / 2
    place = np.clip(BINS * middle / total, 0, BINS - 1).astype(np.intp)
    weight, predicted, positive = (np.bincount(place, part, BINS).astype(np.float64) for part in (mass, mass * tally.p, tally.positive))
    held = weight > 0
    return Bins(predicted[held] / weight[held], positive[held] / weight[held], weight[held])


def _mean_over_questions(scored: Scored, weights: ArrayLike | None, metric: Callable[[_Tally], float]) -> float:
    w = _row_weights(scored, weights)
    return float(np.mean([metric(question.tally(w)) for question in scored.questions]))


def _mean(values: Floats, weights: Floats) -> float:
    return _ratio(_dot(weights, values), float(weights.sum()))


def _dot(a: Floats, b: Floats) -> float:
    """Σ a·b without BLAS, whose threads would make the last digits depend on the machine's cores."""
    return float((a * b).sum())


def _ratio(above: float, below: float) -> float:
    return above / below if below else math.nan


def _row_weights(scored: Scored, weights: ArrayLike | None) -> Floats:
    if weights is None:
        return np.ones(len(scored))
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != scored.y.shape:
        raise ValueError(f"{w.shape} weights for {len(scored)} rows; expected one per row")
    return w


def _check(y: Floats, p: NDArray[Any]) -> None:
    if y.ndim != 1 or p.ndim not in (1, 2) or len(y) != len(p) or p.shape[1:] in ((0,), (1,)):
        raise ValueError(f"outcomes of shape {y.shape} and forecasts of shape {p.shape}; expected (n,) and (n,) or (n, k), k at least 2")
    classes = 2 if p.ndim == 1 else p.shape[1]
    if not np.isin(y, np.arange(classes)).all():
        raise ValueError(f"an outcome is missing or no class; expected 0 to {classes - 1}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a forecast is missing or no probability; expected 0 to 1")
    if p.ndim == 2 and not np.allclose(p.sum(axis=1), 1, rtol=0, atol=1e-4):
        raise ValueError("a row's class probabilities do not sum to 1")


def _check_binary(scored: Scored) -> None:
    if not scored.binary:
        raise ValueError(f"a forecast of {scored.p.shape[1]} classes; expected a binary one")
