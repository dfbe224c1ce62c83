from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from experiments.demo_shop.arrays import numbered
from experiments.simulation.arm import Arm
from experiments.simulation.loop import Past, Simulation
from experiments.simulation.plan import EVERYBODY, Plan, Result
from experiments.simulation.policies import contenders
from experiments.simulation.simulate import Comparison, run_seed, simulate
from features.asked import of_impressions
from features.build import build

POLICIES = "popular,conversion,kept_margin,oracle,oracle_conversion"


@pytest.fixture(scope="module")
def results(simulation: Simulation) -> dict[str, Result]:
    return {contender.name: simulation.run(contender) for contender in contenders(POLICIES)}


def earned(result: Result) -> float:
    return result.sums[EVERYBODY]["kept_margin"]


def orders(result: Result) -> float:
    return result.sums[EVERYBODY]["styles"]


def test_every_policy_meets_the_same_shoppers(results: dict[str, Result]) -> None:
    visits = {result.sums[EVERYBODY]["visits"] for result in results.values()}

    assert 1 == len(visits)
    assert visits.pop() > 50


def test_who_knows_the_truth_earns_most_or_sells_most(results: dict[str, Result]) -> None:
    assert earned(results["oracle"]) == max(earned(result) for result in results.values())
    assert orders(results["oracle_conversion"]) == max(orders(result) for result in results.values())


def test_to_know_the_orders_or_the_returns_is_worth_something(simulation: Simulation, results: dict[str, Result]) -> None:
    orders_known, returns_known = (simulation.run(one) for one in contenders("oracle_orders,oracle_returns"))

    assert earned(results["kept_margin"]) < earned(returns_known) < earned(results["oracle"])
    assert earned(results["kept_margin"]) < earned(orders_known) < earned(results["oracle"])


def test_the_truth_keeps_its_own_guard_rail(results: dict[str, Result]) -> None:
    """The guard-rail's attention is a guess, so it holds roughly."""
    assert 0.97 < orders(results["oracle"]) / orders(results["oracle_conversion"]) < 1


def test_the_parts_add_up_to_all(results: dict[str, Result]) -> None:
    sums = results["kept_margin"].sums

    for one, other in (("customer:new", "customer:known"), ("sizes:extended", "sizes:usual")):
        for name, whole in sums[EVERYBODY].items():
            assert whole == pytest.approx(sums[one][name] + sums[other][name])


def test_the_same_policy_twice_is_the_same(simulation: Simulation, results: dict[str, Result]) -> None:
    again = simulation.run(contenders("kept_margin")[0])

    assert results["kept_margin"] == again


def test_a_policy_of_other_seeds_differs_a_little(simulation: Simulation, results: dict[str, Result]) -> None:
    second = simulation.run(contenders("conversion,conversion")[1])

    assert earned(second) != earned(results["conversion"])
    assert earned(second) == pytest.approx(earned(results["conversion"]), rel=0.35)


def test_models_of_shuffled_labels_sell_less(simulation: Simulation, results: dict[str, Result]) -> None:
    assert orders(simulation.run(contenders("shuffled")[0])) < orders(results["conversion"])


def test_ranking_by_a_chance_learned_from_shuffled_labels_sells_less(simulation: Simulation, results: dict[str, Result]) -> None:
    assert orders(simulation.run(contenders("shuffled_conversion")[0])) < orders(results["conversion"])


def test_what_was_served_is_what_features_say_later(simulation: Simulation) -> None:
    """Log and wait: the features that models are trained on were logged when offers were ranked, and equal those of the tables."""
    past, state = Past(simulation.past), simulation.state.copy()
    arm, morning, result = Arm(simulation, contenders("conversion")[0], past), simulation.mornings[0], Result()
    state.stock.receive(simulation.shop.begins(morning.number), morning.number)
    arm.wake(morning, state)
    simulation._serve(arm, morning, state, past, result)
    shown = past.days[0]["impressions"]
    seen = simulation.seen(past, morning.number + 1)

    later = build(seen, of_impressions({**seen.tables, "impressions": shown}))

    logged = arm._logs[0]
    pd.testing.assert_series_equal(logged.shown["request_id"], shown["request_id"])
    assert list(later) == list(logged.inputs)
    twice = pd.Series(morning.visits.customer).duplicated(keep=False).to_numpy()  # who comes twice a day is served as if for the first time
    once = shown["request_id"].isin(numbered("q", morning.visits.number[~twice], 7)).to_numpy()
    pd.testing.assert_frame_equal(later[once], logged.inputs[once], check_exact=True)
    assert once.mean() > 0.8


def test_seeds_side_by_side_give_what_they_give_alone(plan: Plan) -> None:
    small = replace(plan, shop=replace(plan.shop, customers=200, styles=40, days=70), days=1)
    comparison = Comparison(small, contenders("popular,oracle"), (1, 2), jobs=2)
    ticks = []

    found = simulate(comparison, lambda: ticks.append(1))

    alone = [run_seed(replace(small, shop=replace(small.shop, seed=seed)), comparison.contenders, lambda: None) for seed in (1, 2)]
    assert comparison.ticks == len(ticks)
    assert (1, 2) == found.seeds
    assert found.policies["oracle"]["orders"].value == pytest.approx(sum(one["oracle"].sums[EVERYBODY]["orders"] for one in alone) / 2)
