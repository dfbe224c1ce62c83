from __future__ import annotations

import numpy as np
import pytest

from experiments.demo_shop import ShopSettings
from experiments.demo_shop.history import Shop, State, candidates
from experiments.demo_shop.orders import Day, several, shop_on
from experiments.demo_shop.showing import draw_shown, popularity_scores
from experiments.demo_shop.sizing import NO_SIZE

PLENTY = 10_000


@pytest.fixture(scope="module")
def shop() -> Shop:
    """Many customers for few styles: what is scarce sells out within the day."""
    return Shop.of(ShopSettings(seed=3, customers=15_000, styles=30, days=60))


def _day(shop: Shop, units: int) -> tuple[Day, State]:
    """One day on which there are so many units of everything."""
    state = State.of(shop)
    visits = shop.visits(40, first=500)
    sizes, _ = candidates(shop, state, visits)
    state.stock.units[:] = units
    shown = draw_shown(popularity_scores(shop.assortment, visits), visits.found, 12, 0.6, visits, shop.noise)
    world = shop.settings.world
    day = shop_on(world, shop.assortment, shop.noise, visits, sizes, shop.appeal(visits), shown, state.stock, state.experience)
    return day, state


@pytest.fixture(scope="module")
def plenty(shop: Shop) -> Day:
    return _day(shop, PLENTY)[0]


@pytest.fixture(scope="module")
def scarce(shop: Shop) -> Day:
    return _day(shop, 1)[0]


def test_numbers_of_lines_are_unique_and_begin_with_their_visit(plenty: Day) -> None:
    assert len(plenty.lines) > 150
    assert len(set(plenty.lines.number)) == len(plenty.lines)
    np.testing.assert_array_equal(plenty.lines.number // 16, plenty.lines.visit)


def test_a_second_size_goes_with_its_first(plenty: Day, scarce: Day) -> None:
    for day in (plenty, scarce):
        numbers = set(day.lines.number)
        assert all(number - 1 in numbers for number in numbers if number % 2 == 1)
    assert (plenty.lines.number % 2 == 1).any()


def test_two_sizes_of_a_style_know_each_other(shop: Shop, plenty: Day) -> None:
    lines, twins = plenty.lines, np.flatnonzero(plenty.lines.twin >= 0)
    other = lines.twin[twins]

    np.testing.assert_array_equal(twins, lines.twin[other])
    assert (lines.sku[twins] != lines.sku[other]).all()
    assert (shop.assortment.sku_style[lines.sku[twins]] == shop.assortment.sku_style[lines.sku[other]]).all()


def test_an_impression_leads_to_the_line_of_its_sku(plenty: Day) -> None:
    row, position = np.nonzero(plenty.line_of >= 0)
    line, shown = plenty.line_of[row, position], plenty.shown.of(plenty.sizes.sku)[row, position]

    np.testing.assert_array_equal(shown, plenty.lines.sku[line])
    np.testing.assert_array_equal(plenty.visits.number[row], plenty.lines.visit[line])
    assert (plenty.lines.number % 2 == 0).sum() == len(row) == plenty.looks.ordered.sum()


def test_nobody_orders_more_styles_than_wanted(plenty: Day) -> None:
    assert (plenty.looks.ordered.sum(axis=1) <= plenty.visits.wanted).all()
    assert (plenty.visits.wanted > 1).any()


def test_what_is_sold_out_goes_to_whoever_came_first(plenty: Day, scarce: Day) -> None:
    """Everybody wants the same in both, so the lines that are missing are those that the warehouse could not fill."""
    wanted, got = plenty.lines, set(scarce.lines.number)
    assert 0 < len(got) < len(wanted)
    for sku in set(wanted.sku):
        these = np.flatnonzero((wanted.sku == sku) & (wanted.number % 2 == 0) & (wanted.quantity == 1))
        others = (wanted.sku == sku).sum() > len(these)
        kept = [wanted.number[one] in got for one in these[np.argsort(wanted.when[these], kind="stable")]]
        assert sum(kept) <= 1
        assert others or kept[0]


def test_the_warehouse_and_the_customers_remember(shop: Shop, plenty: Day) -> None:
    day, state = _day(shop, PLENTY)
    gone = np.bincount(day.lines.sku, weights=day.lines.quantity, minlength=len(shop.assortment.skus))
    styles = np.bincount(day.lines.customer[day.lines.number % 2 == 0], minlength=len(shop.people.ids))

    np.testing.assert_array_equal(PLENTY - gone, state.stock.units)
    np.testing.assert_array_equal(styles, state.experience.of_any)
    np.testing.assert_array_equal(styles, state.experience.of_brand.sum(axis=1))
    np.testing.assert_array_equal(plenty.lines.number, day.lines.number)


def test_only_what_has_sizes_comes_in_two(shop: Shop, plenty: Day) -> None:
    sized = shop.assortment.sku_number[plenty.lines.sku] > 0

    assert not (plenty.lines.twin >= 0)[~sized].any()
    assert (plenty.lines.quantity[sized] == 1).all()
    assert (plenty.sizes.takes_two[plenty.sizes.second == NO_SIZE] == 0).all()


def test_several_days_as_one_keep_twins_and_impressions_together(plenty: Day) -> None:
    both, count = several([plenty, plenty]), len(plenty.lines)

    np.testing.assert_array_equal(np.tile(plenty.lines.sku, 2), both.lines.sku)
    np.testing.assert_array_equal(plenty.lines.twin[plenty.lines.twin >= 0] + count, both.lines.twin[count:][plenty.lines.twin >= 0])
    np.testing.assert_array_equal(plenty.line_of[plenty.line_of >= 0] + count, both.line_of[len(plenty.visits) :][plenty.line_of >= 0])
    assert plenty.shown.policy == both.shown.policy
