"""From inputs to features: the same code for training rows and for the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from features.catalogue import Feature, Inputs, Values
from features.consent import SERVICE
from features.persons import Flags


def assemble(features: Iterable[Feature], inputs: Inputs, allowed: Mapping[str, Flags]) -> pd.DataFrame:
    """Apply the formulas of features.

    Args:
        features: which.
        inputs: everything that they read, of each row.
        allowed: per consent purpose, which rows' customers granted it; features of other purposes are missing.

    Returns:
        One row per row of the inputs, one float64 column per feature; NaN is missing.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame({feature.name: _one(feature, inputs, allowed) for feature in features})


def _one(feature: Feature, inputs: Inputs, allowed: Mapping[str, Flags]) -> Values:
    values = feature.formula(inputs)
    return values if feature.purpose == SERVICE else np.where(allowed[feature.purpose], values, np.nan)
