"""What the shop has shown so far: offers drawn by popularity with known probabilities, so that its log can be learned from.

Plackett-Luce: from the top, each position takes one of the offers that are left with probability proportional to exp(score / T)
(Plackett 1975). The propensity of an impression is that probability, given what lies above it; their product along a list is the
probability of the list.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Flags, Floats, Ints, moments, numbered, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.browsing import session_names
from experiments.demo_shop.choosing import discount_share, discounts
from experiments.demo_shop.delivery import line_ids
from experiments.demo_shop.hesitating import clicked_at
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import NOT_SHOWN, Day, Shown
from experiments.demo_shop.people import People
from experiments.demo_shop.visits import Visits

LOGGING = "popular_with_luck"
_NEWNESS_DAYS = 45
_LIKES_NEW = 0.5
_LIKES_SALES = 1.5


def popularity_scores(assortment: Assortment, visits: Visits) -> Floats:
    """(visits, candidates): what a merchandiser would put first: what is popular, new, or reduced."""
    style, at = visits.styles, np.broadcast_to(visits.when[:, None], visits.styles.shape)
    days_out = np.maximum(0, at - assortment.launched[style]) / 86_400
    return np.asarray(
        assortment.popularity_at(style, at)
        + _LIKES_NEW * np.exp(-days_out / _NEWNESS_DAYS)
        + _LIKES_SALES * discount_share(assortment, style, at)
    )


def draw_shown(scores: Floats, offered: Flags, shown: int, temperature: float, visits: Visits, noise: Noise) -> Shown:
    """Draw what is shown, the top first.

    Args:
        scores: (visits, candidates).
        offered: which candidates can be shown.
        shown: how many positions there are.
        temperature: of the draw.
        visits: to whom.
        noise: the shop's luck.
    """
    utility = np.where(offered, scores / temperature, -np.inf)
    luck = noise.gumbel("shows", visits.key[:, None], np.arange(scores.shape[1])[None, :])
    order = np.argsort(-(utility + luck), axis=1, kind="stable")
    ranked, slot = np.take_along_axis(utility, order, axis=1), order[:, :shown]
    log_left = np.logaddexp.accumulate(ranked[:, ::-1], axis=1)[:, ::-1]
    there = np.take_along_axis(offered, slot, axis=1)
    log_propensity = np.subtract(ranked[:, :shown], log_left[:, :shown], out=np.full(slot.shape, -np.inf), where=there)
    return Shown(np.where(there, slot, NOT_SHOWN), np.exp(log_propensity), LOGGING)


def request_ids(visits: Visits, row: Ints) -> pd.Series:
    """The reply that each of these rows of visits was given."""
    return numbered("q", visits.number[row], 7)


def impressions_table(people: People, assortment: Assortment, day: Day, noise: Noise) -> pd.DataFrame:
    """The impressions table."""
    row, position = np.nonzero(day.shown.offered)
    visits, sku = day.visits, day.shown.of(day.sizes.sku)[row, position]
    line, style = day.line_of[row, position], visits.styles[row, day.shown.slot[row, position]]
    return pd.DataFrame(
        {
            "request_id": request_ids(visits, row),
            "at": moments(visits.when[row]),
            "customer_id": picked(people.ids, visits.customer[row]),
            "session_id": session_names(visits.number[row]),
            "sku": picked(assortment.skus, sku),
            "position": position + 1,
            "propensity": day.shown.propensity[row, position],
            "policy": picked((day.shown.policy,), np.zeros(len(row), dtype=np.int64)),
            "price": assortment.price[style] - discounts(assortment, style, visits.when[row]),
            "clicked_at": moments(clicked_at(day, noise)[row, position], day.looks.clicked[row, position]),
            "line_id": line_ids(day.lines.number[line] if len(day.lines) else line, line >= 0),
        }
    )
