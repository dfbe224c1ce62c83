"""What a simulation is asked for, and what it brings back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from domain.policy import Policy
from experiments.demo_shop.arrays import Flags, Floats
from experiments.demo_shop.settings import ShopSettings
from training.settings import Settings

EVERYBODY = "all"


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    Attributes:
        shop: the shop; its period holds the days before the comparison and those of it.
        days: of the comparison, the period's last ones.
        policy: guard-rail, exploration, return windows; its economics are replaced by the shop's own.
        training: forests.
        retrain_days: models learn anew after so many days.
        impressions: that the order model learns from, the newest.
    """

    shop: ShopSettings
    days: int
    policy: Policy
    training: Settings
    retrain_days: int
    impressions: int

    @property
    def first(self) -> int:
        """The period's day on which the comparison begins."""
        return self.shop.days - self.days


@dataclass
class Result:
    """How a policy did under one seed.

    Attributes:
        sums: by part of the customers (`EVERYBODY`: all), the sums of `truth.METRICS` as expected of what was shown.
        by_day: expected kept margin of each day, cents.
    """

    sums: dict[str, dict[str, float]] = field(default_factory=dict)
    by_day: list[float] = field(default_factory=list)

    def add(self, values: Mapping[str, Floats], parts: Mapping[str, Flags]) -> None:
        """Count a day's visits."""
        for part, chosen in {EVERYBODY: np.ones(len(values["visits"]), dtype=bool), **parts}.items():
            sums = self.sums.setdefault(part, dict.fromkeys(values, 0.0))
            for name, value in values.items():
                sums[name] += float(value[chosen].sum())
        self.by_day.append(float(values["kept_margin"].sum()))
