"""What came of a trial, and who runs one: apart from how it is run, so that whoever only counts trials loads no models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from training.settings import Forest

Finished = Sequence[tuple[Sequence[float], Sequence[float]]]
"""Log-loss and microseconds per row of finished trials, fold by fold."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        log_losses: by fold, of those that were run.
        us_per_row: likewise.
        why_ended: why not all folds were; empty if they were.
    """

    log_losses: tuple[float, ...]
    us_per_row: tuple[float, ...]
    why_ended: str = ""

    @property
    def objectives(self) -> tuple[float, float]:
        """Means over the folds."""
        return float(np.mean(self.log_losses)), float(np.mean(self.us_per_row))


class Bench(Protocol):
    """Runs trials."""

    def run(self, forest: Forest, finished: Callable[[], Finished]) -> Outcome:
        """Try a forest; `finished` tells how the others did, at any time."""
