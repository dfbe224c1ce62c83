"""What visitors do between the ranking and the order: they open offers, click through the sizes, fill the basket and change their minds.

How long a customer stays at a size tells how well it would fit her: she reads what others say, and holds it against what she owns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Flags, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.browsing import BASKET, EVENTS_PER_VISIT, KINDS, NO_SKU, REMOVED, SIZE_GUIDE, VIEW, events_frame
from experiments.demo_shop.fit import FITS, fit_of
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Day, Lines
from experiments.demo_shop.people import People

_CLICKED, _OF_A_LINE, _CODES_PER_LINE = 192, 256, 32
"""Numbers of clicks and of what is done about lines begin here; see `browsing`."""

_BASKETS, _GUIDES = 0.75, 0.12
"""Share of lines whose way into the basket is tracked, and whose size guide was opened (guess, like every number here)."""

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

_IN_BASKET, _GUIDED, _SIZES, _PUT, _OUT = 0, 1, 2, 8, 9
"""Codes of what is done about a line."""


def after_the_ranking(people: People, assortment: Assortment, day: Day, noise: Noise) -> pd.DataFrame:
    """Everything visitors did from the ranking on, as `browsing.events_frame` returns it."""
    lines = day.lines
    parts = [
        _clicks(day, noise),
        _about(lines, _tracked(lines, "basket", _BASKETS, noise), BASKET, _IN_BASKET, 12, 170, noise),
        _about(lines, _guided(assortment, lines, noise), SIZE_GUIDE, _GUIDED, 180, 400, noise),
        _size_views(people, assortment, lines, noise),
        _reconsidered(assortment, lines, noise),
    ]
    return pd.concat(parts, ignore_index=True)


def clicked_at(day: Day, noise: Noise) -> Ints:
    """(visits, shown): when an offer was clicked; meaningless where it was not."""
    position = np.arange(day.shown.slot.shape[1])[None, :]
    wait = 4 + 7 * position + (6 * noise.uniform("click", day.visits.key[:, None], position)).astype(np.int64)
    return np.asarray(day.visits.when[:, None] + wait, dtype=np.int64)


def _clicks(day: Day, noise: Noise) -> pd.DataFrame:
    row, position = np.nonzero(day.looks.clicked)
    sku = day.shown.of(day.sizes.sku)[row, position]
    return events_frame(day.visits, row, sku, clicked_at(day, noise)[row, position], VIEW, _CLICKED + position)


def _tracked(lines: Lines, what: str, share: float, noise: Noise) -> Ints:
    return np.flatnonzero(noise.uniform(what, lines.number) < share)


def _guided(assortment: Assortment, lines: Lines, noise: Noise) -> Ints:
    line = _tracked(lines, "size guide", _GUIDES, noise)
    return line[assortment.sku_number[lines.sku[line]] > 0]


def _about(lines: Lines, line: Ints, kind: int, code: int, earliest: int, latest: int, noise: Noise) -> pd.DataFrame:
    """Something done about lines, between so many seconds before the order."""
    before = earliest + ((latest - earliest) * noise.uniform(f"{KINDS[kind]} before", lines.number[line])).astype(np.int64)
    return _frame(lines, line, lines.sku[line], lines.when[line] - before, kind, np.full(len(line), code))


def _frame(lines: Lines, line: Ints, sku: Ints, at: Ints, kind: int, code: Ints) -> pd.DataFrame:
    """Events about lines, without those for which there was no time after the ranking: it caused them."""
    after = at > lines.asked[line]
    line, sku, at, code = line[after], sku[after], at[after], code[after]
    of_line = lines.number[line] % 16
    return pd.DataFrame(
        {
            "number": lines.visit[line] * EVENTS_PER_VISIT + _OF_A_LINE + _CODES_PER_LINE * of_line + code,
            "customer": lines.customer[line],
            "session": lines.visit[line],
            "sku": sku,
            "kind": kind,
            "at": at,
        }
    )


def _size_views(people: People, assortment: Assortment, lines: Lines, noise: Noise) -> pd.DataFrame:
    """Views of the sizes of an ordered style, in the minutes before the order; the last is of the size that is ordered."""
    sized = assortment.sku_number[lines.sku] > 0
    line = np.flatnonzero(sized & (lines.number % 2 == 0) & (noise.uniform("compares", lines.number) < _COMPARES))
    seen, stays = _stays(people, assortment, lines, line, noise)
    ends = lines.when[line] - lines.rank[line] * _SECONDS_PER_STYLE
    last = ends - 5 - (15 * noise.uniform("decides", lines.number[line])).astype(np.int64)
    begins = last[:, None] - np.cumsum(stays[:, ::-1], axis=1)[:, ::-1]
    row, column = np.nonzero(seen != NO_SKU)
    views = _frame(lines, line[row], seen[row, column], begins[row, column], VIEW, _SIZES + column)
    decided = _frame(lines, line, lines.sku[line], last, VIEW, np.full(len(line), _SIZES + len(_STEPS)))
    return pd.concat([views, decided], ignore_index=True)


def _stays(people: People, assortment: Assortment, lines: Lines, line: Ints, noise: Noise) -> tuple[Ints, Ints]:
    """(lines, steps): the skus looked at, in some order (`NO_SKU`: none), and the seconds stayed at each."""
    number, column = lines.number[line][:, None], np.arange(len(_STEPS))[None, :]
    step = _STEPS[np.argsort(noise.uniform("in some order", number, column), axis=1)]
    ordered, person, at = (np.broadcast_to(values[line][:, None], step.shape) for values in (lines.sku, lines.person, lines.when))
    looks = (noise.uniform("compares with", number, column) < _LOOKS_AT[step - _STEPS[0]]) & _is_size(assortment, ordered, ordered + step)
    sku = np.where(looks, ordered + step, ordered)
    fits = fit_of(people, assortment, person.ravel(), sku.ravel(), at.ravel()).feels[:, FITS].reshape(step.shape)
    stay = 1 + noise.exponential("stays", number, column) * (_GLANCE_SECONDS + _STUDY_SECONDS * fits)
    return np.where(looks, sku, NO_SKU), np.where(looks, stay, 0).astype(np.int64)


def _reconsidered(assortment: Assortment, lines: Lines, noise: Noise) -> pd.DataFrame:
    """A neighbouring size is put in the basket, and taken out again some minutes later."""
    step = np.where(noise.uniform("which way", lines.number) < 0.5, -1, 1)
    done = (noise.uniform("reconsiders", lines.number) < _RECONSIDERS) & (lines.twin < 0)
    line = np.flatnonzero(done & _is_size(assortment, lines.sku, lines.sku + step))
    other, number = (lines.sku + step)[line], lines.number[line]
    put = lines.when[line] - 180 - (900 * noise.uniform("puts", number)).astype(np.int64)
    taken_out = put + 20 + (150 * noise.uniform("takes out", number)).astype(np.int64)
    basket = _frame(lines, line, other, put, BASKET, np.full(len(line), _PUT))
    return pd.concat([basket, _frame(lines, line, other, taken_out, REMOVED, np.full(len(line), _OUT))], ignore_index=True)


def _is_size(assortment: Assortment, sku: Ints, other: Ints) -> Flags:
    """Whether `other` is a size of the same style."""
    inside = (other >= 0) & (other < len(assortment.skus))
    return np.asarray(inside & (assortment.sku_style[np.where(inside, other, 0)] == assortment.sku_style[sku]))
