from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from mlflow.entities import Run

from tests.support import quiet
from tests.support.studies import FIRST, IDENTITY, Formula, study
from training.registry import Registry
from training.tuning.choice import chosen
from training.tuning.outcome import Outcome
from training.tuning.study import Study
from training.tuning.tracked import STUDY, TRIAL, TrackedStudy
from training.tuning.work import work

pytestmark = quiet.MLFLOW


def _runs(registry: Registry) -> list[Run]:
    return list(registry.client.search_runs([registry.experiment_id()]))


def _children(registry: Registry, parent: str) -> dict[str, Run]:
    children = [run for run in _runs(registry) if run.data.tags.get("mlflow.parentRunId") == parent]
    found = {run.data.tags[TRIAL]: run for run in children}
    assert len(found) == len(children), "each trial has one run"
    return found


def _end_early(one: Study, trials: int) -> None:
    with one.at_work():
        claim = one.claim(trials)
        assert claim is not None
        one.tell(claim, Outcome((0.9,), (5.0,), "beaten in both objectives"))


def test_each_finished_trial_is_a_run_below_the_studys_and_a_resumed_study_goes_on_in_the_same_one(registry: Registry, url: str) -> None:
    work(one := study(url), Formula(), 2)
    tracked = TrackedStudy(registry, one)
    tracked.log_trials()
    tracked.log_front(finished=False)
    parent = registry.client.get_run(tracked.run_id)
    assert ("KILLED", one.name, dict(IDENTITY)) == (parent.info.status, parent.data.tags[STUDY], parent.data.params)
    assert {"0", "1"} == set(_children(registry, tracked.run_id))

    _end_early(again := study(url), 3)
    resumed = TrackedStudy(registry, again)
    assert tracked.run_id == resumed.run_id
    resumed.log_trials()
    resumed.log_trials()
    resumed.log_front(finished=True)

    children = _children(registry, tracked.run_id)
    assert ["0", "1", "2"] == sorted(children)
    assert "FINISHED" == registry.client.get_run(tracked.run_id).info.status
    first, ended = children["0"].data, children["2"].data
    assert {name: str(value) for name, value in asdict(FIRST).items()} == first.params
    (point,) = (done.point for done in again.done() if done.number == 0)
    assert point is not None
    assert (point.log_loss, point.us_per_row) == (first.metrics["log_loss"], first.metrics["us_per_row"])
    assert ["trial 0", "trial 2, ended early"] == [children[number].info.run_name for number in ("0", "2")]
    assert ("beaten in both objectives", 0.9) == (ended.params["why_ended"], ended.metrics["fold.log_loss"])
    assert "log_loss" not in ended.metrics
    folds = registry.client.get_metric_history(children["0"].info.run_id, "fold.log_loss")
    assert [(1, 0.6 + 1 / FIRST.leaves), (2, 0.5 + 1 / FIRST.leaves)] == [(metric.step, metric.value) for metric in folds]


def test_the_studys_run_holds_the_front_as_numbers_and_as_a_picture(registry: Registry, url: str, tmp_path: Path) -> None:
    work(one := study(url), Formula(), 5)
    tracked = TrackedStudy(registry, one)
    tracked.log_front(finished=True)

    files = {name: registry.client.download_artifacts(tracked.run_id, name, str(tmp_path)) for name in ("front.json", "front.png")}

    told = json.loads(Path(files["front.json"]).read_text())
    knee, _ = chosen(one, "knee")
    assert (one.name, knee.number) == (told["study"], told["knee"])
    times = [row["us_per_row"] for row in told["front"]]
    assert times == sorted(times)
    assert asdict(knee.forest) in [row["forest"] for row in told["front"]]
    assert Path(files["front.png"]).read_bytes().startswith(b"\x89PNG")
    metrics = registry.client.get_run(tracked.run_id).data.metrics
    assert (5, 0, knee.log_loss) == (metrics["trials"], metrics["ended_early"], metrics["knee.log_loss"])


def test_a_trials_run_that_was_begun_and_not_finished_is_finished_and_not_doubled(registry: Registry, url: str) -> None:
    work(one := study(url), Formula(), 1)
    tracked = TrackedStudy(registry, one)
    tags = {STUDY: one.name, TRIAL: "0", "mlflow.parentRunId": tracked.run_id}
    begun = registry.client.create_run(registry.experiment_id(), tags=tags)
    tracked.log_trials()
    (run,) = _children(registry, tracked.run_id).values()
    assert (begun.info.run_id, "FINISHED", "15") == (run.info.run_id, run.info.status, run.data.params["leaves"])


def test_a_study_without_a_whole_trial_has_no_front_and_says_so(registry: Registry, url: str) -> None:
    _end_early(one := study(url), 1)
    tracked = TrackedStudy(registry, one)
    tracked.log_front(finished=True)
    assert {"trials": 1, "ended_early": 1} == registry.client.get_run(tracked.run_id).data.metrics
    assert [] == registry.client.list_artifacts(tracked.run_id)
