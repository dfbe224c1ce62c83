"""The fit_feedback table: a quarter of the delivered sizes get a verdict, more often from those they do not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from domain.tables import VERDICTS
from experiments.demo_shop.arrays import DAY, moments, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import Deliveries, line_ids
from experiments.demo_shop.fit import FITS
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.people import People
from experiments.demo_shop.telling import some_told_late

_SPEAKS = 0.24
_SPEAKS_WHEN_UNHAPPY = 0.42
_SLIP = 0.04
"""Share of verdicts ticked at random (guess, like the two shares above)."""


def fit_feedback_table(
    people: People, assortment: Assortment, lines: Lines, deliveries: Deliveries, outcomes: Outcomes, noise: Noise
) -> pd.DataFrame:
    """Verdicts given half a day to ten days after delivery, a few told late."""
    sized = assortment.sku_number[lines.sku] > 0
    speaks = noise.uniform("speaks", lines.key, lines.sku) < np.where(outcomes.verdict == FITS, _SPEAKS, _SPEAKS_WHEN_UNHAPPY)
    given = deliveries.delivered + ((0.5 + 9.5 * noise.uniform("given", lines.key, lines.sku)) * DAY).astype(np.int64)
    any_verdict = (len(VERDICTS) * noise.uniform("slips to", lines.key, lines.sku)).astype(np.int64)
    said = np.where(noise.uniform("slips", lines.key, lines.sku) < _SLIP, any_verdict, outcomes.verdict)
    rows = np.flatnonzero(sized & speaks)
    verdicts = pd.DataFrame(
        {
            "customer_id": picked(people.ids, lines.customer[rows]),
            "sku": picked(assortment.skus, lines.sku[rows]),
            "line_id": line_ids(lines.number[rows]),
            "given_at": moments(given[rows]),
            "verdict": picked(VERDICTS, said[rows]),
        }
    )
    return some_told_late(verdicts, "given_at", (lines.key[rows], lines.sku[rows]), "verdict", noise)
