"""What a list of offers is worth in truth: expected orders, returns and money, exactly, whatever luck the visitors then have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from domain.economics import UnitEconomics, unit_economics
from domain.policy import Policy
from experiments.demo_shop.arrays import Flags, Floats, Ints
from experiments.demo_shop.choosing import discounts, p_orders, p_take
from experiments.demo_shop.delivery import DAYS_LATE, lateness_shares
from experiments.demo_shop.history import Shop
from experiments.demo_shop.orders import TWICE, Shown
from experiments.demo_shop.outcomes import TOO_LARGE, TOO_SMALL, Hazards, hazards_of, p_by_cause, under_way
from experiments.demo_shop.people import COUNTRIES
from experiments.demo_shop.sizes import CATEGORY_NAMES, SIZES
from experiments.demo_shop.sizing import NO_SIZE, Sizes
from experiments.demo_shop.visits import Visits

METRICS = ("visits", "views", "orders", "styles", "kept_styles", "units", "returns", "size_returns", "revenue", "kept_margin")
"""What is added up over visits: visits, offers shown, orders, styles ordered, styles of which one size is kept, units, units that come
back, for size, value ordered without VAT (cents), kept margin (cents)."""


@dataclass(frozen=True)
class Worth:
    """What ordering each candidate would bring, all (visits, candidates); 0 where there is none.

    Attributes:
        q: P(takes it | looks at it).
        units, returns, size_returns: expected, given that it is ordered.
        kept: P(one of its sizes is kept), given that it is ordered.
        revenue, money: expected value ordered and kept margin in cents, given that it is ordered.
        at_stake: margin if kept plus loss if returned of one unit, in cents.
        margin: if a unit is kept, in cents.
    """

    q: Floats
    units: Floats
    returns: Floats
    size_returns: Floats
    kept: Floats
    revenue: Floats
    money: Floats
    at_stake: Floats
    margin: Floats

    @property
    def p_return(self) -> Floats:
        """The P(return) that makes one unit worth what an order of the candidate is worth: what an all-knowing model would say."""
        stake = np.where(self.at_stake > 0, self.at_stake, 1.0)
        return np.asarray(np.clip((self.margin - self.money) / stake, 0.0, 1.0))


def worth_of(shop: Shop, policy: Policy, visits: Visits, sizes: Sizes, v: Floats) -> Worth:
    """Work out what ordering each candidate would bring.

    Args:
        shop: the shop.
        policy: what an order costs and brings in truth.
        visits: who came, and what was found for them.
        sizes: in which sizes they would order it.
        v: how much it appeals.
    """
    row, column = np.nonzero(visits.found)
    style, at = visits.styles[row, column], visits.when[row]
    price = shop.assortment.price[style] - discounts(shop.assortment, style, at)
    one, two, takes_two = sizes.sku[row, column], sizes.second[row, column], sizes.takes_two[row, column]
    alone, pair, size_alone, size_pair, none_of_pair = _returned(shop, visits, row, one, np.where(two == NO_SIZE, one, two), price)
    money = _money(shop, policy, visits, row, style, price)
    margin, stake = money.margin_if_kept.astype("float64"), (money.margin_if_kept + money.loss_if_returned).astype("float64")
    twice = 1 + TWICE * (SIZES[shop.assortment.category[style]] == 1)
    lines, returns = 1 + takes_two, (1 - takes_two) * alone + takes_two * pair
    found = {
        "q": p_take(shop.settings.world.visits, v[row, column]),
        "units": lines * twice,
        "returns": returns * twice,
        "size_returns": ((1 - takes_two) * size_alone + takes_two * size_pair) * twice,
        "kept": 1 - ((1 - takes_two) * alone + takes_two * none_of_pair),
        "revenue": lines * twice * money.price_net,
        "money": (lines * margin - returns * stake) * twice,
        "at_stake": stake,
        "margin": margin,
    }
    return Worth(**{name: _table(visits, row, column, values) for name, values in found.items()})


def expected(shop: Shop, visits: Visits, worth: Worth, shown: Shown) -> dict[str, Floats]:
    """`METRICS` of each visit, as expected when this is shown."""
    q = np.where(shown.offered, shown.of(worth.q), 0.0)
    ordered, any_order = p_orders(shop.settings.world.visits, q)

    def summed(of: Floats) -> Floats:
        return np.asarray((ordered * shown.of(of)).sum(axis=1))

    return {
        "visits": np.ones(len(visits)),
        "views": shown.offered.sum(axis=1).astype("float64"),
        "orders": any_order,
        "styles": ordered.sum(axis=1),
        "kept_styles": summed(worth.kept),
        "units": summed(worth.units),
        "returns": summed(worth.returns),
        "size_returns": summed(worth.size_returns),
        "revenue": summed(worth.revenue),
        "kept_margin": summed(worth.money),
    }


def slices(shop: Shop, visits: Visits, new: Flags) -> Mapping[str, Flags]:
    """Which visits belong to which part of the customers."""
    people = shop.people
    dress = 38 + ((people.body[visits.person, :3] - np.array([88.0, 72.0, 97.0])) / np.array([2.0, 2.0, 1.5])).mean(axis=1)
    extended = (dress >= 43) | (dress <= 34)
    household = people.second[visits.customer] >= 0
    return {
        "customer:new": new,
        "customer:known": ~new,
        "sizes:extended": extended,
        "sizes:usual": ~extended,
        "account:household": household,
        "account:single": ~household,
    }


def _returned(shop: Shop, visits: Visits, row: Ints, one: Ints, two: Ints, price: Ints) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Expected returns of the one alone and of both sizes, those for size of each, and P(both come back); means over the delays.

    Of two sizes that would both be kept, one goes back, for size; which one does not matter to the sums.
    """
    reasons, growth = shop.settings.world.reasons, shop.settings.world.drift.fussiness_per_year
    person, at, payment = visits.person[row], visits.when[row], visits.payment[row]
    first, second = (hazards_of(reasons, shop.people, shop.assortment, person, sku, price, at, growth=growth) for sku in (one, two))
    shares = lateness_shares(shop.people.country[visits.customer[row]])
    total = [np.zeros(len(row)) for _ in range(5)]
    for late in DAYS_LATE:
        (returned_1, size_1), (returned_2, size_2) = (_given(shop, hazards, payment, int(late)) for hazards in (first, second))
        both_kept = (1 - returned_1) * (1 - returned_2)
        parts = (returned_1, returned_1 + returned_2 + both_kept, size_1, size_1 + size_2 + both_kept, returned_1 * returned_2)
        for sum_, part in zip(total, parts, strict=True):
            sum_ += shares[:, late] * part
    return total[0], total[1], total[2], total[3], total[4]


def _given(shop: Shop, hazards: Hazards, payment: Ints, days_late: int) -> tuple[Floats, Floats]:
    causes = p_by_cause(under_way(shop.settings.world.reasons, hazards, shop.people, payment, np.full(len(payment), days_late)))
    return causes.sum(axis=1), causes[:, TOO_SMALL] + causes[:, TOO_LARGE]


def _money(shop: Shop, policy: Policy, visits: Visits, row: Ints, style: Ints, price: Ints) -> UnitEconomics:
    """Market by market, as each has its own VAT."""
    country = shop.people.country[visits.customer[row]]
    categories = np.array(CATEGORY_NAMES, dtype=object)[shop.assortment.category[style]]
    cost = shop.assortment.unit_cost[style].astype("float64")
    order, parts = [], []
    for number, name in enumerate(COUNTRIES):
        there = np.flatnonzero(country == number)
        order.append(there)
        parts.append(unit_economics(price[there], cost[there], categories[there].tolist(), country=name, currency="EUR", policy=policy))
    back = np.argsort(np.concatenate(order), kind="stable")
    columns = [name for name in UnitEconomics.__dataclass_fields__ if name != "currency"]
    return UnitEconomics(currency="EUR", **{name: np.concatenate([getattr(part, name) for part in parts])[back] for name in columns})


def _table(visits: Visits, row: Ints, column: Ints, values: Floats) -> Floats:
    table = np.zeros(visits.styles.shape)
    table[row, column] = values
    return table
