"""What visitors order of what they are shown: they look from the top, take what appeals enough, and stop when they have what they want.

The appeal v of an offer is its shown looks against the visitor's taste, its popularity, its value tags, its price against her budget, and
whether it is what she came for. Luck is a Gumbel draw g, and she takes what she looks at when v + g exceeds her reserve r, so that

    q = P(takes it | looks at it) = 1 - exp(-exp(v - r)),
    P(orders what lies at position k) = kappa^(k-1) * q_k * P(fewer than `wanted` taken above k).

No logit anywhere: what learns from this world has to approximate it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints
from experiments.demo_shop.assortment import SPEAKS_FOR, Assortment
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.people import SEGMENTS, People
from experiments.demo_shop.visits import ANYTHING, Visits
from experiments.demo_shop.world import VisitNumbers

_SALE_MONTHS = (1, 7)
_ON_SALE_AFTER_DAYS = 60
_AFFORDABILITY = SEGMENTS.index("affordability")
_COUNTS_PRICES = 1.6
"""How much more a price above her ease weighs for who puts affordability first (guess)."""

CLICKS_BELOW = 1.0
"""Offers that fall short of the reserve by less are clicked (guess)."""


@dataclass(frozen=True)
class Looks:
    """What happens to the offers shown, each (visits, shown).

    Attributes:
        seen: whether she looks at it.
        clicked: whether she opens its page.
        ordered: whether she orders it.
    """

    seen: Flags
    clicked: Flags
    ordered: Flags


def discount_share(assortment: Assortment, style: Ints, at: Ints) -> Floats:
    """January and July are sales for styles out for 60 days; otherwise a style is 10 % off one week in thirteen."""
    month = (at.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12) + 1
    on_sale = np.isin(month, _SALE_MONTHS) & (at - assortment.launched[style] > _ON_SALE_AFTER_DAYS * DAY)
    promoted = (at // (7 * DAY) + style) % 13 == 0
    return np.where(on_sale, assortment.sale_depth[style], np.where(promoted, 0.10, 0.0))


def discounts(assortment: Assortment, style: Ints, at: Ints) -> Ints:
    """By how much the price is reduced, in cents."""
    return np.rint(assortment.price[style] * discount_share(assortment, style, at)).astype(np.int64)


def price_strain(people: People, assortment: Assortment, customer: Ints, style: Ints, price: Ints | Floats) -> Floats:
    """How far the price lies above what the customer is at ease with: log ratio, 0 when it does not."""
    at_ease = people.budget[customer] * assortment.typical_price[style]
    return np.asarray(np.maximum(0.0, np.log(price / at_ease)))


def appeal(numbers: VisitNumbers, people: People, assortment: Assortment, visits: Visits) -> Floats:
    """(visits, candidates): v; meaningless where there is no candidate."""
    style, at = visits.styles, np.broadcast_to(visits.when[:, None], visits.styles.shape)
    customer = visits.customer[:, None]
    liking = np.einsum("od,okd->ok", people.taste[visits.person], assortment.shown[style]) / 2
    share = discount_share(assortment, style, at)
    strain = price_strain(people, assortment, customer, style, assortment.price[style] * (1 - share))
    segment = people.segment[visits.customer][:, None]
    weighs = numbers.strain * np.where(segment == _AFFORDABILITY, _COUNTS_PRICES, 1.0)
    cares = SPEAKS_FOR[assortment.tags[style], segment]
    meant = (visits.about[:, None] != ANYTHING) & (assortment.category[style] == visits.about[:, None])
    return np.asarray(
        numbers.taste * liking
        + assortment.popularity_at(style, at)
        + numbers.values * cares
        + numbers.discount * share
        - weighs * np.minimum(strain, 1.5) ** 2
        + numbers.intent * meant
    )


def p_take(numbers: VisitNumbers, v: Floats) -> Floats:
    """q: the probability of taking an offer that is looked at."""
    return np.asarray(-np.expm1(-np.exp(v - numbers.reserve)))


def look(numbers: VisitNumbers, visits: Visits, style: Ints, v: Floats, offered: Flags, noise: Noise) -> Looks:
    """Let the visitors look at what is shown.

    Args:
        numbers: the shop's.
        visits: who.
        style: (visits, shown) what, the top first.
        v: its appeal.
        offered: where there is an offer.
        noise: the shop's luck; it hangs on visit and style, not on the position.
    """
    position = np.arange(style.shape[1])[None, :]
    looks = offered & (position < visits.patience[:, None])
    luck = v + noise.gumbel("takes", visits.key[:, None], style) - numbers.reserve
    would_take = looks & (luck > 0)
    taken_above: Ints = np.cumsum(would_take, axis=1) - would_take
    seen = looks & (taken_above < visits.wanted[:, None])
    return Looks(seen, seen & (luck > -CLICKS_BELOW), seen & would_take)


def p_orders(numbers: VisitNumbers, q: Floats) -> tuple[Floats, Floats]:
    """(visits, shown) P(orders it) and (visits,) P(orders anything), when offers with these q are shown in this order (0: no offer)."""
    wants = np.array(numbers.styles_wanted)
    takes_more = np.concatenate([[1.0], 1 - np.cumsum(wants)[:-1]])  # P(would take one more | has taken so many)
    taken = np.zeros((len(q), len(wants)))  # P(has taken 0, 1, … | looked at all above)
    taken[:, 0] = 1.0
    ordered, nothing, looks = np.zeros_like(q), np.zeros(len(q)), 1.0
    for position in range(q.shape[1]):
        ordered[:, position] = looks * q[:, position] * (taken @ takes_more)
        one_more = taken * q[:, [position]]
        taken = taken - one_more
        taken[:, 1:] += one_more[:, :-1]
        stops = 1.0 if position + 1 == q.shape[1] else 1 - numbers.keeps_looking
        nothing += looks * stops * taken[:, 0]
        looks *= numbers.keeps_looking
    return ordered, 1 - nothing
