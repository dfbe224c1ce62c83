from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.knee import GRID, Point, forests, knee, table
from training.bootstrap import Interval
from training.settings import Forest

IN_USE = Forest(trees=300, learning_rate=0.02, leaves=15, fewest_rows_per_leaf=200, share_of_features=0.3, share_of_rows=0.7, l2=20.0)


def _point(us: float, low: float) -> Point:
    over = Interval(0.001, low, 0.002)
    return Point(us, 0.5, over, over)


def test_the_knee_is_the_cheapest_forest_that_no_shop_shows_to_be_worse_than_the_best() -> None:
    here, there = ([_point(9, -1.0), _point(3, -1.0), _point(1, low)] for low in (-1.0, 0.0001))
    assert 2 == knee([here])
    assert 1 == knee([here, there])


def test_what_a_forest_costs_is_what_it_costs_on_all_shops() -> None:
    assert 1 == knee([[_point(1, -1.0), _point(2, -1.0)], [_point(9, -1.0), _point(3, -1.0)]])


@pytest.mark.parametrize("kind", list(GRID))
def test_fewer_trees_learn_faster_and_nothing_else_changes(kind: str) -> None:
    first, *others = forests(kind, IN_USE)
    assert IN_USE == first
    assert [pytest.approx(6.0, rel=0.01)] * len(others) == [forest.trees * forest.learning_rate for forest in others]
    same = {replace(forest, trees=300, leaves=15, learning_rate=0.02) for forest in others}
    assert {IN_USE} == same


def test_a_forest_of_the_grid_that_is_in_use_is_tried_once() -> None:
    trees, leaves = GRID["return"][2]
    assert len(GRID["return"]) == len(forests("return", replace(IN_USE, trees=trees, leaves=leaves, learning_rate=6 / trees)))


def test_the_table_starts_with_the_cheapest_and_says_which_is_in_use_the_knee_or_worse() -> None:
    grid = [IN_USE, replace(IN_USE, trees=60, learning_rate=0.1), replace(IN_USE, trees=30, learning_rate=0.2)]
    lines = list(table(grid, {"uci": [_point(9, -1.0), _point(3, -1.0), _point(1, 0.0001)]}))
    over = "+0.00100 [-1.00000, +0.00200]"
    assert [
        "| trees, leaves, rate | uci: µs a row | uci: log-loss | uci: over the best | uci: over in use |",
        "|---|---|---|---|---|",
        "| 30, 15, 0.2 | 1.0 | 0.50000 | +0.00100 [+0.00010, +0.00200] ! | +0.00100 [+0.00010, +0.00200] |",
        f"| 60, 15, 0.1 (**knee**) | 3.0 | 0.50000 | {over} | {over} |",
        f"| 300, 15, 0.02 (in use) | 9.0 | 0.50000 | {over} |  |",
    ] == lines
