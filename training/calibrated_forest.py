"""A calibrated forest: what it says of offers, why, and how far it may stray."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import lightgbm as lgb
import numpy as np
import pandas as pd

from training.calibration import Calibration
from training.intervals import Bounds, Intervals, newcomers
from training.learned import CLASSES, FIXED, Floats, raw_scores
from training.tree_text import NotHeld

if TYPE_CHECKING:
    from training.compiled import CompiledForest


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
        calibration = self.calibration if as_seen else self._when_served
        return calibration.apply(raw_scores(self.booster, self._read(inputs, as_seen=as_seen), threads))

    def score(self, rows: Floats) -> Floats:
        """What `predict` says of the same rows (n, features), given as numbers in the order of `features`: for who serves.

        Quickest if each feature's values lie side by side (Fortran order).
        """
        return self._when_served.apply(self._scored(np.asarray(rows, dtype="float64")))

    def _scored(self, rows: Floats) -> Floats:
        if not isinstance(self._compiled, NotHeld):
            return self._compiled.probabilities(rows)
        held = np.broadcast_to(np.array(list(self.fixed.values()), dtype="float64"), (len(rows), len(self.fixed)))
        return raw_scores(self.booster, np.hstack([rows, held]), 1)

    def ready(self) -> Model:
        """The same, compiled now, so that nobody who asks for scores waits for it."""
        _ = self._compiled
        return self

    @property
    def walks(self) -> str:
        """How it scores: "compiled", or why its trees could not be compiled and LightGBM's predict is called instead."""
        return self._compiled.reason if isinstance(self._compiled, NotHeld) else "compiled"

    @cached_property
    def _compiled(self) -> CompiledForest | NotHeld:
        from training.compiled import compile_forest  # only who scores needs numba

        return compile_forest(self.booster.model_to_string(), dict(enumerate(self.fixed.values(), start=len(self.features))))

    @cached_property
    def _when_served(self) -> Calibration:
        return self.calibration.shifted(self.shift)

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
