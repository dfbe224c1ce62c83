"""Logs a study to MLflow: a run for the study, and below it one for each finished trial, whoever finished it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param, Run, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from training.plots import save
from training.registry import Registry
from training.tuning.front import knee, pareto
from training.tuning.picture import front_picture
from training.tuning.study import Done, Study

STUDY, TRIAL = "keeprank.study", "keeprank.trial"
"""Tags of a study's run and of its trials' runs; only the latter bear both."""

_PAGE = 1_000


class TrackedStudy:
    """A study's runs in the store.

    What is logged is found by its tags, and only what is missing is added: a study that was killed and taken up again goes on in the
    same run, and two commands on one study log each trial once.

    Args:
        registry: the store.
        study: the study.
    """

    def __init__(self, registry: Registry, study: Study) -> None:
        self._client, self._study = registry.client, study
        self._experiment = registry.experiment_id()
        self._logged = 0
        with study.alone("tracking"):
            self.run_id = self._parent()
            self._client.update_run(self.run_id, status=RunStatus.to_string(RunStatus.RUNNING))

    def log_trials(self) -> None:
        """Log every finished trial that is not logged yet; quick if there is none."""
        if len(self._study.done()) == self._logged:
            return
        with self._study.alone("tracking"):
            runs = {run.data.tags[TRIAL]: run for run in self._runs() if TRIAL in run.data.tags}
            finished = self._study.done()
            for done in finished:
                run = runs.get(str(done.number))
                if run is None or run.info.status != RunStatus.to_string(RunStatus.FINISHED):
                    self._log_trial(done, run)
            self._logged = len(finished)

    def log_front(self, *, finished: bool) -> None:
        """Log the front, as a picture and as front.json, and whether the study has all its trials."""
        done = self._study.done()
        points = [one.point for one in done if one.point is not None]
        metrics = [Metric("trials", len(done), 0, len(done)), Metric("ended_early", len(done) - len(points), 0, len(done))]
        if points:
            best = knee(pareto(points))
            metrics += [Metric("knee.log_loss", best.log_loss, 0, len(done)), Metric("knee.us_per_row", best.us_per_row, 0, len(done))]
            self._log_files()
        self._client.log_batch(self.run_id, metrics)
        self._client.set_terminated(self.run_id, RunStatus.to_string(RunStatus.FINISHED if finished else RunStatus.KILLED))

    def _log_files(self) -> None:
        points = [one.point for one in self._study.done() if one.point is not None]
        with tempfile.TemporaryDirectory() as scratch:
            picture = Path(scratch) / "front.png"
            save(front_picture(f"{self._study.name}: {len(points)} trials", points), picture)
            self._client.log_artifact(self.run_id, str(picture))
        self._client.log_dict(self.run_id, front_json(self._study), "front.json")

    def _parent(self) -> str:
        found = [run for run in self._runs() if TRIAL not in run.data.tags]
        if found:
            return str(found[0].info.run_id)
        run = self._client.create_run(self._experiment, tags={STUDY: self._study.name}, run_name=f"tune {self._study.name}")
        self._client.log_batch(run.info.run_id, params=[Param(name, value) for name, value in self._study.identity.items()])
        return str(run.info.run_id)

    def _log_trial(self, done: Done, run: Run | None) -> None:
        run = run or self._client.create_run(
            self._experiment,
            tags={STUDY: self._study.name, TRIAL: str(done.number), MLFLOW_PARENT_RUN_ID: self.run_id, MLFLOW_RUN_NAME: _name(done)},
        )
        parameters = {**asdict(done.forest), **({"why_ended": done.outcome.why_ended} if done.outcome.why_ended else {})}
        metrics = [Metric(name, value, 0, step) for name, value, step in _metrics(done)]
        self._client.log_batch(run.info.run_id, metrics, [Param(name, str(value)) for name, value in parameters.items()])
        self._client.set_terminated(run.info.run_id)

    def _runs(self) -> Iterator[Run]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], f"tags.`{STUDY}` = '{self._study.name}'", max_results=_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


def front_json(study: Study) -> dict[str, Any]:
    """A study's front as plain values, the fastest first."""
    points = [one.point for one in study.done() if one.point is not None]
    front = pareto(points)
    rows = [
        {"trial": point.number, "log_loss": point.log_loss, "us_per_row": point.us_per_row, "forest": asdict(point.forest)}
        for point in front
    ]
    return {"study": study.name, "identity": study.identity, "front": rows, "knee": knee(front).number if front else None}


def _name(done: Done) -> str:
    return f"trial {done.number}" + (", ended early" if done.outcome.why_ended else "")


def _metrics(done: Done) -> Iterator[tuple[str, float, int]]:
    for step, (loss, time) in enumerate(zip(done.outcome.log_losses, done.outcome.us_per_row, strict=True), 1):
        yield from (("fold.log_loss", loss, step), ("fold.us_per_row", time, step))
    if done.point is not None:
        yield from (("log_loss", done.point.log_loss, 0), ("us_per_row", done.point.us_per_row, 0))
    yield "seconds", done.seconds, 0
