"""Lets MLflow load a release for batch scoring: data in, probabilities out, and no pickle on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features.build import FEATURE_NAMES, FEATURE_SET_HASH
from training.model import CLASSES, Release, load


def outputs(kinds: tuple[str, ...]) -> list[str]:
    """Names of the output columns: a probability for each class of each model, such as fit_small."""
    return [f"{kind}_{name}" for kind in kinds for name in CLASSES[kind]]


class Scorer:
    """A release as MLflow's generic Python model."""

    def __init__(self, release: Release) -> None:
        self.release = release

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Calibrated probabilities for rows of features, one column per `outputs`."""
        rows = model_input[list(FEATURE_NAMES)]
        columns = np.hstack([model.predict(rows) for model in self.release.models.values()])
        return pd.DataFrame(columns, columns=outputs(tuple(self.release.models)), index=model_input.index)


def _load_pyfunc(path: str) -> Scorer:
    """MLflow's door: `path` is the release's folder."""
    return Scorer(load(Path(path), feature_set=FEATURE_SET_HASH))
