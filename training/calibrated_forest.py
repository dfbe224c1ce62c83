"""One model: a calibrated forest, and what it says of rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
import pandas as pd

from training.calibration import Calibration
from training.compiled import Compiled, ForestUnwalkable
from training.intervals import Bounds, Intervals, newcomers
from training.learned import CLASSES, FIXED, Floats, raw_scores

logger = logging.getLogger("keeprank.model")


@dataclass(frozen=True, eq=False)
class Model:
    """A calibrated forest.

    Attributes:
        kind: "return", "reason", "fit" or "order".
        features: names of the inputs that a caller has to give, in order; the trees read those of `fixed` after them.
        booster: the trees.
        calibration: makes their scores come true.
        base_rates: share of each class among the rows it learned from.
        intervals: how far the rate of a batch of like rows may stray from its probability.
        shift: log-odds of the last class that it adds when it serves: what it learned from was drawn (`training.sampled`), and
            happens at another rate than in the shop. 0 for a model of what really happened.
    """

    kind: str
    features: tuple[str, ...]
    booster: lgb.Booster
    calibration: Calibration
    base_rates: tuple[float, ...]
    intervals: Intervals
    shift: float = 0.0

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart."""
        return CLASSES[self.kind]

    @property
    def fixed(self) -> Mapping[str, float]:
        """Its training-only inputs, and what they are held at."""
        return FIXED[self.kind]

    @property
    def columns(self) -> tuple[str, ...]:
        """All that its trees read, in order."""
        return (*self.features, *self.fixed)

    def predict(self, inputs: pd.DataFrame, *, threads: int = 1, as_seen: bool = False) -> Floats:
        """Calibrated probabilities (rows, classes) for rows of features; further columns are ignored.

        Args:
            inputs: a column per feature.
            threads: LightGBM's threads.
            as_seen: take the training-only inputs from columns of `inputs` instead of holding them, and add no `shift`:
                probabilities of what happened at the positions where it did, to be compared with it.
        """
        calibration = self.calibration if as_seen else self.calibration.shifted(self.shift)
        return calibration.apply(raw_scores(self.booster, self._read(inputs, as_seen=as_seen), threads))

    def score(self, rows: Floats) -> Floats:
        """What `predict` says of the same rows (n, features), given as numbers in the order of `features`: for who serves."""
        calibration = self.calibration.shifted(self.shift)
        if self.fixed:
            rows = np.hstack([rows, np.broadcast_to(np.array(list(self.fixed.values())), (len(rows), len(self.fixed)))])
        return calibration.apply(raw_scores(self.booster, rows, 1) if self.compiled is None else self.compiled.probabilities(rows))

    @cached_property
    def compiled(self) -> Compiled | None:
        """The trees made ready to be walked quickly; None for a forest that only LightGBM can evaluate, which then does."""
        try:
            return Compiled.of(self.booster.model_to_string())
        except ForestUnwalkable as unwalkable:
            logger.warning("the %s model is left to LightGBM: %s", self.kind, unwalkable)
            return None

    def interval(self, inputs: pd.DataFrame, p: Floats, *, of: str) -> Bounds:
        """Between which rates batches of rows like each are of class `of`, given its probabilities `p` (n,) as `predict` says them."""
        return self.intervals.of(p, newcomers(inputs), self.classes.index(of))

    def raw(self, inputs: pd.DataFrame, *, threads: int = 1) -> Floats:
        """What its trees say (rows, classes), at the positions where things happened: nothing has made it come true yet."""
        return raw_scores(self.booster, self._read(inputs, as_seen=True), threads)

    def contributions(self, inputs: pd.DataFrame, *, of: str) -> Floats:
        """What each feature adds to the raw log-odds of class `of` (rows, features): Shapley values of the trees (Lundberg 2018).

        Training-only inputs are held, and their own share is left out. Costs milliseconds a row: ask for the offers that are shown,
        never for all candidates.
        """
        rows = self._read(inputs, as_seen=False)
        found = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1), dtype="float64")
        blocks = found.reshape(len(rows), -1, len(self.columns) + 1)
        number = 0 if blocks.shape[1] == 1 else self.classes.index(of)
        sign = -1.0 if blocks.shape[1] == 1 and of == self.classes[0] else 1.0
        return np.asarray(sign * blocks[:, number, : len(self.features)])

    def gains(self) -> Floats:
        """What each of its columns brought: total reduction of the loss by its splits."""
        return np.asarray(self.booster.feature_importance("gain"), dtype="float64")

    def _read(self, inputs: pd.DataFrame, *, as_seen: bool) -> Floats:
        if as_seen:
            return inputs[list(self.columns)].to_numpy(dtype="float64")
        held = np.tile(np.array(list(self.fixed.values()), dtype="float64"), (len(inputs), 1))
        return np.hstack([inputs[list(self.features)].to_numpy(dtype="float64"), held])
