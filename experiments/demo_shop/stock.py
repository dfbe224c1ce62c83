"""What lies in the warehouse: some skus are bought in once and sell out, the others are refilled every week up to what sold lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, moments, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.settings import ShopSettings

_LINES_PER_VISIT = 0.55
"""What the buyers expect of a visit when they order a new style (guess)."""

_FORGETS = 0.05
"""Weight of the latest day in the rate of sales."""

_FEWEST = 1.0


@dataclass
class Stock:
    """Units by sku; it changes from day to day.

    Attributes:
        units: that can be sold.
        rate: units sold a day, lately.
        scarce: bought in once.
        scarce_units: how many, when the style comes out.
        arrives_at: when a style's first units arrive: at its launch.
        cover_days: up to how many days of sales the others are refilled.
    """

    units: Ints
    rate: Floats
    scarce: Flags
    scarce_units: Ints
    arrives_at: Ints
    cover_days: float

    @classmethod
    def of(cls, settings: ShopSettings, assortment: Assortment, visits_per_day: float) -> Stock:
        """An empty warehouse with its plans."""
        numbers, noise = settings.world.stock, Noise(settings.seed)
        skus = np.arange(len(assortment.skus))
        style = assortment.sku_style
        per_day = visits_per_day * _LINES_PER_VISIT / max(1, len(skus))
        luck = noise.exponential("bought in", skus)
        return cls(
            units=np.zeros(len(skus), dtype=np.int64),
            rate=np.full(len(skus), per_day),
            scarce=noise.uniform("scarce", style) < numbers.scarce_share,
            scarce_units=np.rint(_FEWEST + luck * per_day * numbers.scarce_days).astype(np.int64),
            arrives_at=assortment.launched[style],
            cover_days=numbers.cover_days,
        )

    def copy(self) -> Stock:
        """One that can go its own way."""
        return Stock(self.units.copy(), self.rate.copy(), self.scarce, self.scarce_units, self.arrives_at, self.cover_days)

    def receive(self, begins: int, day: int) -> None:
        """What arrives in the morning: new styles, and once a week what is to be refilled."""
        ends = begins + DAY
        first = (self.arrives_at < ends) & ((self.arrives_at >= begins) | (day == 0))
        self.units[first & self.scarce] = self.scarce_units[first & self.scarce]
        if day % 7 == 0 or first.any():
            due = (~self.scarce) & (self.arrives_at < ends) & ((day % 7 == 0) | first)
            target = np.ceil(_FEWEST + self.rate * self.cover_days).astype(np.int64)
            self.units[due] = np.maximum(self.units[due], target[due])

    def sell(self, sku: Ints, quantity: Ints) -> Flags:
        """Take lines off the shelf in their order; what is not there any more is not sold."""
        order = np.argsort(sku, kind="stable")
        running = np.cumsum(quantity[order])
        starts = np.r_[True, sku[order][1:] != sku[order][:-1]] if len(sku) else np.zeros(0, dtype=bool)
        before = np.maximum.accumulate(np.where(starts, running - quantity[order], 0)) if len(sku) else running
        sold = np.zeros(len(sku), dtype=bool)
        sold[order] = running - before <= self.units[sku[order]]
        return sold

    def close(self, sku: Ints, quantity: Ints) -> None:
        """The day is over: these lines left the warehouse."""
        gone = np.bincount(sku, weights=quantity, minlength=len(self.units))
        self.units -= gone.astype(np.int64)
        self.rate += _FORGETS * (gone - self.rate)


def stock_table(assortment: Assortment, units: Ints, at: int) -> pd.DataFrame:
    """A count of every sku at a moment."""
    return pd.DataFrame(
        {
            "sku": picked(assortment.skus, np.arange(len(units))),
            "location": picked(("main",), np.zeros(len(units), dtype=np.int64)),
            "at": moments(np.full(len(units), at)),
            "available": units,
        }
    )
