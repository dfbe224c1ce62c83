"""Which settings are tried: a range for each of a forest's settings, declared once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from training.settings import Forest

Tried = Mapping[str, int | float]
"""Values of the settings that are searched, by name."""

_DIGITS = 3
"""Proposed numbers are rounded to so many significant digits: more would only look exact."""


@dataclass(frozen=True)
class Range:
    """Where one setting is searched, on a logarithmic or a linear scale, its ends included.

    Attributes:
        low: the least value.
        high: the greatest.
        logarithmic: halving and doubling are steps of the same size.
    """

    low: int | float
    high: int | float
    logarithmic: bool = False

    def distribution(self) -> BaseDistribution:
        """The same for Optuna."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.logarithmic)
        return FloatDistribution(self.low, self.high, log=self.logarithmic)

    def __contains__(self, value: int | float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Space:
    """What is searched for one model.

    Attributes:
        ranges: by setting of `training.settings.Forest`.
        held: settings that are not searched, and why they stay what they are.
    """

    ranges: Mapping[str, Range]
    held: Mapping[str, float]

    def __post_init__(self) -> None:
        told, settings = [*self.ranges, *self.held], [field.name for field in fields(Forest)]
        if sorted(told) != sorted(settings):
            raise ValueError(f"searched or held are {told}, and not each of {settings} once")

    def distributions(self) -> dict[str, BaseDistribution]:
        """The ranges for Optuna."""
        return {name: searched.distribution() for name, searched in self.ranges.items()}

    def forest(self, tried: Tried) -> Forest:
        """The settings that a trial proposes: its values, rounded, and what is held.

        Raises:
            SettingsRefused: a value is impossible.
        """
        return Forest(**{name: self._rounded(name, value) for name, value in tried.items()}, **self.held)  # type: ignore[arg-type]

    def tried(self, forest: Forest) -> Tried | None:
        """The values that propose this forest; None if it lies outside of the space."""
        values = asdict(forest)
        inside = all(values[name] in searched for name, searched in self.ranges.items())
        same = all(values[name] == value for name, value in self.held.items())
        return {name: values[name] for name in self.ranges} if inside and same else None

    def hash(self) -> str:
        """The same for the same space (SHA-256, 12 hex digits)."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]

    def lines(self) -> Iterator[str]:
        """What is searched, a line per setting."""
        for name, searched in self.ranges.items():
            yield f"{name:>22}  {searched.low:g} to {searched.high:g}{', logarithmic' if searched.logarithmic else ''}"
        for name, value in self.held.items():
            yield f"{name:>22}  {value:g}, held"

    def _rounded(self, name: str, value: int | float) -> int | float:
        if isinstance(value, int):
            return value
        return min(max(float(f"{value:.{_DIGITS}g}"), self.ranges[name].low), self.ranges[name].high)


_EVERY_MODEL = {
    "trees": Range(50, 1_000, logarithmic=True),
    "learning_rate": Range(0.01, 0.2, logarithmic=True),
    "leaves": Range(4, 64, logarithmic=True),
    "fewest_rows_per_leaf": Range(20, 1_000, logarithmic=True),
    "share_of_features": Range(0.1, 1.0),
    "share_of_rows": Range(0.5, 1.0),
    "l2": Range(0.1, 100.0, logarithmic=True),
}
_WHERE_POSITION_IS_READ = {name: searched for name, searched in _EVERY_MODEL.items() if name != "share_of_features"}

SPACES: Mapping[str, Space] = {
    "return": Space(_EVERY_MODEL, {}),
    "reason": Space(_EVERY_MODEL, {}),
    "fit": Space(_EVERY_MODEL, {}),
    "order": Space(_WHERE_POSITION_IS_READ, {"share_of_features": 1.0}),
}
"""By model. Every tree of the order model has to know the position, so it draws no features (decision 0008)."""
