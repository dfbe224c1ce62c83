"""Says which facts moved an offer's risk of coming back most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.build import FEATURES
from serving.wire import Reason
from training.model import Model

EXPLAINED = 20
"""Offers that are explained at most: each costs milliseconds."""

_REASONS = 3
_DECIMALS = 4
_SHARE_DECIMALS = 6
_MEANING = {feature.name: feature.meaning for feature in FEATURES}


def reasons(model: Model, inputs: pd.DataFrame) -> list[list[Reason]]:
    """For each row of features, the three that moved P(return) most, the strongest first."""
    return [_strongest(model.features, row) for row in model.contributions(inputs, of="returned")]


def shared_out(model: Model, inputs: pd.DataFrame, p_return: Sequence[float]) -> list[dict[str, float]]:
    """P(returned for a reason | ordered) of each group of reasons: P(return) times the reason model's share; they add up to P(return).

    Args:
        model: the reason model.
        inputs: rows of features.
        p_return: P(return | ordered) of each row.
    """
    joint = model.predict(inputs) * np.asarray(p_return)[:, None]
    return [dict(zip(model.classes, map(float, row), strict=True)) for row in np.round(joint, _SHARE_DECIMALS)]


def _strongest(names: Sequence[str], contributions: npt.NDArray[np.float64]) -> list[Reason]:
    order = np.argsort(-np.abs(contributions), kind="stable")[:_REASONS]
    moved = [(names[at], round(float(contributions[at]), _DECIMALS)) for at in order]
    return [
        Reason(feature=name, meaning=_MEANING[name], effect="raises" if log_odds > 0 else "lowers", log_odds=log_odds)
        for name, log_odds in moved
        if log_odds
    ]
