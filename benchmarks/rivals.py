"""Other makers' forests, as rivals of a walk-forward: what a data scientist would reach for first, with its own defaults."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from catboost import CatBoostClassifier
from sklearn.ensemble import HistGradientBoostingClassifier

from experiments.walk_forward import Classes, Floats, Rival

SEED = 1
THREADS = 2


class CatBoost:
    """Prokhorenkova et al. 2018, with its defaults: 1,000 trees of depth 6, learning rate chosen by itself."""

    name = "CatBoost"

    def fit(self, inputs: Floats, y: Classes) -> Callable[[Floats], Floats]:
        """As `Rival` says."""
        model = CatBoostClassifier(random_seed=SEED, thread_count=THREADS, verbose=0, allow_writing_files=False).fit(inputs, y)
        return lambda asked: np.asarray(model.predict_proba(asked), dtype="float64")


class HistGradientBoosting:
    """scikit-learn's, with its defaults: 100 trees of 31 leaves; from 10,000 rows on it stops early by itself."""

    name = "HistGradientBoosting"

    def fit(self, inputs: Floats, y: Classes) -> Callable[[Floats], Floats]:
        """As `Rival` says."""
        model = HistGradientBoostingClassifier(random_state=SEED).fit(inputs, y)
        return lambda asked: np.asarray(model.predict_proba(asked), dtype="float64")


RIVALS: tuple[Rival, ...] = (CatBoost(), HistGradientBoosting())
"""The third, a logistic regression, is among the baselines of every backtest."""
