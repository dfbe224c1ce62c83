from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from domain.errors import TuningRefused
from tests.conftest import ROOT
from tests.support.studies import FIRST, IDENTITY, NAME, Formula, Noted, Patience, ran, study, until
from training.settings import Forest
from training.tuning.outcome import Outcome
from training.tuning.space import SPACES, Range, Space
from training.tuning.study import Study, study_name
from training.tuning.work import work

OUTCOME = Outcome((0.6, 0.5), (3.0, 4.0))


def _worker(url: str, folder: Path, trials: int, *, runs: int | None = None, together: int = 1) -> subprocess.Popen[bytes]:
    arguments = [url, str(folder), str(trials), "" if runs is None else str(runs), str(together)]
    return subprocess.Popen([sys.executable, "-m", "tests.support.studies", *arguments], cwd=ROOT)


def _trials(url: str) -> list[optuna.trial.FrozenTrial]:
    return optuna.load_study(study_name=NAME, storage=url).trials


def _forests(one: Study) -> list[Forest]:
    return [done.forest for done in one.done()]


def test_a_worker_killed_half_way_loses_no_trial_and_the_next_one_ends_with_as_many(url: str, tmp_path: Path) -> None:
    killed = _worker(url, tmp_path, 6, runs=2)
    until((tmp_path / "stuck").exists)
    assert (2, 1) == (len(study(url).done()), sum(trial.state == TrialState.RUNNING for trial in _trials(url)))
    killed.send_signal(signal.SIGKILL)
    assert -signal.SIGKILL == killed.wait()
    stuck = ran(tmp_path)[2]

    work(again := study(url), Noted(tmp_path), 6, wait=Patience())

    assert 6 == len(again.done())
    assert stuck in _forests(again)
    assert 6 == len(set(_forests(again)))
    assert {TrialState.COMPLETE: 6, TrialState.FAIL: 1} == {
        state: sum(trial.state == state for trial in _trials(url)) for state in {trial.state for trial in _trials(url)}
    }
    assert [] == list((tmp_path / "tuning.db.locks").glob("worker-*"))


def test_two_workers_at_once_never_run_the_same_trial_nor_more_than_asked_for(url: str, tmp_path: Path) -> None:
    other = _worker(url, tmp_path, 12, together=2)
    work(mine := study(url), Noted(tmp_path, together=2), 12, wait=Patience())
    assert 0 == other.wait()
    assert 12 == len(mine.done()) == len(ran(tmp_path)) == len(set(ran(tmp_path)))
    assert 2 == len({trial.user_attrs["worker"] for trial in _trials(url)})
    assert {TrialState.COMPLETE} == {trial.state for trial in _trials(url)}


def test_the_first_trial_has_the_present_settings(url: str) -> None:
    one = study(url)
    with one.at_work():
        claim = one.claim(1)
    assert claim is not None
    assert claim.forest == FIRST


def test_nobody_gets_a_trial_while_as_many_as_asked_for_are_being_run(url: str) -> None:
    one, other = study(url), study(url)
    with one.at_work(), other.at_work():
        claims = [one.claim(2), other.claim(2), one.claim(2), other.claim(2)]
    assert [True, True, False, False] == [claim is not None for claim in claims]
    assert claims[0] is not None
    assert claims[1] is not None
    assert claims[0].forest != claims[1].forest


def test_more_trials_are_added_to_a_finished_study_and_fewer_take_none_away(url: str) -> None:
    for trials, finished in ((3, 3), (5, 5), (2, 5)):
        work(one := study(url), Formula(), trials)
        assert finished == len(one.done())


def test_a_worker_that_only_sleeps_keeps_its_trial(url: str) -> None:
    sleeping, other = study(url), study(url)
    with sleeping.at_work(), other.at_work():
        claim = sleeping.claim(1)
        assert other.claim(1) is None
        assert claim is not None
        sleeping.tell(claim, OUTCOME)
    assert [FIRST] == _forests(other)


def test_a_worker_that_died_while_it_claimed_leaves_a_trial_without_a_name_and_it_is_begun_anew(url: str) -> None:
    one = study(url)
    optuna.load_study(study_name=NAME, storage=url).ask()
    work(one, Formula(), 2, wait=Patience())
    assert [FIRST] == [done.forest for done in one.done() if done.forest == FIRST]
    assert 2 == len(one.done())


def test_a_worker_that_died_between_closing_and_queuing_a_dead_ones_trial_loses_it_not(url: str) -> None:
    dead = study(url)
    with dead.at_work():
        claim = dead.claim(1)
    assert claim is not None
    optuna.load_study(study_name=NAME, storage=url).tell(claim.trial.number, state=TrialState.FAIL)
    work(one := study(url), Formula(), 1, wait=Patience())
    assert [FIRST] == _forests(one)


def test_settings_that_killed_five_workers_are_given_up_and_counted(url: str) -> None:
    for _ in range(5):
        one = study(url)
        with one.at_work():
            claim = one.claim(1)
            assert claim is not None
            assert claim.forest == FIRST
    work(one := study(url), Formula(), 1, wait=Patience())
    (done,) = one.done()
    assert (FIRST, "its worker died 5 times", None) == (done.forest, done.outcome.why_ended, done.point)


def test_what_came_of_a_trial_is_kept_fold_by_fold_also_when_it_was_ended_early(url: str) -> None:
    one = study(url)
    early = Outcome((0.9,), (5.0,), "beaten")
    with one.at_work():
        for outcome in (OUTCOME, early):
            claim = one.claim(2)
            assert claim is not None
            one.tell(claim, outcome)
    whole, ended = study(url).done()
    assert (OUTCOME, early, None) == (whole.outcome, ended.outcome, ended.point)
    assert whole.point is not None
    assert (0, 0.55, 3.5, FIRST) == (whole.point.number, whole.point.log_loss, whole.point.us_per_row, whole.point.forest)
    assert [([0.6, 0.5], [3.0, 4.0])] == [(list(losses), list(times)) for losses, times in one.finished()]


def test_a_space_without_new_settings_is_said_to_be_searched(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"learning_rate": 0.1, "leaves": 8, "fewest_rows_per_leaf": 20, "share_of_features": 1.0, "share_of_rows": 1.0, "l2": 1.0}
    monkeypatch.setattr("training.tuning.study.SPACES", {"return": Space({"trees": Range(50, 51)}, held)})
    with pytest.raises(TuningRefused, match="20 draws brought no settings that return-tiny has not tried; what to do: ask for fewer"):
        work(study(url), Formula(), 3)
    assert {50, 51} == {forest.trees for forest in _forests(study(url))}


def test_a_study_of_other_data_is_refused_and_told_what_differs(url: str) -> None:
    work(study(url), Formula(), 1)
    with pytest.raises(TuningRefused, match="the study return-tiny was begun with other data, folds: its trials say nothing about these"):
        study(url, data="other", folds="4")
    assert 1 == len(study(url).done())


def test_by_default_other_data_or_folds_have_a_study_of_their_own() -> None:
    names = {study_name(IDENTITY), study_name({**IDENTITY, "data": "other"}), study_name({**IDENTITY, "folds": "4"})}
    assert 3 == len(names)
    assert all(name.startswith("return-") for name in names)


def test_a_new_study_names_the_others_of_its_storage(url: str) -> None:
    assert () == study(url).others
    assert (NAME,) == study(url, name="mine").others


def test_settings_outside_of_the_space_are_not_tried_first(url: str) -> None:
    assert SPACES["return"].tried(FIRST) is not None
    one = Study(url, NAME, IDENTITY, at_first=replace(FIRST, trees=7))
    work(one, Formula(), 1)
    assert 7 != _forests(one)[0].trees


def test_the_same_seed_draws_the_same_settings_and_another_one_others(url: str) -> None:
    studies = [study(url, name=name, seed=seed) for name, seed in (("a", "1"), ("b", "1"), ("c", "2"))]
    for one in studies:
        work(one, Formula(), 3)
    first, second, third = (_forests(one) for one in studies)
    assert first == second != third
