from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from domain.policy import parse_policy
from domain.recovery import ALL, Recovery, Share
from domain.sensitivity import Ordered, Scenario, Till
from experiments.plots_economics import tornado
from experiments.printed_economics import economics_json, recovery_table, sensitivity_table, till_table
from tests.domain.test_recovery import POLICY

TILL = Till(1234, 4000, 1600, 0.0, 1950, -5, 0.5, 0.25, 975)
OF = Ordered(pd.DataFrame(), "EUR", 10, 0)
SEEN = Recovery(1234, 5, Share(0.7, 0.6, 0.8), Share(0.3, 0.2, 0.4), (0.625, 0.5))
SCENARIOS = (
    Scenario("payment fee", -0.5, {ALL: replace(TILL, kept=1000)}),
    Scenario("payment fee", 0.5, {ALL: replace(TILL, kept=-25, break_even=math.nan)}),
    Scenario("unit cost", -0.5, {ALL: replace(TILL, kept=980)}),
    Scenario("unit cost", 0.5, {ALL: replace(TILL, kept=970)}),
    Scenario("own a and b", None, {ALL: replace(TILL, kept=975)}),
)


def _lines(table: Table) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return [" ".join(line.split()) for line in file.getvalue().splitlines() if line.strip(" ─")]


def test_the_till_is_a_row_per_category_in_the_currencys_decimals() -> None:
    assert [
        "what an ordered line leaves in the till, EUR (10 pending left out)",
        "lines net price unit cost M if kept L if returned break-even came back kept margin a line",
        "all 1,234 40.00 16.00 19.50 -0.05 50.0% 25.0% 9.75",
        "dress 1,234 40.00 16.00 (75% assumed) 19.50 -0.05 - 25.0% 9.75",
    ] == _lines(till_table({ALL: TILL, "dress": replace(TILL, break_even=math.nan, cost_assumed=0.75)}, OF))


def test_lines_without_a_price_are_told() -> None:
    title = _lines(till_table({ALL: TILL}, replace(OF, unpriced=1000)))[0]
    assert "what an ordered line leaves in the till, EUR (10 pending, 1,000 without a price left out)" == title


def test_estimates_stand_beside_what_is_assumed_with_their_ranges() -> None:
    assert [
        "usual goods 1,234 5 0.625 0.700 [0.600, 0.800] 0.500 0.300 [0.200, 0.400]",
        "dress 0 5 0.625 - 0.500 -",
    ] == _lines(recovery_table({ALL: SEEN, "dress": replace(SEEN, returns=0)}))[2:]


def test_other_costs_are_told_against_what_is() -> None:
    assert [
        "as it is 9.75 50.0%",
        "payment fee -50 % 10.00 +0.25 50.0%",
        "payment fee +50 % -0.25 -10.00 -",
        "unit cost -50 % 9.80 +0.05 50.0%",
        "unit cost +50 % 9.70 -0.05 50.0%",
        "own a and b 9.75 0.00 50.0%",
    ] == _lines(sensitivity_table(TILL, SCENARIOS, "EUR"))[2:]


def test_the_json_holds_everything_and_no_nan() -> None:
    content = economics_json(parse_policy(POLICY), OF, {ALL: TILL}, {ALL: SEEN}, SCENARIOS)
    again = json.loads(json.dumps(content, allow_nan=False))
    assert {"lines": 1234, "kept": 975, "break_even": 0.5}.items() <= again["tills"][""].items()
    assert [0.625, 0.5] == again["recovery"][""]["assumed"]
    dearer = again["scenarios"][1]
    assert ("payment fee", 0.5, None) == (dearer["name"], dearer["change"], dearer["tills"][""]["break_even"])
    assert (10, 0, "EUR", "eu_fashion_ehi2023") == tuple(again[key] for key in ("lines_pending", "lines_unpriced", "currency", "preset"))


def test_a_tornado_has_its_widest_bar_on_top_and_other_sets_of_costs_as_dots() -> None:
    figure = tornado(975, SCENARIOS, "EUR")
    axes: Any = figure.axes[0]
    assert "An ordered line leaves EUR 9.75; most hangs on: payment fee" == figure.get_suptitle()
    assert ["payment fee", "unit cost", "own a and b"] == [label.get_text() for label in axes.get_yticklabels()]
    assert [0.25, -10.0, 0.05, -0.05] == [round(bar.get_width(), 6) for bar in axes.patches]
    assert {9.75} == {bar.get_x() for bar in axes.patches}
    assert [9.75] == list(axes.lines[0].get_xdata())
    assert ["-50 %", "+50 %"] == [text.get_text() for text in figure.legends[0].get_texts()]
