"""What visitors did before they saw the ranking: searches, looks at things that appeal to them, wishes of the days before.

It hangs on what they like and not on what they are then shown, so it is the same under every policy, and tells it something.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Floats, Ints, moments, numbered, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.people import People
from experiments.demo_shop.telling import some_told_late
from experiments.demo_shop.visits import ANYTHING, Visits

EVENTS_PER_VISIT = 1_024
"""Numbers that are kept for the events of a visit."""

NO_SKU = -1

KINDS = ("view", "search", "size_guide", "wishlist", "basket", "remove_from_basket")
VIEW, SEARCH, SIZE_GUIDE, WISHLIST, BASKET, REMOVED = range(len(KINDS))

_WISHED, _SEARCHED, _GUIDED = 64, 128, 130
"""From here on the numbers of such events begin; views come first."""

_LOOKED_AT = 0.5
_WISHES = 0.06
"""Of offers that appeal enough to be ordered, the share that was looked at before, or wished for on the days before (guess)."""

_EASIER_BY = 1.4
"""Things are looked at that appeal less than what is ordered (guess)."""

_SEARCHES = 0.35
_SEARCHES_WITH_SOMETHING_IN_MIND = 0.55
_GUIDES = 0.15
"""Share of visits that search, and of looks that open the size guide (guess)."""

_VIEW_HOURS, _WISH_HOURS = (0.05, 5.0), (26.0, 45.0)


def events_frame(visits: Visits, row: Ints, sku: Ints, at: Ints, kind: int, code: Ints) -> pd.DataFrame:
    """Events of visits: number, customer, session, sku (`NO_SKU` for none), kind (of `KINDS`), at."""
    return pd.DataFrame(
        {
            "number": visits.number[row] * EVENTS_PER_VISIT + code,
            "customer": visits.customer[row],
            "session": visits.number[row],
            "sku": sku,
            "kind": kind,
            "at": at,
        }
    )


def before_the_ranking(
    people: People, assortment: Assortment, visits: Visits, usual: Ints, v: Floats, reserve: float, noise: Noise
) -> pd.DataFrame:
    """What visitors did before the storefront asked for a ranking, as `events_frame` returns it.

    Args:
        people: the shop's customers.
        assortment: its goods.
        visits: who came.
        usual: (visits, candidates) the sku of each candidate that a visitor looks at: the size she thinks of first.
        v: its appeal.
        reserve: how appealing it must be to be ordered.
        noise: the shop's luck.
    """
    p_likes = np.where(visits.found, -np.expm1(-np.exp(v - reserve + _EASIER_BY)), 0.0)
    parts = [
        _looked_at(people, assortment, visits, usual, p_likes, noise),
        _wished_for(people, assortment, visits, usual, p_likes, noise),
        _searched(people, visits, noise),
    ]
    return pd.concat(parts, ignore_index=True)


def events_table(people: People, assortment: Assortment, events: pd.DataFrame, noise: Noise) -> pd.DataFrame:
    """The events table, in order of time; a few are told late."""
    events = events.sort_values(["at", "number"], kind="stable", ignore_index=True)
    sku, number = events["sku"].to_numpy(), events["number"].to_numpy()
    table = pd.DataFrame(
        {
            "event_id": numbered("e", number, 10),
            "customer_id": picked(people.ids, events["customer"].to_numpy()),
            "session_id": session_names(events["session"].to_numpy()),
            "sku": picked(assortment.skus, sku, sku != NO_SKU),
            "kind": picked(KINDS, events["kind"].to_numpy()),
            "at": moments(events["at"].to_numpy()),
        }
    )
    return some_told_late(table, "at", (number,), "event", noise)


def session_names(visit: Ints) -> pd.Series:
    """Names of sessions, such as b0000001; the order of a session has the same number."""
    return numbered("b", visit, 7)


def opened(people: People, assortment: Assortment, customer: Ints, sku: Ints) -> Ints:
    """Since when the customer could look at the sku."""
    return np.maximum(people.joined[customer], assortment.launched[assortment.sku_style[sku]])


def _looked_at(people: People, assortment: Assortment, visits: Visits, usual: Ints, p_likes: Floats, noise: Noise) -> pd.DataFrame:
    slot = np.arange(usual.shape[1])[None, :]
    row, column = np.nonzero(noise.uniform("looks before", visits.key[:, None], slot) < _LOOKED_AT * p_likes)
    views = _earlier(people, assortment, visits, usual, row, column, _VIEW_HOURS, VIEW, 0, noise)
    guided = (noise.uniform("guide", views["number"].to_numpy()) < _GUIDES) & (assortment.sku_number[views["sku"].to_numpy()] > 0)
    looked: pd.DataFrame = views[guided]
    guides = looked.assign(kind=SIZE_GUIDE, number=looked["number"] + _GUIDED, at=looked["at"] + 20)
    both: pd.DataFrame = pd.concat([views, guides], ignore_index=True)
    return both


def _wished_for(people: People, assortment: Assortment, visits: Visits, usual: Ints, p_likes: Floats, noise: Noise) -> pd.DataFrame:
    slot = np.arange(usual.shape[1])[None, :]
    row, column = np.nonzero(noise.uniform("wishes", visits.key[:, None], slot) < _WISHES * p_likes)
    return _earlier(people, assortment, visits, usual, row, column, _WISH_HOURS, WISHLIST, _WISHED, noise)


def _earlier(
    people: People,
    assortment: Assortment,
    visits: Visits,
    usual: Ints,
    row: Ints,
    column: Ints,
    hours: tuple[float, float],
    kind: int,
    first_code: int,
    noise: Noise,
) -> pd.DataFrame:
    """Events so many hours before the ranking, if the customer had joined and the style was out."""
    low, high = hours
    ago = (low + (high - low) * noise.uniform(f"{KINDS[kind]} hours", visits.key[row], column)) * 3_600
    sku, at = usual[row, column], (visits.when[row] - ago).astype(np.int64)
    possible = at >= opened(people, assortment, visits.customer[row], sku)
    return events_frame(visits, row[possible], sku[possible], at[possible], kind, first_code + column[possible])


def _searched(people: People, visits: Visits, noise: Noise) -> pd.DataFrame:
    likely = np.where(visits.about != ANYTHING, _SEARCHES_WITH_SOMETHING_IN_MIND, _SEARCHES)
    at = visits.when - 5 - (115 * noise.uniform("search seconds", visits.key)).astype(np.int64)
    row = np.flatnonzero((noise.uniform("searches", visits.key) < likely) & (at >= people.joined[visits.customer]))
    return events_frame(visits, row, np.full(len(row), NO_SKU), at[row], SEARCH, np.full(len(row), _SEARCHED))
