from __future__ import annotations

import pytest

from training.settings import Forest
from training.tuning.front import Point, hopeless, knee, pareto

FOREST = Forest(100, 0.1, 8, 20, 1.0, 1.0, 1.0)


def _points(*places: tuple[float, float]) -> list[Point]:
    """Points of (microseconds, log-loss)."""
    return [Point(number, loss, time, FOREST) for number, (time, loss) in enumerate(places)]


def _numbers(points: tuple[Point, ...]) -> list[int]:
    return [point.number for point in points]


def test_a_point_is_on_the_front_if_none_is_both_faster_and_more_accurate() -> None:
    slow_and_good, fast_and_bad, between, beaten = (9.0, 0.1), (1.0, 0.9), (3.0, 0.5), (4.0, 0.6)
    assert [1, 2, 0] == _numbers(pareto(_points(slow_and_good, fast_and_bad, between, beaten)))


def test_of_equal_points_the_earliest_is_on_the_front_and_equally_fast_or_accurate_ones_only_if_better() -> None:
    assert [0] == _numbers(pareto(_points((1.0, 0.5), (1.0, 0.5))))
    assert [1] == _numbers(pareto(_points((1.0, 0.5), (1.0, 0.4))))
    assert [1] == _numbers(pareto(_points((2.0, 0.5), (1.0, 0.5))))


def test_no_points_have_an_empty_front() -> None:
    assert () == pareto([])


def test_the_knee_is_where_accuracy_begins_to_cost_most() -> None:
    # each takes 10 microseconds more: the first ones win 0.3, the second 0.06, the third 0.04
    assert 1 == knee(pareto(_points((10.0, 0.9), (20.0, 0.6), (30.0, 0.54), (40.0, 0.5)))).number
    # from the second to the third, 0.06 costs but one more
    assert 2 == knee(pareto(_points((10.0, 0.9), (20.0, 0.6), (21.0, 0.54), (40.0, 0.5)))).number


def test_the_knee_does_not_depend_on_the_units_of_either_objective() -> None:
    places = [(1.0, 0.9), (2.0, 0.7), (7.0, 0.52), (90.0, 0.5)]
    in_ms = [(time / 1_000, 100 * loss + 5) for time, loss in places]
    assert 2 == knee(pareto(_points(*places))).number == knee(pareto(_points(*in_ms))).number


@pytest.mark.parametrize(
    "places", [[(2.0, 0.5)], [(1.0, 0.6), (2.0, 0.5)], [(1.0, 0.6), (2.0, 0.59), (4.0, 0.5)], [(1.0, 0.75), (2.0, 0.5), (3.0, 0.25)]]
)
def test_without_a_point_below_the_line_the_knee_is_the_most_accurate(places: list[tuple[float, float]]) -> None:
    assert len(places) - 1 == knee(pareto(_points(*places))).number


def test_a_trial_is_hopeless_if_a_finished_one_is_clearly_better_in_both_on_the_same_folds() -> None:
    finished = [([0.50, 0.90], [10.0, 10.0])]
    assert hopeless([0.52], [13.0], finished)
    assert not hopeless([0.52], [9.0], finished), "it is faster"
    assert not hopeless([0.49], [13.0], finished), "it is more accurate"
    assert not hopeless([0.5001], [13.0], finished), "its accuracy is within the margin"
    assert not hopeless([0.52], [11.0], finished), "its speed is within the margin"
    assert not hopeless([0.52], [13.0], [])
    assert not hopeless([0.52, 0.80], [13.0, 13.0], finished), "over both folds it is more accurate"
    assert not hopeless([0.52], [13.0], [([0.50, 0.90], [20.0, 1.0]), ([0.60, 0.10], [1.0, 1.0])]), "one is faster, another more accurate"
