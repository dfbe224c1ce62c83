"""What customers do before they order, besides looking at what they order: they search, click through the sizes, and change their minds.

How long a customer stays at a size tells how well it would fit her: she reads what others say, and holds it against what she owns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Flags, Floats, Ints, Texts
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.fit import FITS, fit_of
from experiments.demo_shop.people import People
from experiments.demo_shop.shopping import Lines

NO_SKU = -1

_SEARCHES = 0.35
"""Share of sessions whose first look was found by a search (guess, like every number here)."""

_COMPARES = 0.35
"""Share of styles, ordered in a size, whose sizes are compared."""

_STEPS = np.array([-2, -1, 0, 1, 2])
_LOOKS_AT = np.array([0.3, 1.0, 1.0, 1.0, 0.3])
"""How often a size that lies so many steps from the ordered one is looked at."""

_GLANCE_SECONDS, _STUDY_SECONDS = 8.0, 70.0
"""Mean stay at a size that cannot fit, and what is added for one that fits for certain."""

_SECONDS_PER_STYLE = 420
"""The styles of an order are compared one after another."""

_RECONSIDERS = 0.06
"""Share of lines, in one size, for which a neighbouring size lay in the basket for a while."""


def searches(people: People, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Searches a few seconds to two minutes before a session's first view; they are about no sku."""
    first = events[events["kind"] == "view"].sort_values("at", kind="stable").drop_duplicates("session")
    searched = first.assign(at=first["at"] - rng.integers(5, 120, len(first)), kind="search", sku=NO_SKU)
    after_joining = (searched["at"] >= people.joined[searched["customer"].to_numpy()]).to_numpy()
    found: pd.DataFrame = searched[(rng.random(len(first)) < _SEARCHES) & after_joining]
    return found


def size_views(people: People, assortment: Assortment, lines: Lines, rng: np.random.Generator) -> pd.DataFrame:
    """Views of the sizes of an ordered style, in the minutes before the order; the last is of the size that is ordered."""
    line = _compared(assortment, lines, rng)
    seen, stays = _stays(people, assortment, lines, line, rng)
    last = lines.when[line] - _rank_in_order(lines.order[line]) * _SECONDS_PER_STYLE - rng.integers(5, 20, len(line))
    begins = last[:, None] - np.cumsum(stays[:, ::-1], axis=1)[:, ::-1]
    in_time = begins[:, 0] >= _opened(people, assortment, lines, line)
    row, column = np.nonzero((seen != NO_SKU) & in_time[:, None])
    views = _views(lines, line[row], seen[row, column], begins[row, column])
    return pd.concat([views, _views(lines, line[in_time], lines.sku[line[in_time]], last[in_time])], ignore_index=True)


def reconsidered(people: People, assortment: Assortment, lines: Lines, rng: np.random.Generator) -> pd.DataFrame:
    """A neighbouring size is put in the basket, and taken out again some minutes later."""
    step = rng.choice([-1, 1], len(lines.sku))
    done = (rng.random(len(lines.sku)) < _RECONSIDERS) & (lines.twin < 0) & _is_size(assortment, lines.sku, lines.sku + step)
    put = lines.when - rng.integers(180, 1_080, len(lines.sku))
    line = np.flatnonzero(done & (put >= _opened(people, assortment, lines, np.arange(len(lines.sku)))))
    taken_out = put[line] + rng.integers(20, 170, len(line))
    other = (lines.sku + step)[line]
    basket = _views(lines, line, other, put[line]).assign(kind="basket")
    return pd.concat([basket, _views(lines, line, other, taken_out).assign(kind="remove_from_basket")], ignore_index=True)


def session_names(prefix: str, session: Ints) -> Texts:
    """Names of sessions, such as b000001."""
    return np.array([f"{prefix}{number + 1:06d}" for number in session], dtype=object)


def _compared(assortment: Assortment, lines: Lines, rng: np.random.Generator) -> Ints:
    """A line of each ordered style whose sizes are compared."""
    style = assortment.sku_style[lines.sku]
    first = ~pd.DataFrame({"order": lines.order, "style": style}).duplicated().to_numpy()
    return np.flatnonzero(first & (assortment.sku_number[lines.sku] > 0) & (rng.random(len(style)) < _COMPARES))


def _stays(people: People, assortment: Assortment, lines: Lines, line: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(lines, steps): the skus looked at, in some order (`NO_SKU`: none), and the seconds stayed at each."""
    step = rng.permuted(np.tile(_STEPS, (len(line), 1)), axis=1)
    ordered, customer = (np.broadcast_to(index[line][:, None], step.shape) for index in (lines.sku, lines.customer))
    looks = (rng.random(step.shape) < _LOOKS_AT[step - _STEPS[0]]) & _is_size(assortment, ordered, ordered + step)
    sku = np.where(looks, ordered + step, ordered)
    fits = fit_of(people, assortment, customer.ravel(), sku.ravel()).feels[:, FITS].reshape(step.shape)
    stay = 1 + rng.exponential(_GLANCE_SECONDS + _STUDY_SECONDS * fits)
    return np.where(looks, sku, NO_SKU), np.where(looks, stay, 0).astype(np.int64)


def _is_size(assortment: Assortment, sku: Ints, other: Ints) -> Flags:
    """Whether `other` is a size of the same style."""
    inside = (other >= 0) & (other < len(assortment.skus))
    return np.asarray(inside & (assortment.sku_style[np.where(inside, other, 0)] == assortment.sku_style[sku]))


def _rank_in_order(order: Ints) -> Ints:
    return np.asarray(pd.Series(order).groupby(order).cumcount(), dtype=np.int64)


def _opened(people: People, assortment: Assortment, lines: Lines, line: Ints) -> Ints:
    """Since when the customer could look at the style."""
    return np.maximum(people.joined[lines.customer[line]], assortment.launched[assortment.sku_style[lines.sku[line]]])


def _views(lines: Lines, line: Ints, sku: Ints, at: Ints | Floats) -> pd.DataFrame:
    names = session_names("b", lines.order[line])
    return pd.DataFrame({"customer": lines.customer[line], "sku": sku, "at": at, "session": names, "kind": "view"})
