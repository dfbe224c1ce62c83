"""Several workers on this machine, each in a process of its own; they end when whoever started them does."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from domain.errors import TuningRefused
from training.tuning.material import Material, read_material
from training.tuning.study import Study
from training.tuning.trial import Folds
from training.tuning.work import Told, pause, work


@dataclass(frozen=True)
class _Job:
    """What a worker process is told."""

    url: str
    name: str
    folder: Path
    trials: int
    threads: int


def work_in_processes(study: Study, material: Material, trials: int, *, workers: int, threads: int, told: Told = lambda: None) -> None:
    """Run trials, as `training.tuning.work.work` does, by several processes that share the material's pages.

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
    threading.Thread(target=_end_with_parent, args=(job.folder,), daemon=True).start()
    material = read_material(job.folder)
    study = Study(job.url, job.name, material.identity())
    work(study, Folds(material, job.threads), job.trials)


def _end_with_parent(folder: Path) -> None:
    """A parent that was killed could not clear away the material, which holds what shoppers did."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
