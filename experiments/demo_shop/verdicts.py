"""The fit_feedback table: a quarter of the delivered sizes get a verdict, more often from those they do not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from domain.tables import VERDICTS
from experiments.demo_shop.arrays import DAY, Texts, moments, named
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import Deliveries
from experiments.demo_shop.fit import FITS
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.people import People
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines

_SPEAKS = 0.24
_SPEAKS_WHEN_UNHAPPY = 0.42
_SLIP = 0.04
"""Share of verdicts ticked at random (guess, like the two shares above)."""


def fit_feedback_table(
    settings: ShopSettings,
    people: People,
    assortment: Assortment,
    lines: Lines,
    line_ids: Texts,
    deliveries: Deliveries,
    outcomes: Outcomes,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Verdicts given half a day to ten days after delivery."""
    count = len(lines.order)
    sized = assortment.sku_number[lines.sku] > 0
    speaks = rng.random(count) < np.where(outcomes.verdict == FITS, _SPEAKS, _SPEAKS_WHEN_UNHAPPY)
    given = deliveries.delivered[lines.order] + (rng.uniform(0.5, 10, count) * DAY).astype(np.int64)
    said = np.where(rng.random(count) < _SLIP, rng.integers(0, len(VERDICTS), count), outcomes.verdict)
    rows = np.flatnonzero(sized & speaks & (given < settings.end))
    return pd.DataFrame(
        {
            "customer_id": people.ids[lines.customer[rows]],
            "sku": assortment.skus[lines.sku[rows]],
            "line_id": line_ids[rows],
            "given_at": moments(given[rows]),
            "verdict": named(VERDICTS, said[rows]),
        }
    )
