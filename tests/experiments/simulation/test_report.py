from __future__ import annotations

import json
import math

import pytest

from domain.errors import SettingsRefused
from experiments.simulation.page import page
from experiments.simulation.pictures import pictures
from experiments.simulation.plan import EVERYBODY, Result
from experiments.simulation.policies import contenders
from experiments.simulation.printed import percent
from experiments.simulation.report import Interval, Report, report
from experiments.simulation.simulate import parse_seeds
from experiments.simulation.truth import METRICS


def result(kept_margin: float, orders: float = 100.0, returns: float = 40.0) -> Result:
    """1,000 views, 100 units, half of the orders by new customers."""
    sums = dict.fromkeys(METRICS, 100.0) | {
        "views": 1_000.0,
        "orders": orders,
        "returns": returns,
        "kept_margin": kept_margin,
        "units": orders,
    }
    half = {name: value / 2 for name, value in sums.items()}
    return Result({EVERYBODY: sums, "customer:new": half}, [kept_margin / 2, kept_margin / 2])


@pytest.fixture(scope="module")
def found() -> Report:
    return report(
        "tiny",
        {
            1: {"conversion": result(1_000), "kept_margin": result(1_100, 99, 35), "oracle": result(1_200)},
            2: {"conversion": result(2_000), "kept_margin": result(2_300, 99, 35), "oracle": result(2_400)},
        },
    )


def test_an_interval_is_students(found: Report) -> None:
    """Gains of 10 % and 15 %: mean 12.5 %, standard error 2.5 %, t(1) = 12.706."""
    gain = found.versus["kept_margin/conversion"]["kept_margin_per_1000_views"]

    assert gain.value == pytest.approx(0.125)
    assert (gain.low, gain.high) == pytest.approx((0.125 - 12.7062 * 0.025, 0.125 + 12.7062 * 0.025), abs=1e-4)


def test_luck_that_both_share_falls_out(found: Report) -> None:
    orders = found.versus["kept_margin/conversion"]["orders"]

    assert (orders.value, orders.low, orders.high) == pytest.approx((-0.01, -0.01, -0.01))
    assert orders.below


def test_the_share_of_the_oracles_gain(found: Report) -> None:
    assert found.policies["kept_margin"]["oracle_gain_share"].value == pytest.approx((0.5 + 0.75) / 2)
    assert 0 == found.policies["conversion"]["oracle_gain_share"].value
    assert 1 == found.policies["oracle"]["oracle_gain_share"].value


def test_the_json_has_what_was_agreed(found: Report) -> None:
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))

    assert {"shop", "seeds", "policies", "versus"} <= set(told)
    for metric in ("kept_margin_per_1000_views", "orders", "returns", "return_rate", "oracle_gain_share"):
        assert {"value", "low", "high"} == set(told["policies"]["kept_margin"][metric])
    assert {"value", "low", "high"} == set(told["versus"]["kept_margin/conversion"]["return_rate"])
    assert told["policies"]["kept_margin"]["kept_margin_per_1000_views"]["value"] == 1_700
    assert told["slices_versus"]["kept_margin/conversion"]["customer:new"]["orders"]["value"] == pytest.approx(-0.01)


def test_one_seed_has_no_interval() -> None:
    alone = report("tiny", {3: {"conversion": result(1_000), "kept_margin": result(1_100)}})
    gain = alone.versus["kept_margin/conversion"]["kept_margin_per_1000_views"]

    assert math.isnan(gain.low)
    assert gain.to_json()["low"] is None
    assert "+10.0 %" == percent(gain)
    assert "oracle_gain_share" not in alone.policies["kept_margin"]


def test_more_than_a_loss_is_no_share_of_it() -> None:
    losing = report(
        "tiny", {1: {"conversion": result(-10), "kept_margin": result(5)}, 2: {"conversion": result(10), "kept_margin": result(5)}}
    )
    gain = losing.versus["kept_margin/conversion"]["kept_margin_per_1000_views"]

    assert {"value": None, "low": None, "high": None} == gain.to_json()
    assert "-" == percent(gain)


def test_no_policy_to_compare_with() -> None:
    assert {} == report("tiny", {1: {"oracle": result(1_000)}}).versus


def test_the_page_needs_nothing_else_and_escapes(found: Report) -> None:
    html = page(
        Report("<shop>", found.seeds, found.policies, found.versus, found.parts, found.parts_versus, found.by_day),
        dict(pictures(found)),
        "EUR",
    )

    assert "&lt;shop&gt;" in html
    assert 3 == html.count("data:image/png;base64,")
    assert "http" not in html
    assert "+12.5 %" in html


def test_a_name_twice_is_an_a_a_test() -> None:
    assert [0, 1] == [one.seed for one in contenders("conversion,conversion")]


@pytest.mark.parametrize("names", ["", "luck", "conversion,conversion,conversion"])
def test_other_names_are_refused(names: str) -> None:
    with pytest.raises(SettingsRefused):
        contenders(names)


@pytest.mark.parametrize("seeds", ["", "x", "5..1", "-1", "1..", "1.2"])
def test_other_seeds_are_refused(seeds: str) -> None:
    with pytest.raises(SettingsRefused, match="seeds"):
        parse_seeds(seeds)


def test_an_interval_above_and_below() -> None:
    assert Interval.of([1.0, 1.1, 0.9]).above
    assert not Interval.of([1.0, -1.1, 0.9]).above
