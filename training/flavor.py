"""Lets MLflow load a release for batch scoring: data in, probabilities out, and no pickle on the way."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from features.build import FEATURE_SET_HASH
from training.model import CLASSES, Release, load


def outputs(kinds: Collection[str]) -> list[str]:
    """Names of the output columns, in their order: a probability for each class of each model, such as fit_small."""
    return [f"{kind}_{name}" for kind, names in CLASSES.items() if kind in kinds for name in names]


class Scorer:
    """A release as MLflow's generic Python model."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Calibrated probabilities for rows of features, one column per `outputs`."""
        models = self.release.models
        columns = np.hstack([models[kind].predict(model_input) for kind in CLASSES if kind in models])
        return pd.DataFrame(columns, columns=outputs(models), index=model_input.index)


def _load_pyfunc(path: str) -> Scorer:
    """MLflow's door: `path` is the release's folder."""
    return Scorer(load(Path(path), feature_set=FEATURE_SET_HASH))
