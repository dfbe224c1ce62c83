"""Which settings are worth choosing between: nothing else is both faster and more accurate; and which is the reasonable compromise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.settings import Forest


@dataclass(frozen=True)
class Point:
    """A finished trial.

    Attributes:
        number: of the trial.
        log_loss: mean over the folds, of calibrated probabilities.
        us_per_row: microseconds that a row takes to be scored on one core.
        forest: its settings.
    """

    number: int
    log_loss: float
    us_per_row: float
    forest: Forest


def pareto(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points that no other one beats in both objectives, the fastest first; of equals the earliest.

    >>> forest = Forest(100, 0.1, 8, 20, 1.0, 1.0, 1.0)
    >>> fast, good, slow = Point(0, 0.7, 1.0, forest), Point(1, 0.6, 2.0, forest), Point(2, 0.65, 3.0, forest)
    >>> [point.number for point in pareto([slow, good, fast])]
    [0, 1]
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda point: (point.us_per_row, point.log_loss, point.number)):
        if not front or point.log_loss < front[-1].log_loss:
            front.append(point)
    return tuple(front)


def knee(front: Sequence[Point]) -> Point:
    """The point of a front from which on accuracy costs most time: the farthest below the line between its ends.

    Both objectives are scaled to 0 … 1 between the front's ends; how far a point lies below the line is Kneedle's difference curve, for
    all points at once (Satopää et al. 2011, Finding a "Kneedle" in a Haystack, section II). Time stays linear: a microsecond costs the
    same core and the same waiting wherever it is spent. A front without a point below the line (two points, say) has no knee: then it
    is the most accurate point.

    Args:
        front: what `pareto` found, the fastest first; at least one point.
    """
    fastest, best = front[0], front[-1]

    def below(point: Point) -> float:
        slower = (point.us_per_row - fastest.us_per_row) / (best.us_per_row - fastest.us_per_row)
        worse = (point.log_loss - best.log_loss) / (fastest.log_loss - best.log_loss)
        return 1 - slower - worse

    between = max(front[1:-1], key=below, default=best)
    return between if between is not best and below(between) > 0 else best


def hopeless(log_losses: Sequence[float], us_per_row: Sequence[float], finished: Sequence[tuple[Sequence[float], Sequence[float]]]) -> bool:
    """Whether a trial may be ended early: on the folds so far, some finished trial is clearly more accurate and clearly faster.

    Optuna prunes trials of one objective only, so this is a rule of our own. A trial on the front is beaten by nobody on all folds, and
    is lost only if the folds to come would have made good what `ACCURACY_MARGIN` and `SPEED_MARGIN` allow for.

    Args:
        log_losses: of the folds so far.
        us_per_row: of the folds so far.
        finished: both of each finished trial, for all folds.
    """
    seen = len(log_losses)
    return any(
        np.mean(losses[:seen]) * (1 + ACCURACY_MARGIN) < np.mean(log_losses)
        and np.mean(times[:seen]) * (1 + SPEED_MARGIN) < np.mean(us_per_row)
        for losses, times in finished
    )


ACCURACY_MARGIN = 0.003
"""A log-loss that is lower by less than this share is no clear lead: folds yet to come may turn it around."""

SPEED_MARGIN = 0.2
"""The same for time, which is measured, and on a busy machine not exactly."""
