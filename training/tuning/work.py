"""A worker: it takes one trial after another until the study has enough, however many others do, and whoever of them dies."""

from __future__ import annotations

import time
from collections.abc import Callable

from training.tuning.outcome import Bench
from training.tuning.study import Study

_SECONDS_BETWEEN_LOOKS = 0.5

Told = Callable[[], None]
"""Called whenever something may have changed, to show progress and to log what is finished."""


def pause() -> None:
    """Wait a little for the others."""
    time.sleep(_SECONDS_BETWEEN_LOOKS)


def work(study: Study, bench: Bench, trials: int, *, told: Told = lambda: None, wait: Callable[[], None] = pause) -> None:
    """Run trials until so many of the study are finished, by whomever.

    A worker that finds nothing left to begin stays until the others have finished: should one die, it takes that trial over.

    Args:
        study: what is worked on.
        bench: runs a trial.
        trials: how many finished ones the study is to have in the end.
        told: called after each trial, and while waiting.
        wait: waits a little for the others.
    """
    with study.at_work():
        while len(study.done()) < trials:
            claim = study.claim(trials)
            if claim is None:
                wait()
            else:
                study.tell(claim, bench.run(claim.forest, study.finished))
            told()
