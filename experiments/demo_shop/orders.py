"""What a day's visitors put in their orders, and what the storefront had shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from experiments.demo_shop.arrays import Flags, Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.choosing import Looks, discounts, look
from experiments.demo_shop.noise import Keys, Noise
from experiments.demo_shop.sizes import SIZES
from experiments.demo_shop.sizing import NO_SIZE, Experience, Sizes
from experiments.demo_shop.stock import Stock
from experiments.demo_shop.visits import Visits
from experiments.demo_shop.world import World

NOT_SHOWN = -1
LINES_PER_VISIT = 16
"""Numbers of lines that are kept for a visit: up to five styles in two sizes each."""

TWICE = 0.05
"""Share of things without a size that are bought twice (guess)."""

MINUTES_TO_ORDER = (20.0, 50.0)
"""From the ranking to the order, from and to."""


@dataclass(frozen=True)
class Shown:
    """What the storefront shows, all (visits, shown).

    Attributes:
        slot: which of the visit's candidates, the top first; `NOT_SHOWN` fills up.
        propensity: P(it lies there | what lies above it) under the policy that decided.
        policy: its name.
    """

    slot: Ints
    propensity: Floats
    policy: str

    @property
    def offered(self) -> Flags:
        """Where there is an offer."""
        return np.asarray(self.slot != NOT_SHOWN)

    def of(self, table: np.ndarray) -> np.ndarray:
        """The shown ones' entries of a (visits, candidates) table."""
        return np.take_along_axis(table, np.maximum(self.slot, 0), axis=1)


@dataclass(frozen=True)
class Lines:
    """One entry per order line; lines of an order lie together, in order of time.

    Attributes:
        number: of the line; the same under every policy that leads to it.
        visit: the visit's number; it is the order's, too.
        customer, person, sku: indices.
        asked: when the storefront asked for the ranking that led to it, seconds since 1970.
        when: when ordered, likewise.
        quantity: units.
        unit_price, discount: cents per unit including VAT.
        twin: index of the line with the other size of the same style in the same order; -1 without.
        payment: how it is paid (index).
        in_app: whether it was ordered in the app.
        rank: which of the visit's styles it is: 0, 1, …
    """

    number: Ints
    visit: Ints
    customer: Ints
    person: Ints
    sku: Ints
    asked: Ints
    when: Ints
    quantity: Ints
    unit_price: Ints
    discount: Ints
    twin: Ints
    payment: Ints
    in_app: Flags
    rank: Ints

    @property
    def key(self) -> Keys:
        """What the luck of a line hangs on besides its sku: the visit."""
        return self.visit.astype(np.uint64)

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Day:
    """What happened on a day.

    Attributes:
        visits, sizes, shown, looks: who came, in which sizes, what was shown and what was done with it.
        lines: what was ordered.
        line_of: (visits, shown) index of the line that an impression led to; -1 where none.
    """

    visits: Visits
    sizes: Sizes
    shown: Shown
    looks: Looks
    lines: Lines
    line_of: Ints


_Columns = TypeVar("_Columns", Visits, Sizes, Shown, Looks, Lines)


def shop_on(
    world: World,
    assortment: Assortment,
    noise: Noise,
    visits: Visits,
    sizes: Sizes,
    v: Floats,
    shown: Shown,
    stock: Stock,
    experience: Experience,
) -> Day:
    """Let a day's visitors look and order; the warehouse and what customers know change with it."""
    style = shown.of(visits.styles)
    looks = look(world.visits, visits, style, shown.of(v), shown.offered, noise)
    row, position = np.nonzero(looks.ordered)
    lines = _lines(assortment, noise, visits, sizes, shown, row, position)
    kept = _still_there(lines, stock)
    lines, old = _only(lines, kept)
    stock.close(lines.sku, lines.quantity)
    first = lines.number % 2 == 0
    experience.add(lines.customer[first], assortment.brand[assortment.sku_style[lines.sku[first]]])
    line_of = np.full(style.shape, -1)
    of_row, of_position = row[old[first]], position[old[first]]
    line_of[of_row, of_position] = np.flatnonzero(first)
    return Day(visits, sizes, shown, Looks(looks.seen, looks.clicked, line_of >= 0), lines, line_of)


def several(days: Sequence[Day]) -> Day:
    """Days, one after the other, as one; all under the same policy."""
    ends = np.cumsum([0, *(len(day.lines) for day in days)])
    lines = _joined([_moved(day.lines, begin) for day, begin in zip(days, ends, strict=False)])
    line_of = [np.where(day.line_of >= 0, day.line_of + begin, -1) for day, begin in zip(days, ends, strict=False)]
    shown = _joined([day.shown for day in days])
    return Day(
        _joined([day.visits for day in days]),
        _joined([day.sizes for day in days]),
        shown,
        _joined([day.looks for day in days]),
        lines,
        np.concatenate(line_of),
    )


def _moved(lines: Lines, by: int) -> Lines:
    return replace(lines, twin=np.where(lines.twin >= 0, lines.twin + by, -1))


def _joined(parts: Sequence[_Columns]) -> _Columns:
    """Dataclasses of arrays as one; what is no array is the same in all of them."""
    first = parts[0]
    columns: dict[str, Any] = {one.name: [getattr(part, one.name) for part in parts] for one in fields(first)}
    arrays: dict[str, Any] = {name: np.concatenate(column) for name, column in columns.items() if isinstance(column[0], np.ndarray)}
    return replace(first, **arrays)


def _lines(assortment: Assortment, noise: Noise, visits: Visits, sizes: Sizes, shown: Shown, row: Ints, position: Ints) -> Lines:
    slot = shown.slot[row, position]
    style, key = visits.styles[row, slot], visits.key[row]
    pair = (noise.uniform("takes two", key, style) < sizes.takes_two[row, slot]) & (sizes.second[row, slot] != NO_SIZE)
    source = np.repeat(np.arange(len(row)), 1 + pair)
    is_second = np.r_[False, source[1:] == source[:-1]] if len(source) else np.zeros(0, dtype=bool)
    row, slot, style, key = row[source], slot[source], style[source], key[source]
    begins = np.r_[True, row[1:] != row[:-1]] if len(row) else np.zeros(0, dtype=bool)
    styles = np.cumsum(~is_second)
    rank = styles - (np.maximum.accumulate(np.where(begins, styles, 0)) if len(row) else styles)
    low, high = MINUTES_TO_ORDER
    wait = (60 * (low + (high - low) * noise.uniform("order", visits.key[row]))).astype(np.int64)
    discount = discounts(assortment, style, visits.when[row])
    at = np.arange(len(source))
    return Lines(
        number=visits.number[row] * LINES_PER_VISIT + 2 * rank + is_second,
        visit=visits.number[row],
        customer=visits.customer[row],
        person=visits.person[row],
        sku=np.where(is_second, sizes.second[row, slot], sizes.sku[row, slot]),
        asked=visits.when[row],
        when=visits.when[row] + wait,
        quantity=1 + ((SIZES[assortment.category[style]] == 1) & (noise.uniform("twice", key, style) < TWICE)).astype(np.int64),
        unit_price=assortment.price[style] - discount,
        discount=discount,
        twin=np.where(pair[source], at + np.where(is_second, -1, 1), -1),
        payment=visits.payment[row],
        in_app=visits.in_app[row],
        rank=rank,
    )


def _still_there(lines: Lines, stock: Stock) -> Flags:
    """Lines that the warehouse can fill, first come, first served; a second size goes with its first."""
    order = np.argsort(lines.when, kind="stable")
    sold = np.zeros(len(lines), dtype=bool)
    sold[order] = stock.sell(lines.sku[order], lines.quantity[order])
    is_second = lines.number % 2 == 1
    return np.asarray(sold & (~is_second | sold[lines.twin]))


def _only(lines: Lines, kept: Flags) -> tuple[Lines, Ints]:
    """The kept lines, and for each which style (row of the looks) it came from."""
    new = np.cumsum(kept) - 1
    has_twin = (lines.twin >= 0) & kept[lines.twin]
    twin = np.where(has_twin, new[lines.twin], -1)
    source = np.cumsum(lines.number % 2 == 0) - 1
    columns = {name: getattr(lines, name)[kept] for name in Lines.__dataclass_fields__ if name != "twin"}
    return Lines(**columns, twin=twin[kept]), source[kept]
