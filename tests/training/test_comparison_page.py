from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support import quiet
from training.bootstrap import Interval
from training.comparing import Comparison
from training.comparison_page import differences, log_comparison, page
from training.gate import Verdict
from training.plots import save
from training.registry import Registry, Version

pytestmark = quiet.MLFLOW

BETTER = Comparison("return", "all", 900, "log_loss", 0.5, 0.4, Interval(-0.1, -0.2, -0.05))
WORSE = Comparison("return", "customer:new", 600, "ece", 0.01, 0.02, Interval(0.01, 0.005, 0.02))
MONEY = Comparison("return", "all", 900, "kept_margin", 105.0, 110.0, Interval(5.0, 1.0, 9.0))
SLOW = Comparison("return", "all", 200, "us_per_row", 20.0, 30.0, Interval(10.0, 10.0, 10.0))
FOUND = (BETTER, WORSE, MONEY, SLOW)


def _verdict(run_id: str = "r3") -> Verdict:
    return Verdict(Version("3", run_id, "s3"), Version("2", "r2", "s2"), FOUND, ("return: ece of customer:new lies above",))


def test_the_page_says_first_what_speaks_against_the_challenger_and_then_every_measure() -> None:
    lines = page(_verdict()).split("\n")
    assert "# Challenger version 3 against champion version 2" == lines[0]
    assert "- return: ece of customer:new lies above" == lines[3]
    assert "| return | all | 900 | log-loss | 0.5 | 0.4 | -0.1 [-0.2, -0.05] |" in lines
    assert "| return | customer:new | 600 | ECE | 0.01 | 0.02 | +0.01 [+0.005, +0.02], **worse** |" in lines
    assert "| return | all | 900 | kept margin, minor units a row | 105 | 110 | +5 [+1, +9] |" in lines
    assert "| return | all | 200 | microseconds a row | 20 | 30 | +10 |" in lines


def test_a_page_without_objections_says_so_and_one_without_champion_names_the_overall_rate() -> None:
    lines = page(Verdict(Version("1", "r1", "s1"), None, (BETTER,), ())).split("\n")
    assert "# Challenger version 1 against the overall rate (nobody is champion)" == lines[0]
    assert "Nothing speaks against it." == lines[2]


def test_the_picture_has_a_panel_per_measure_and_a_row_per_part(tmp_path: Path) -> None:
    parts = [replace(one, part=part, rows=rows) for part, rows in (("all", 900), ("customer:new", 600)) for one in (BETTER, WORSE)]
    figure = differences("return", parts)
    assert ["log-loss", "ECE"] == [axes.get_title(loc="left") for axes in figure.axes]
    assert ["all (900)", "customer:new (600)"] == [label.get_text() for label in figure.axes[0].get_yticklabels()]
    save(figure, tmp_path / "one.png")
    assert b"PNG" == (tmp_path / "one.png").read_bytes()[1:4]


def test_the_comparison_lies_in_the_challengers_run(registry: Registry) -> None:
    run = registry.client.create_run(registry.experiment_id()).info.run_id
    log_comparison(registry, _verdict(run))
    assert ["comparison/comparison.json", "comparison/comparison.md", "comparison/return.png"] == sorted(
        one.path for one in registry.client.list_artifacts(run, "comparison")
    )
