"""Calibrates over the newer half of the past, step by step, and then learns from all of it: no single month's luck sets the level.

A shop's return rate moves from month to month, and a few hundred returns of one block tell little of the next. Forecasts of the past,
each made by trees that knew only the rows before, are what the next month's forecast will be like; calibrated on all of them, it
errs as little as they did on average (rolling-origin evaluation: Tashman 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.blocks import Split
from training.model import Model, binned, calibrated, grow
from training.open_lines import Open, open_at
from training.rows import Rows
from training.settings import Batches, Forest, Rolling

ROLLING = ("return", "reason")
"""The models that are calibrated so: of the reasons, the rarest may be missing from any shorter block."""

Track = Callable[[Iterable[int]], Iterable[int]]


def fit_rolling(
    rows: Rows,
    inputs: pd.DataFrame,
    split: Split,
    forest: Forest,
    rolling: Rolling,
    intervals: Batches,
    *,
    seed: int,
    threads: int,
    track: Track = iter,
) -> Model:
    """Train on all rows that were known at the cut, calibrated on forecasts of their newest share.

    Args:
        rows: return or reason rows, oldest first.
        inputs: their features.
        split: which of them were known.
        forest: settings of the trees.
        rolling: settings of the calibration, and of lines whose window is open.
        intervals: what its intervals are of; they are learned on the same forecasts.
        seed: seed of the draws of rows and features.
        threads: LightGBM's threads.
        track: wraps each loop over trees, to show progress.

    Raises:
        NotEnoughData: a class is missing from what the first step learns from, or from all steps.
    """

    def grown(numbers: npt.NDArray[np.int64], early: Open | None = None) -> Model:
        data, weights = (inputs.iloc[numbers], rows.y[numbers]), None
        if early is not None:
            data = pd.concat([data[0], inputs.iloc[early.numbers]]), np.concatenate([data[1], early.y])
            weights = np.concatenate([np.ones(len(numbers)), early.weights])
        return grow(rows.kind, binned(rows.kind, data, weights=weights), forest, seed=seed, threads=threads, track=track)

    learned, weighted = np.concatenate([split.train, split.calibrate]), rolling.open_lines == "weight" and rows.kind == "return"
    borders = np.round(len(learned) * np.linspace(1 - rolling.share, 1, rolling.steps + 1)).astype(int)
    raw = [grown(learned[:start]).raw(inputs.iloc[learned[start:end]], threads=threads) for start, end in pairwise(borders)]
    later, model = learned[borders[0] :], grown(learned, open_at(rows, split) if weighted else None)
    return calibrated(model, np.concatenate(raw), inputs.iloc[later], rows.y[later], intervals, seed=seed)
