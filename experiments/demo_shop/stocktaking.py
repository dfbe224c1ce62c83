"""The stock table: one count of every sku on the shop's last evening."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, moments
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines

_RECENT_DAYS = 60


def stock_table(settings: ShopSettings, assortment: Assortment, lines: Lines, rng: np.random.Generator) -> pd.DataFrame:
    """About a month of recent sales each, from none to plenty (gamma-Poisson; guess)."""
    recent = lines.sku[lines.when >= settings.end - _RECENT_DAYS * DAY]
    sold = np.bincount(recent, minlength=len(assortment.skus))
    expected = rng.gamma(1.0, 1.0, len(sold)) * (2 + sold / 2)
    return pd.DataFrame(
        {
            "sku": assortment.skus,
            "location": "main",
            "at": moments(np.full(len(sold), settings.end - 3_600)),
            "available": rng.poisson(expected),
        }
    )
