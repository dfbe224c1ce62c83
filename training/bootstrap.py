"""How sure are we: the range a metric would move in, had other customers come to the shop.

The lines of one customer are not independent (the same body, the same habits), so customers are drawn with replacement, not lines
(cluster bootstrap, percentile interval: Efron and Tibshirani 1993, ch. 13; Cameron, Gelbach and Miller 2008). A draw is a whole
number per customer, used as the weight of all of that customer's rows, so no row is ever copied.

Resampling adds noise, and noise can only raise a calibration error: the range of `ece` lies high and may even lie above its value
(Nixon et al. 2019, on the bias of ECE). Read its upper end as a cautious bound.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from training.metrics import NAMES, Floats, Scored, metrics

RESAMPLES = 200
LEVEL = 0.95
UNDEFINED_ALLOWED = 0.05
"""The share of resamples in which a metric may be undefined before its interval is, too."""

Clusters = Sequence[Hashable] | NDArray[Any] | pd.Series


@dataclass(frozen=True)
class Interval:
    """A metric on all rows, and the range in which it is believed to lie.

    Attributes:
        value: the metric, NaN where it is undefined.
        low: lower end, NaN where there is no range to give.
        high: upper end, likewise.
    """

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """As plain values, with null for NaN.

        >>> Interval(0.5, 0.4, math.nan).to_json()
        {'value': 0.5, 'low': 0.4, 'high': None}
        """
        ends = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if math.isnan(end) else end for name, end in ends.items()}


def intervals(
    y: ArrayLike,
    p: ArrayLike,
    clusters: Clusters,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    names: Sequence[str] = NAMES,
    parts: ArrayLike | None = None,
) -> dict[str, Interval]:
    """Metrics of one forecast, each with its percentile interval over resampled customers.

    A resample in which a metric is undefined (no returned line drawn, say) is left out of its percentiles; where that happens in more
    than 5 % of them, or where there is only one customer, the ends are NaN.

    Args:
        y: outcomes, (n,).
        p: forecasts, (n,) or (n, k).
        clusters: the customer of each row, (n,).
        seed: same seed, same rows in the same order: same intervals.
        resamples: how many draws; with 0 there are values only.
        level: coverage aimed at, 0-1.
        names: which of `training.metrics.METRICS`.
        parts: the part of each row, such as its month, (n,): a metric is then the mean of its values in the parts, and a customer who
            is drawn is drawn in all of them.

    Raises:
        ValueError: lengths differ, a row has no customer, or `Scored` or `metrics` refuse their part.
    """
    scored = _Parted(y, p, parts)
    draws = [scored.means(names, weights) for weights in _resampled(clusters, scored.rows, seed, resamples)]
    columns = np.array(draws, dtype=np.float64).reshape(-1, len(names)).T
    whole = zip(names, scored.means(names), columns, strict=True)
    return {name: _interval(value, column, resamples, level) for name, value, column in whole}


def paired_difference(
    y: ArrayLike,
    p_a: ArrayLike,
    p_b: ArrayLike,
    clusters: Clusters,
    metric: str,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    parts: ArrayLike | None = None,
) -> Interval:
    """What changes from forecast a (the champion) to b (the challenger): metric(b) - metric(a), on the same resampled customers.

    Both forecasts meet the same luck in each draw, so the range is as narrow as the comparison allows. With `parts`, as in `intervals`.

    Raises:
        ValueError: as for `intervals`.
    """
    a, b = _Parted(y, p_a, parts), _Parted(y, p_b, parts)

    def difference(weights: Floats | None) -> float:
        return b.means((metric,), weights)[0] - a.means((metric,), weights)[0]

    draws = np.array([difference(weights) for weights in _resampled(clusters, a.rows, seed, resamples)], dtype=np.float64)
    return _interval(difference(None), draws, resamples, level)


class _Parted:
    """Outcomes beside their forecasts, part by part."""

    def __init__(self, y: ArrayLike, p: ArrayLike, parts: ArrayLike | None) -> None:
        scored = Scored(y, p)
        number = np.zeros(len(scored), dtype=np.intp) if parts is None else pd.factorize(np.asarray(parts))[0]
        if len(number) != len(scored):
            raise ValueError(f"parts of {len(number)} rows for {len(scored)}; expected one per row")
        rows = [np.flatnonzero(number == part) for part in range(int(number.max(initial=0)) + 1)]
        self.rows = len(scored)
        self.parts = [(chosen, Scored(scored.y[chosen], scored.p[chosen])) for chosen in rows]

    def means(self, names: Sequence[str], weights: Floats | None = None) -> list[float]:
        """The mean over the parts of each metric."""
        found = [metrics(scored, None if weights is None else weights[chosen], names) for chosen, scored in self.parts]
        return [sum(one[name] for one in found) / len(found) for name in names]


def ratios(numerators: ArrayLike, denominators: ArrayLike, clusters: Clusters, *, seed: int) -> list[Interval]:
    """Σ numerators / Σ denominators of each column, on the same resampled customers.

    With ones below it is a mean; with one forecast's hits above another's, how many times as much it hits.

    Args:
        numerators: (n, k).
        denominators: (n, k), or what broadcasts to it.
        clusters: the customer of each row, (n,).
        seed: of the draws.

    Raises:
        ValueError: lengths differ, or a row has no customer.
    """
    above = np.asarray(numerators, dtype=np.float64)
    below = np.broadcast_to(np.asarray(denominators, dtype=np.float64), above.shape)

    def ratio(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (weights @ above) / (weights @ below)
        return np.where(np.isfinite(found), found, np.nan)

    draws = np.array([ratio(weights) for weights in _resampled(clusters, len(above), seed, RESAMPLES)]).reshape(-1, above.shape[1])
    whole = ratio(np.ones(len(above)))
    return [_interval(float(value), column, RESAMPLES, LEVEL) for value, column in zip(whole, draws.T, strict=True)]


def _resampled(clusters: Clusters, rows: int, seed: int, resamples: int) -> Iterator[Floats]:
    """Row weights per draw: customers' counts ~ Multinomial(C; 1/C, …, 1/C); nothing where there is nobody else to draw."""
    customer, count = _numbered(clusters, rows)
    if count < 2:
        return
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        times = np.bincount(rng.integers(0, count, size=count), minlength=count)
        yield times.astype(np.float64)[customer]


def _numbered(clusters: Clusters, rows: int) -> tuple[NDArray[np.intp], int]:
    keys = pd.Series(clusters if isinstance(clusters, np.ndarray | pd.Series) else list(clusters))
    if len(keys) != rows:
        raise ValueError(f"{len(keys)} customers for {rows} rows; expected one per row")
    customer, distinct = pd.factorize(keys)
    if (customer < 0).any():
        raise ValueError(f"row {int(np.argmin(customer))} has no customer; give guests a key of their own")
    return customer, len(distinct)


def _interval(value: float, draws: Floats, resamples: int, level: float) -> Interval:
    defined = draws[~np.isnan(draws)]
    if len(defined) == 0 or len(defined) < (1 - UNDEFINED_ALLOWED) * resamples:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))
