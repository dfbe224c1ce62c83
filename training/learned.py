"""What a forest learns from: which classes a model tells apart, which inputs it may read, and its rows, sorted into bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from training.identity import may_read

Floats = npt.NDArray[np.float64]

CLASSES: Mapping[str, tuple[str, ...]] = {
    "return": ("kept", "returned"),
    "reason": ("size", "quality", "taste", "other"),
    "fit": ("small", "fits", "large"),
    "order": ("not_ordered", "ordered"),
}
"""What each model tells apart, in the order of its probabilities."""

SHOWN_POSITION = "shown_position"
"""The place in the list that an offer was shown at, 1 at the top."""

FIXED: Mapping[str, Mapping[str, float]] = {"return": {}, "reason": {}, "fit": {}, "order": {SHOWN_POSITION: 1.0}}
"""Training-only inputs of each model, and what they are held at when it predicts.

Offers further down are seen less. A model that learns from the position does not blame the offer for it; with every offer at the top,
only what the offer and the shopper bring is left (position as a feature that is held when serving: Guo et al. 2019, PAL, its baseline).
"""


@dataclass(frozen=True, eq=False)
class Binned:
    """Rows to learn from, sorted into LightGBM's bins.

    Attributes:
        features: names of the inputs that a caller of the model has to give.
        rows: the rows; LightGBM bins them when it first grows a tree of them, or when `construct` is called.
        base_rates: share of each class.
    """

    features: tuple[str, ...]
    rows: lgb.Dataset
    base_rates: tuple[float, ...]


def binned(kind: str, train: tuple[pd.DataFrame, npt.NDArray[np.int64]], *, weights: Floats | None = None, reused: bool = False) -> Binned:
    """Rows to learn from, as `fit` takes them.

    Args:
        kind: "return", "reason", "fit" or "order".
        train: features, the training-only inputs of `FIXED`, and classes (0, 1, …); features that the kind may not read
            (`training.identity`) are left out.
        weights: how much each row counts; all alike where none are given.
        reused: several forests of different settings are grown of them; inputs that a setting makes useless are kept then.

    Raises:
        NotEnoughData: a class is missing.
        KeyError: a training-only input is missing.
    """
    inputs, y = train
    features = tuple(name for name in inputs.columns if name not in FIXED[kind] and may_read(kind, name))
    columns = [*features, *FIXED[kind]]
    classes = CLASSES[kind]
    counts = np.bincount(y, minlength=len(classes))
    if (counts == 0).any():
        raise NotEnoughData(f"no row of class {classes[int(np.argmin(counts))]!r} to learn from", advice="give more rows")
    kept: dict[str, object] | None = {"feature_pre_filter": False, "verbose": -1} if reused else None
    values = inputs[columns].to_numpy(dtype="float64")
    rows = lgb.Dataset(values, label=y, weight=weights, feature_name=columns, params=kept, free_raw_data=True)
    return Binned(features, rows, tuple((counts / counts.sum()).tolist()))
