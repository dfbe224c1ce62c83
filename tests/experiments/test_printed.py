from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from experiments.backtest import Backtest
from experiments.printed import backtest_table, coverage_table, evaluation_table, history_table, ranking_table, shown, verdict_table
from training.bootstrap import Interval
from training.comparing import Comparison
from training.coverage import Covered
from training.evaluate import DECIDED, RATIOS, Evaluation, Slice
from training.gate import Verdict
from training.history import Change
from training.metrics import NAMES
from training.registry import Version

SURE = Interval(0.5, math.nan, math.nan)


def _metrics(auc: float, *names: str) -> Mapping[str, Interval]:
    return dict.fromkeys(names, SURE) | {"auc": Interval(auc, auc - 0.1, auc + 0.1)}


RETURN = Evaluation(1_234, _metrics(0.7, *NAMES, *RATIOS), (Slice("customer:new", 234, _metrics(0.6, *NAMES, *RATIOS)),))
FIT = Evaluation(1_234, _metrics(0.7, *NAMES, *DECIDED), ())


def _lines(table: Table) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return [" ".join(line.split()) for line in file.getvalue().splitlines() if line.strip(" ─")]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(0.78712, 0.7451, 0.8226), "0.787 [0.745, 0.823]"),
        (Interval(0.5, math.nan, math.nan), "0.500"),
        (Interval(math.nan, math.nan, math.nan), "-"),
    ],
)
def test_a_value_is_shown_with_its_range_where_it_has_one(interval: Interval, expected: str) -> None:
    assert expected == shown(interval)


def test_an_evaluation_is_a_row_for_all_and_one_per_slice() -> None:
    assert [
        "judged",
        "rows AUC PR-AUC log-loss ECE predicted / observed top tenth",
        "all 1,234 0.700 [0.600, 0.800] 0.500 0.500 0.500 0.500 0.500",
        "customer:new 234 0.600 [0.500, 0.700] 0.500 0.500 0.500 0.500 0.500",
    ] == _lines(evaluation_table("judged", RETURN))


def test_coverage_is_a_row_per_class_and_slice() -> None:
    covered = [Covered("returned", "all", 22_004, 0.8884, 0.3271), Covered("returned", "customer:new", 4_984, 0.896, 0.345)]
    assert [
        "intervals",
        "rows held mean width",
        "returned, all 22,004 88.8% 0.327",
        "returned, customer:new 4,984 89.6% 0.345",
    ] == _lines(coverage_table("intervals", covered))


def test_a_fit_models_table_has_no_ratios_but_what_it_decides() -> None:
    assert "rows AUC PR-AUC log-loss ECE macro-F1" == _lines(evaluation_table("judged", FIT))[1]


def _backtest(cut: str | None) -> Backtest:
    gained = {"auc": Interval(0.2, 0.1, 0.3), "log_loss": SURE}
    split = "time" if cut else "random"
    return Backtest("fit", split, cut, 7, 9_000, 1_234, FIT, {"global_rate": _metrics(0.5, *NAMES, *DECIDED)}, {"global_rate": gained})


def test_a_backtest_shows_the_baselines_and_what_was_gained_over_them() -> None:
    lines = _lines(backtest_table(_backtest("2011-08-01T00:00:00+00:00")))
    assert "fit, split by time (cut 2011-08-01): 9,000 rows train, 1,234 judge" == lines[0]
    assert "Keeprank 1,234 0.700 [0.600, 0.800] 0.500 0.500 0.500 0.500" == lines[2]
    assert "global_rate 0.500 [0.400, 0.600] 0.500 0.500 0.500 0.500 0.200 [0.100, 0.300]" == lines[3]


def test_a_random_split_shows_its_seed() -> None:
    assert "fit, split by random (seed 7): 9,000 rows train, 1,234 judge" == _lines(backtest_table(_backtest(None)))[0]


def test_a_verdict_shows_each_metric_and_every_objection() -> None:
    better = Comparison("return", "all", 900, "log_loss", 0.5, 0.4, Interval(-0.1, -0.2, 0.0))
    level = Comparison("return", "all", 900, "ece", 0.01, 0.02, Interval(0.01, 0.0, 0.02))
    quick = Comparison("return", "all", 200, "us_per_row", 20.0, 30.0, Interval(10.0, 10.0, 10.0))
    fine = Comparison("return", "item:new", 300, "ece", 0.01, 0.02, Interval(0.01, -0.01, 0.02))
    worse = Comparison("return", "customer:new", 600, "ece", 0.01, 0.02, Interval(0.01, 0.005, 0.02))
    found = (better, level, quick, fine, worse)
    verdict = Verdict(Version("3", "r3", "s3"), Version("2", "r2", "s2"), found, ("return: ece lies above",))
    assert [
        "challenger version 3 against champion version 2",
        "rows champion challenger difference",
        "return log_loss 900 0.50000 0.40000 -0.100 [-0.200, 0.000] better",
        "return ece 900 0.01000 0.02000 0.010 [0.000, 0.020] not better",
        "return us_per_row 200 20.00000 30.00000",
        "return ece of customer:new 600 0.01000 0.02000 0.010 [0.005, 0.020] worse",
        "return: ece lies above objection",
        "2 parts were compared too; those worse by more than chance are listed",
    ] == _lines(verdict_table(verdict))


def test_a_verdict_without_a_champion_is_against_the_overall_rate() -> None:
    one = Comparison("return", "all", 900, "log_loss", 0.5, 0.4, Interval(-0.1, -0.2, 0.0))
    lines = _lines(verdict_table(Verdict(Version("1", "r1", "s1"), None, (one,), ())))
    assert "challenger version 1 against the overall rate (there is no champion)" == lines[0]
    assert "rows overall rate challenger difference" == lines[1]


def test_the_history_names_what_nobody_wrote_down() -> None:
    told = Change(1, "2026-10-01T12:00:30+00:00", "ann@shop", "forced", "none", "1", "to [see] it", objections="ece lies above")
    moved = Change(2, "", "", "moved outside Keeprank", "1", "2")
    assert [
        "which release is challenger and champion",
        "# when (UTC) who what from to why",
        "1 2026-10-01 12:00 ann@shop forced none 1 to [see] it; against: ece lies above",
        "2 ? ? moved outside Keeprank 1 2",
    ] == _lines(history_table([told, moved]))


def _offer(sku: str, reasons: list[dict[str, str]], fit: dict[str, float] | None) -> dict[str, Any]:
    money = {"price_net": 4000, "margin_if_kept": 1535, "loss_if_returned": 1965, "expected_kept_margin": 485}
    return {"sku": sku, "p_return": 0.3, "fit": fit, "money": money, "reasons": reasons, "fallback": "no reasons asked for"}


def test_ranked_offers_show_money_moves_and_the_first_reason() -> None:
    why = [{"meaning": "size distance", "effect": "raises"}, {"meaning": "price", "effect": "lowers"}]
    first, second = _offer("s1", why, {"fits": 0.8}), _offer("s2", [{"meaning": "price", "effect": "lowers"}], None)
    third = _offer("s3", [], None)
    table = ranking_table("ranked", {"currency": "EUR", "offers": [first, second, third]}, {"s1": "dress (s1)"}, ["s2", "s1", "s3"])
    lines = _lines(table)
    amounts = "EUR 40.00 EUR 15.35 EUR -19.65 EUR 4.85"
    assert f"1 dress (s1) 80% 30.0% {amounts} 2 (up 1) + size distance" == lines[2]
    assert f"2 s2 - 30.0% {amounts} 1 (down 1) - price" == lines[3]
    assert f"3 s3 - 30.0% {amounts} 3 no reasons asked for" == lines[4]
