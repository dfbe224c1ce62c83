from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

import keeprank
from experiments.demo_shop import DemoShop
from features.source import write_tables
from tests.conftest import ROOT
from tests.support import quiet
from tests.support.studies import Formula, until
from training.registry import Registry
from training.settings import Forest, parse_settings
from training.tuning.outcome import Finished, Outcome
from training.tuning.tracked import TRIAL
from training.tuning.trial import Folds

pytestmark = quiet.MLFLOW

Says = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def home(demo_shop: DemoShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo shop and settings for it."""
    folder = tmp_path_factory.mktemp("home")
    write_tables(demo_shop.tables, folder / "shop")
    text = (ROOT / "config/training.toml").read_text()
    for name, value in {"trees": 50, "fewest_rows_per_leaf": 20, "fewest_rows": 100, "calibrate": 0.3}.items():
        text = "\n".join(f"{name} = {value}" if line.split(" ")[0] == name else line for line in text.splitlines())
    (folder / "training.toml").write_text(text + "\n")
    return folder


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Says:
    """Runs the command line within this process: every warning is an error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["keeprank", "tune", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            keeprank.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def _finished(storage: Path) -> int:
    try:
        with sqlite3.connect(f"file:{storage}?mode=ro", uri=True) as connection:
            (found,) = connection.execute("SELECT COUNT(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED')").fetchone()
            return int(found)
    except sqlite3.OperationalError:  # it is not there yet
        return 0


def test_tuning_killed_half_way_and_started_again_with_two_workers_ends_with_as_many_trials(home: Path, says: Says, tmp_path: Path) -> None:
    store, tuned = tmp_path / "store", tmp_path / "tuned.toml"
    arguments = [home / "shop", "--model", "return", "--trials", 5, "--store", store, "--settings", home / "training.toml"]
    command = [sys.executable, "-m", "keeprank", "tune", *map(str, arguments)]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: _finished(store / "tuning.db") >= 2 or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    assert -signal.SIGKILL == killed.wait()
    half = _finished(store / "tuning.db")
    assert 2 <= half < 5

    code, out, err = says(*arguments, "--workers", 2, "--write", tuned)

    assert (0, "") == (code, err.strip())
    assert f"goes on: {half} of 5 trials are finished" in out
    assert 5 == _finished(store / "tuning.db")
    (name,) = optuna.get_all_study_names(f"sqlite:///{store / 'tuning.db'}")
    trials = optuna.load_study(study_name=name, storage=f"sqlite:///{store / 'tuning.db'}").trials
    finished = [tuple(sorted(trial.params.items())) for trial in trials if trial.state.name in ("COMPLETE", "PRUNED")]
    assert 5 == len(finished) == len(set(finished))
    assert {trial.number for trial in trials if trial.state.name == "FAIL"} <= {trial.user_attrs.get("repeats") for trial in trials}
    assert f"{name}: 5 trials finished" in out
    assert f"study {name}" in tuned.read_text()
    before, after = (parse_settings(file.read_text()) for file in (home / "training.toml", tuned))
    assert after == replace(before, forests={**before.forests, "return": after.forests["return"]})
    runs = Registry(f"sqlite:///{store / 'mlflow.db'}").client.search_runs(["1"])
    assert (6, 5) == (len(runs), sum(TRIAL in run.data.tags for run in runs))


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(
    home: Path, says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed_in_the_second(forest: Forest, finished: Callable[[], Finished]) -> Outcome:
        if finished():
            raise KeyboardInterrupt
        return Formula().run(forest, finished)

    monkeypatch.setattr(Folds, "run", lambda _, forest, finished: pressed_in_the_second(forest, finished))
    shop = [home / "shop", "--model", "return", "--settings", home / "training.toml", "--store", tmp_path, "--trials", 3]
    code, _, err = says(*shop)
    assert (130, "interrupted; 1 of 3 trials are finished and kept: the same command goes on") == (code, err.strip())
    runs = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}").client.search_runs(["1"])
    assert {"KILLED": 1, "FINISHED": 1} == Counter(run.info.status for run in runs)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--storage", "mysql://me:secret@host/db"], 1, "refused TuningRefused: studies cannot be kept in mysql://me:***@host/db"),
        (["--write", "{home}/shop"], 1, "shop exists; expected: a new file, or that of --settings"),
        (["--pick", "cheapest"], 2, "'cheapest' is none of: knee, best, the number of a trial"),
        (["--folds", "2"], 2, "greater than or equal to 3"),
        (["--trials", "0"], 2, "greater than or equal to 1"),
    ],
)
def test_a_refusal_says_what_came_and_what_was_expected(arguments: list[str], code: int, named: str, home: Path, says: Says) -> None:
    shop = [home / "shop", "--model", "return", "--settings", home / "training.toml", "--store", home / "refused"]
    ended, _, err = says(*shop, *(argument.replace("{home}", str(home)) for argument in arguments))
    assert code == ended
    assert named in " ".join(err.replace("│", " ").split())
