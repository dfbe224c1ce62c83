"""What one trial does: train a forest on each fold, see how accurate and how fast it is, and stop where it is beaten in both."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from domain.errors import NotEnoughData
from training.evaluate import forecast
from training.metrics import Scored, log_loss
from training.model import Binned, Model, binned, fit
from training.settings import Forest
from training.tuning.front import hopeless
from training.tuning.material import Material
from training.tuning.outcome import Finished, Outcome

BATCH_ROWS = 2_000
"""So many rows of a fold are scored to take the time; several requests' worth, so that what a call costs is spread as it is there."""

_REPETITIONS = 7


class Folds:
    """Runs trials on a material; each fold's rows are sorted into bins once, for all trials.

    Args:
        material: rows and folds.
        threads: LightGBM's threads while training; they do not change the result.
    """

    def __init__(self, material: Material, threads: int) -> None:
        self._material, self._threads = material, threads
        self._learned: dict[int, Binned] = {}

    def run(self, forest: Forest, finished: Callable[[], Finished]) -> Outcome:
        """Try a forest on the folds, the oldest and smallest first."""
        losses: list[float] = []
        times: list[float] = []
        for number in range(len(self._material.folds)):
            try:
                loss, us_per_row = self._fold(number, forest)
            except NotEnoughData as refusal:  # each fold has rows of every class, so these settings cannot be calibrated
                return Outcome(tuple(losses), tuple(times), str(refusal))
            losses.append(loss)
            times.append(us_per_row)
            if len(losses) < len(self._material.folds) and hopeless(losses, times, finished()):
                return Outcome(tuple(losses), tuple(times), f"beaten in both objectives after {len(losses)} folds")
        return Outcome(tuple(losses), tuple(times))

    def _fold(self, number: int, forest: Forest) -> tuple[float, float]:
        material, fold = self._material, self._material.folds[number]
        calibrate = material.inputs(fold.calibrate), material.y[fold.calibrate]
        model = fit(material.kind, self._binned(number), calibrate, forest, seed=material.seed, threads=self._threads)
        judged = material.inputs(fold.judge)
        p = model.predict(judged, threads=self._threads, as_seen=True)
        return log_loss(Scored(material.y[fold.judge], forecast(material.kind, p))), us_per_row(model, judged)

    def _binned(self, number: int) -> Binned:
        if number not in self._learned:
            numbers = self._material.folds[number].train
            learned = binned(self._material.kind, (self._material.inputs(numbers), self._material.y[numbers]), reused=True)
            learned.rows.construct()
            self._learned[number] = learned
        return self._learned[number]


def us_per_row(model: Model, inputs: pd.DataFrame, *, repetitions: int = _REPETITIONS) -> float:
    """Microseconds of one core that a row takes to be scored, in a batch of `BATCH_ROWS`.

    Taken on the clock of the calling thread, which stands still while others have the core, and the least of several repetitions:
    what disturbs a measurement only ever adds to it (Chen and Revels 2016, Robust benchmarking in noisy environments).

    Args:
        model: calibrated; all of `predict` is timed.
        inputs: rows to score; they are repeated if they are fewer.
        repetitions: how often the batch is scored.
    """
    batch = inputs.iloc[np.resize(np.arange(len(inputs)), BATCH_ROWS)].reset_index(drop=True)
    return min(_timed(model, batch) for _ in range(repetitions)) / BATCH_ROWS


def _timed(model: Model, batch: pd.DataFrame) -> float:
    began = time.thread_time_ns()
    model.predict(batch, threads=1)
    return (time.thread_time_ns() - began) / 1_000
