"""What customers put in an order: styles to their taste and purse, in the size they believe they wear.

A style's appeal is its shown looks against the customer's taste, its popularity, and its price against her budget; of a
handful of styles she comes across, she takes the most appealing (Gumbel noise, so a logit choice). Numbers are guesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.calendar import Visits
from experiments.demo_shop.people import People
from experiments.demo_shop.sizes import CATEGORIES, SIZES, nearest, position, wanted_number

_COMES_ACROSS = 24
_STYLES_PER_ORDER = (0.48, 0.27, 0.14, 0.07, 0.04)
_TYPICAL_PRICE = np.array([kind.typical_price_cents for kind in CATEGORIES])
_SALE_MONTHS = (1, 7)
_ON_SALE_AFTER_DAYS = 60


@dataclass(frozen=True)
class Lines:
    """One entry per order line; lines of an order lie together, in order of time.

    Attributes:
        order, customer, sku: indices.
        when: when ordered, seconds since 1970.
        quantity: units.
        unit_price, discount: cents per unit including VAT.
        twin: index of the line with the other size of the same style in the same order; -1 without.
    """

    order: Ints
    customer: Ints
    sku: Ints
    when: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    twin: Ints


def draw_lines(visits: Visits, people: People, assortment: Assortment, rng: np.random.Generator) -> Lines:
    """Fill every order."""
    order, style = _chosen_styles(visits, people, assortment, rng)
    size, second = _chosen_sizes(visits, order, style, people, assortment, rng)
    pair = second >= 0
    rows = np.repeat(np.arange(len(order)), 1 + pair)
    is_second = np.r_[False, rows[1:] == rows[:-1]]
    order, style, at = order[rows], style[rows], visits.when[order[rows]]
    list_price = assortment.price[style]
    discount = np.rint(list_price * discount_share(assortment, style, at)).astype(np.int64)
    twice = (SIZES[assortment.category[style]] == 1) & (rng.random(len(rows)) < 0.05)
    return Lines(
        order=order,
        customer=visits.customer[order],
        sku=assortment.first_sku[style] + np.where(is_second, second[rows], size[rows]),
        when=at,
        quantity=1 + twice.astype(np.int64),
        unit_price=list_price - discount,
        discount=discount,
        twin=np.where(pair[rows], np.arange(len(rows)) + np.where(is_second, -1, 1), -1),
    )


def discount_share(assortment: Assortment, style: Ints, at: Ints) -> Floats:
    """January and July are sales for styles out for 60 days; otherwise a style is 10 % off one week in thirteen."""
    month = (at.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12) + 1
    on_sale = np.isin(month, _SALE_MONTHS) & (at - assortment.launched[style] > _ON_SALE_AFTER_DAYS * DAY)
    promoted = (at // (7 * DAY) + style) % 13 == 0
    return np.where(on_sale, assortment.sale_depth[style], np.where(promoted, 0.10, 0.0))


def price_strain(people: People, assortment: Assortment, customer: Ints, style: Ints, price: Ints | Floats) -> Floats:
    """How far the price lies above what the customer is at ease with: log ratio, 0 when it does not."""
    at_ease = people.budget[customer] * _TYPICAL_PRICE[assortment.category[style]]
    return np.asarray(np.maximum(0.0, np.log(price / at_ease)))


def _chosen_styles(visits: Visits, people: People, assortment: Assortment, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(order, style) of every chosen style, no style twice in an order."""
    orders = len(visits.when)
    launched = np.searchsorted(assortment.launched, visits.when, side="right")
    seen = (rng.random((orders, _COMES_ACROSS)) * launched[:, None]).astype(np.int64)
    appeal = _appeal(visits, seen, people, assortment) + rng.gumbel(0, 1, seen.shape)
    ranked = np.take_along_axis(seen, np.argsort(-appeal, axis=1, kind="stable")[:, : len(_STYLES_PER_ORDER)], axis=1)
    wanted = 1 + rng.choice(len(_STYLES_PER_ORDER), orders, p=_STYLES_PER_ORDER)
    order, rank = np.nonzero(np.arange(len(_STYLES_PER_ORDER)) < wanted[:, None])
    chosen = pd.DataFrame({"order": order, "style": ranked[order, rank]}).drop_duplicates()
    return chosen["order"].to_numpy(), chosen["style"].to_numpy()


def _appeal(visits: Visits, seen: Ints, people: People, assortment: Assortment) -> Floats:
    at = np.broadcast_to(visits.when[:, None], seen.shape)
    share = discount_share(assortment, seen, at)
    strain = price_strain(people, assortment, visits.customer[:, None], seen, assortment.price[seen] * (1 - share))
    liking = np.einsum("od,okd->ok", people.taste[visits.customer], assortment.shown[seen]) / 2
    return np.asarray(liking + assortment.popularity[seen] + 2.0 * share - 3.0 * strain**2)


def _chosen_sizes(
    visits: Visits, order: Ints, style: Ints, people: People, assortment: Assortment, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """(size, second size or -1), as positions among the style's sizes.

    Who knows neither herself nor the brand errs; with every order she learns both.
    """
    customer, kind = visits.customer[order], assortment.category[style]
    bought, of_brand = _experience(customer, assortment.brand[style], order)
    knows_brand = 1 - np.exp(-of_brand / 2)
    error_cm = people.belief_error_cm[customer] * np.exp(-bought / 6) + rng.normal(0, 0.8, len(order))
    shift_cm = people.ease_cm[customer] + error_cm - knows_brand * assortment.brand_bias_cm[assortment.brand[style]]
    at = position(wanted_number(people.body[customer], kind, shift_cm), kind)
    size = nearest(at, kind)
    unsure = people.bracketing[customer] * (1 - 0.5 * knows_brand)
    return size, np.where(_takes_two(unsure, kind, rng), _neighbour(at, size, kind), -1)


def _takes_two(unsure: Floats, kind: Ints, rng: np.random.Generator) -> Flags:
    return np.asarray((rng.random(len(kind)) < unsure) & (SIZES[kind] > 1))


def _neighbour(at: Floats, size: Ints, kind: Ints) -> Ints:
    """The second-nearest size."""
    step = np.where(at >= size, 1, -1)
    inside = (size + step >= 0) & (size + step < SIZES[kind])
    return np.where(inside, size + step, size - step)


def _experience(customer: Ints, brand: Ints, order: Ints) -> tuple[Ints, Ints]:
    """How many styles the customer had bought before this order, of any brand and of this one."""
    lines = pd.DataFrame({"customer": customer, "brand": brand, "order": order, "one": 1})
    return _before(lines, ["customer"]), _before(lines, ["customer", "brand"])


def _before(lines: pd.DataFrame, who: list[str]) -> Ints:
    rank = lines.groupby(who)["one"].cumsum() - 1
    same_order = lines.groupby([*who, "order"])["one"].cumsum() - 1
    return (rank - same_order).to_numpy(dtype=np.int64)
