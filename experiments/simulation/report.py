"""From what each seed brought to what can be said: every metric with its interval, and each policy against ranking by conversion."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t as student

from experiments.simulation.plan import EVERYBODY, Result

BASELINE, ORACLE = "conversion", "oracle"
Sums = Mapping[str, float]
Runs = Mapping[int, Mapping[str, Result]]
"""Results by seed and policy."""

RATIOS: Mapping[str, Callable[[Sums], float]] = {
    "kept_margin_per_1000_views": lambda sums: _over(1_000 * sums["kept_margin"], sums["views"]),
    "revenue_per_1000_views": lambda sums: _over(1_000 * sums["revenue"], sums["views"]),
    "orders": lambda sums: sums["orders"],
    "units": lambda sums: sums["units"],
    "returns": lambda sums: sums["returns"],
    "return_rate": lambda sums: _over(sums["returns"], sums["units"]),
    "size_return_rate": lambda sums: _over(sums["size_returns"], sums["units"]),
    "order_accuracy": lambda sums: _over(sums["kept_styles"], sums["styles"]),
}
"""What is reported of a policy's sums over visits; see `MEANINGS`."""

MEANINGS: Mapping[str, str] = {
    "kept_margin_per_1000_views": "expected kept margin per 1,000 offers shown, cents",
    "revenue_per_1000_views": "value ordered per 1,000 offers shown, without VAT, cents",
    "orders": "expected orders over the days, mean of the seeds",
    "units": "expected units ordered",
    "returns": "expected units that come back",
    "return_rate": "units that come back, of those ordered",
    "size_return_rate": "units that come back for their size, of those ordered",
    "order_accuracy": "styles of which one size is kept, of those ordered: kept on the first order",
    "oracle_gain_share": "share of what the oracle earns above the ranking by conversion",
    "regret": "what the oracle earns more, as a share of what it earns",
}


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % interval (Student's t); the interval is missing with one seed."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Interval:
        """The mean of one value per seed.

        >>> Interval.of([1.0, 2.0, 3.0]).value
        2.0
        """
        found = list(values)
        mean = fmean(found)
        if len(found) < 2 or not all(math.isfinite(value) for value in found):
            return cls(mean, math.nan, math.nan)
        half = float(student.ppf(0.975, len(found) - 1)) * stdev(found) / math.sqrt(len(found))
        return cls(mean, mean - half, mean + half)

    def to_json(self) -> dict[str, float | None]:
        """As plain values; null where undefined."""
        return {name: None if math.isnan(value) else value for name, value in vars(self).items()}

    @property
    def above(self) -> bool:
        """Whether all of it lies above 0."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether all of it lies below 0."""
        return self.high < 0


@dataclass(frozen=True)
class Report:
    """What a simulation found.

    Attributes:
        shop: the shop's name.
        seeds: of the runs.
        policies: metrics by policy.
        versus: relative differences by "POLICY/conversion", paired by seed.
        parts: metrics by policy and part of the customers.
        parts_versus: relative differences by "POLICY/conversion" and part.
        by_day: kept margin by policy and day of the comparison, cents, mean over the seeds.
    """

    shop: str
    seeds: tuple[int, ...]
    policies: Mapping[str, Mapping[str, Interval]]
    versus: Mapping[str, Mapping[str, Interval]]
    parts: Mapping[str, Mapping[str, Mapping[str, Interval]]]
    parts_versus: Mapping[str, Mapping[str, Mapping[str, Interval]]]
    by_day: Mapping[str, tuple[float, ...]]

    def to_json(self) -> dict[str, Any]:
        """As plain values: shop, seeds, policies, versus, and the same by part of the customers."""
        return {
            "shop": self.shop,
            "seeds": list(self.seeds),
            "policies": {policy: _plain(metrics) for policy, metrics in self.policies.items()},
            "versus": {pair: _plain(metrics) for pair, metrics in self.versus.items()},
            "slices": {policy: {part: _plain(metrics) for part, metrics in parts.items()} for policy, parts in self.parts.items()},
            "slices_versus": {
                pair: {part: _plain(metrics) for part, metrics in parts.items()} for pair, parts in self.parts_versus.items()
            },
            "meanings": dict(MEANINGS),
        }


def report(shop: str, runs: Runs) -> Report:
    """Put the seeds together."""
    seeds, names = tuple(runs), tuple(next(iter(runs.values())))
    parts = [part for part in next(iter(next(iter(runs.values())).values())).sums if part != EVERYBODY]
    against = [name for name in names if BASELINE in names and name != BASELINE]
    return Report(
        shop=shop,
        seeds=seeds,
        policies={name: _metrics(runs, name, EVERYBODY) for name in names},
        versus={f"{name}/{BASELINE}": _versus(runs, name, EVERYBODY) for name in against},
        parts={name: {part: _metrics(runs, name, part) for part in parts} for name in names},
        parts_versus={f"{name}/{BASELINE}": {part: _versus(runs, name, part) for part in parts} for name in against},
        by_day={
            name: tuple(fmean(day) for day in zip(*(results[name].by_day for results in runs.values()), strict=True)) for name in names
        },
    )


def _metrics(runs: Runs, name: str, part: str) -> dict[str, Interval]:
    found = {metric: Interval.of(of(results[name].sums[part]) for results in runs.values()) for metric, of in RATIOS.items()}
    names = next(iter(runs.values()))
    if ORACLE in names:
        found["regret"] = Interval.of(1 - _over(_earned(results, name, part), _earned(results, ORACLE, part)) for results in runs.values())
    if ORACLE in names and BASELINE in names:
        found["oracle_gain_share"] = Interval.of(_gain_share(results, name, part) for results in runs.values())
    return found


def _versus(runs: Runs, name: str, part: str) -> dict[str, Interval]:
    """Relative differences, seed by seed: luck that both share falls out."""
    return {
        metric: Interval.of(_relative(of(results[name].sums[part]), of(results[BASELINE].sums[part])) for results in runs.values())
        for metric, of in RATIOS.items()
    }


def _relative(value: float, base: float) -> float:
    """How much more, as a share of the base; undefined where the base earns nothing, or loses."""
    return value / base - 1 if base > 0 else math.nan


def _gain_share(results: Mapping[str, Result], name: str, part: str) -> float:
    base = _earned(results, BASELINE, part)
    return _over(_earned(results, name, part) - base, _earned(results, ORACLE, part) - base)


def _earned(results: Mapping[str, Result], name: str, part: str) -> float:
    return results[name].sums[part]["kept_margin"]


def _over(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _plain(metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: interval.to_json() for name, interval in metrics.items()}
