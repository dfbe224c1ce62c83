from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.economics import unit_economics
from experiments.demo_shop.delivery import draw_deliveries
from experiments.demo_shop.history import candidates
from experiments.demo_shop.keeping import draw_outcomes
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Shown, shop_on
from experiments.demo_shop.people import COUNTRIES
from experiments.demo_shop.sizes import CATEGORY_NAMES
from experiments.simulation.loop import Simulation
from experiments.simulation.truth import METRICS, expected, slices, worth_of

LUCKS = 60


def everything_shown(simulation: Simulation) -> Shown:
    """The first candidates as they were found."""
    found = simulation.mornings[0].visits.found
    slot = np.argsort(~found, axis=1, kind="stable")[:, : simulation.plan.shop.world.visits.shown]
    return Shown(np.where(np.take_along_axis(found, slot, axis=1), slot, -1), np.ones(slot.shape), "as found")


def with_luck(simulation: Simulation, luck: int) -> dict[str, float]:
    """What happens to those visitors with one luck, in a shop that never runs out."""
    shop, world, morning = simulation.shop, simulation.plan.shop.world, simulation.mornings[0]
    numbers, rng, count = world.visits, np.random.default_rng(luck), len(morning.visits)
    patience = 1 + (rng.exponential(size=count) / -np.log(numbers.keeps_looking)).astype(np.int64)
    wanted = 1 + rng.choice(len(numbers.styles_wanted), count, p=numbers.styles_wanted)
    visits = replace(morning.visits, patience=patience, wanted=wanted)
    state = simulation.state.copy()
    sizes, _ = candidates(shop, state, visits)
    state.stock.units[:] = 10**6
    noise = Noise(1_000 + luck)
    day = shop_on(world, shop.assortment, noise, visits, sizes, morning.v, everything_shown(simulation), state.stock, state.experience)
    lines = day.lines
    back = draw_outcomes(world, lines, draw_deliveries(lines, shop.people, noise), shop.people, shop.assortment, noise).returned
    style = shop.assortment.sku_style[lines.sku]
    kept_margin = 0.0
    for number, country in enumerate(COUNTRIES):
        there = shop.people.country[lines.customer] == number
        names = [CATEGORY_NAMES[kind] for kind in shop.assortment.category[style[there]]]
        costs = shop.assortment.unit_cost[style[there]].astype("float64")
        money = unit_economics(lines.unit_price[there], costs, names, country=country, currency="EUR", policy=simulation.policy)
        one = np.where(back[there], -money.loss_if_returned, money.margin_if_kept)
        kept_margin += float((one * lines.quantity[there]).sum())
    orders = {"orders": len(np.unique(lines.visit)), "styles": int((lines.number % 2 == 0).sum()), "units": int(lines.quantity.sum())}
    return {**orders, "returns": float((lines.quantity * back).sum()), "kept_margin": kept_margin}


def test_what_is_expected_is_what_luck_brings_on_the_average(simulation: Simulation) -> None:
    shop, visits = simulation.shop, simulation.mornings[0].visits
    sizes, _ = candidates(shop, simulation.state, visits)
    worth = worth_of(shop, simulation.policy, visits, sizes, simulation.mornings[0].v)

    told = {name: float(values.sum()) for name, values in expected(shop, visits, worth, everything_shown(simulation)).items()}

    lucks = [with_luck(simulation, luck) for luck in range(LUCKS)]
    for name in lucks[0]:
        values = np.array([luck[name] for luck in lucks])
        error = values.std(ddof=1) / np.sqrt(LUCKS)
        assert told[name] == pytest.approx(values.mean(), abs=4 * error), name
    assert tuple(told) == METRICS


def test_the_all_knowing_p_return_makes_an_order_worth_what_it_is(simulation: Simulation) -> None:
    visits = simulation.mornings[0].visits
    sizes, _ = candidates(simulation.shop, simulation.state, visits)
    worth = worth_of(simulation.shop, simulation.policy, visits, sizes, simulation.mornings[0].v)
    inside = visits.found & (worth.p_return > 0) & (worth.p_return < 1)

    assert inside.mean() > 0.5
    np.testing.assert_allclose((worth.margin - worth.p_return * worth.at_stake)[inside], worth.money[inside])


def test_every_visit_is_in_one_part_of_each_pair(simulation: Simulation) -> None:
    visits = simulation.mornings[0].visits
    parts = slices(simulation.shop, visits, simulation.state.experience.of_any[visits.customer] == 0)

    for one, other in (("customer:new", "customer:known"), ("sizes:extended", "sizes:usual"), ("account:household", "account:single")):
        assert (parts[one] ^ parts[other]).all()
        assert 0 < parts[one].mean() < 1
