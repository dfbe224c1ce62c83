from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from experiments.demo_shop import ShopSettings
from experiments.demo_shop.arrays import DAY
from experiments.demo_shop.history import Shop
from experiments.demo_shop.people import NO_OCCASION, OCCASIONS
from experiments.demo_shop.sizes import CATEGORY_NAMES
from experiments.demo_shop.visits import ANYTHING, NOBODY, Visits

DAY_50 = 50


@pytest.fixture(scope="module")
def big() -> Shop:
    """A shop with about a thousand visits a day."""
    return Shop.of(ShopSettings(seed=3, customers=25_000, styles=120, days=60))


@pytest.fixture(scope="module")
def visits(big: Shop) -> Visits:
    return big.visits(DAY_50, first=7_000)


def test_visits_are_numbered_in_order_of_time_on_their_day(big: Shop, visits: Visits) -> None:
    assert len(visits) > 700
    np.testing.assert_array_equal(7_000 + np.arange(len(visits)), visits.number)
    assert (np.diff(visits.when) >= 0).all()
    assert big.begins(DAY_50) <= visits.when.min() <= visits.when.max() < big.begins(DAY_50 + 1)


def test_nobody_comes_before_joining(big: Shop, visits: Visits) -> None:
    assert (visits.when >= big.people.joined[visits.customer]).all()
    assert (big.people.account[visits.person] == visits.customer).all()


def test_the_storefront_finds_each_style_once(visits: Visits) -> None:
    for found in visits.styles:
        some = found[found != NOBODY]
        assert len(set(some)) == len(some)


def test_only_styles_that_are_out_and_not_hidden_are_found(big: Shop, visits: Visits) -> None:
    row, column = np.nonzero(visits.found)
    style = visits.styles[row, column]

    assert (big.assortment.launched[style] <= visits.when[row]).all()
    assert big.assortment.hidden.any()
    assert not big.assortment.hidden[style].any()


def test_most_of_what_is_found_is_what_the_visit_is_about(big: Shop, visits: Visits) -> None:
    about = visits.about != ANYTHING
    same = (big.assortment.category[visits.styles] == visits.about[:, None])[visits.found & about[:, None]]

    assert 0.55 < about.mean() < 0.68
    assert same.mean() > 0.5


def test_patience_is_geometric_and_wishes_have_their_shares(big: Shop, visits: Visits) -> None:
    numbers = big.settings.world.visits
    for position in (2, 5, 10):
        assert numbers.keeps_looking ** (position - 1) == pytest.approx((visits.patience >= position).mean(), abs=0.06)
    assert numbers.styles_wanted == pytest.approx(np.bincount(visits.wanted, minlength=6)[1:] / len(visits), abs=0.06)


def test_the_same_day_comes_again(big: Shop, visits: Visits) -> None:
    again = big.visits(DAY_50, first=7_000)

    for one in dataclasses.fields(Visits):
        np.testing.assert_array_equal(getattr(visits, one.name), getattr(again, one.name))


def test_whoever_has_an_occasion_comes_more_often_and_for_it_in_the_month_before() -> None:
    shop = Shop.of(ShopSettings(seed=4, customers=60_000, styles=60, days=60))
    people, begins = shop.people, shop.begins(DAY_50)
    visits = shop.visits(DAY_50, first=0)
    days_left = (people.needed_on - begins) // DAY
    near = (people.occasion != NO_OCCASION) & (days_left > 0) & (days_left <= 30) & (people.joined < begins)
    wedding = near[visits.customer] & (people.occasion[visits.customer] == OCCASIONS.index("wedding"))
    rate = np.bincount(visits.customer, minlength=len(near)) / people.visits_per_day

    assert rate[near].mean() > 1.7 * rate[~near & (people.joined < begins)].mean()
    assert wedding.sum() > 20
    assert (visits.about[wedding] == CATEGORY_NAMES.index("dress")).mean() > 0.5
