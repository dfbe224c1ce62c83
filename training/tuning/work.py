"""Workers: each takes one trial after another until the study has enough; they may be many, and may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from domain.errors import TuningRefused
from training.tuning.material import Material, read_material
from training.tuning.study import Study
from training.tuning.trial import Bench, Folds

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


@dataclass(frozen=True)
class _Job:
    """What a worker process is told."""

    url: str
    name: str
    folder: Path
    trials: int
    threads: int


def work_in_processes(study: Study, material: Material, trials: int, *, workers: int, threads: int, told: Told = lambda: None) -> None:
    """The same by several processes of this machine, which share the material's pages; they end when this one does.

    Args:
        study: what is worked on.
        material: rows and folds.
        trials: how many finished ones the study is to have in the end.
        workers: how many processes.
        threads: LightGBM's threads in each.
        told: called twice a second.

    Raises:
        TuningRefused: all of them have ended, and the study is not finished.
    """
    with tempfile.TemporaryDirectory(prefix="keeprank-tune-") as folder:
        material.write(Path(folder))
        job = _Job(study.url, study.name, Path(folder), trials, threads)
        with _started(job, workers) as processes:
            while len(study.done()) < trials:
                if not any(process.is_alive() for process in processes) and len(study.done()) < trials:
                    codes = ", ".join(str(process.exitcode) for process in processes)
                    raise TuningRefused(f"all workers have ended (exit codes {codes})", advice="see what they said, and start again")
                told()
                pause()
        told()


@contextmanager
def _started(job: _Job, workers: int) -> Iterator[list[BaseProcess]]:
    spawning = multiprocessing.get_context("spawn")  # a fork would inherit LightGBM's threads as they stand
    processes: list[BaseProcess] = [spawning.Process(target=_worker, args=(job,), daemon=True) for _ in range(workers)]
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _worker(job: _Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one, which then ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()
    material = read_material(job.folder)
    study = Study(job.url, job.name, material.identity())
    work(study, Folds(material, job.threads), job.trials)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
