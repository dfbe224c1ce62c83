"""How much does one feature alone tell of the outcome? More than any honest input can, if the outcome leaked into its column."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.metrics import Scored, auc

Floats = npt.NDArray[np.float64]


def telling(values: Floats, happened: npt.NDArray[np.bool_]) -> float:
    """max(AUC, 1 - AUC) of a feature for a class against the others.

    Rows without a value stand together below all others, or above them, whichever tells more: that a value is missing may tell too.

    >>> telling(np.array([1.0, np.nan, 3.0, np.nan]), np.array([False, True, False, True]))
    1.0
    """
    missing = np.isnan(values)
    ranks = pd.Series(values).rank().to_numpy() / (len(values) + 1)
    edges = (0.0, 1.0) if missing.any() else (0.0,)
    areas = [auc(Scored(happened, np.where(missing, edge, ranks))) for edge in edges]
    return max(max(area, 1 - area) for area in areas)
