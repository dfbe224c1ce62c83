from __future__ import annotations

import json
import sys
from pathlib import Path

import mlflow
import pytest

import keeprank
from tests.support import quiet

pytestmark = quiet.MLFLOW

SMALL = ("--days", 1, "--history-days", 70, "--customers", 200, "--styles", 40, "--jobs", 1)


def _says(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["keeprank", "simulate", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        keeprank.main()
    return int(ended.value.code or 0)


def test_a_simulation_is_printed_written_drawn_and_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = ("--json", tmp_path / "new/found.json", "--out", tmp_path / "pictures", "--store", tmp_path / "store")

    assert 0 == _says(monkeypatch, "--seed", "1..2", "--policies", "popular,oracle", *SMALL, *files)

    printed = capsys.readouterr().out
    assert "shop 'fashion', seeds 1..2" in printed
    assert "oracle: expected kept margin with the true probabilities" in printed
    found = json.loads((tmp_path / "new/found.json").read_text())
    assert ("fashion", [1, 2], {"popular", "oracle"}) == (found["shop"], found["seeds"], set(found["policies"]))
    assert {"by_day.png", "report.html"} <= {path.name for path in (tmp_path / "pictures").iterdir()}
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path / 'store' / 'mlflow.db'}")
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    earned = found["policies"]["oracle"]["kept_margin_per_1000_views"]["value"]
    assert earned == pytest.approx(run.data.metrics["oracle/kept_margin_per_1000_views"])
    assert "popular,oracle" == run.data.params["policies"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--policies", "luck"), "unknown policy 'luck'"),
        (("--seed", "9..1"), "seeds '9..1'"),
        (("--history-days", 50, "--customers", 200), "at least 60 days before the comparison"),
        (("--shop", "nowhere.toml"), "nowhere.toml cannot be read"),
    ],
)
def test_what_cannot_be_simulated_is_refused_at_once(
    arguments: tuple[object, ...], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == _says(monkeypatch, *arguments)
    assert told in capsys.readouterr().err
