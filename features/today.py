"""Today: what a shopper did since the market's midnight and strictly before the moment that is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.arithmetic import share
from features.catalogue import Values

LATEST = 200
"""Only the latest so many moves of the day count: a bot with 100,000 of them costs no more than a keen shopper."""

KINDS = ("view", "search", "size_guide", "wishlist", "basket", "remove_from_basket", "order", "return_request")
"""Kinds of moves: the events of the contract, a line ordered, and a return asked for."""

DWELL_CAP_S = 600
"""A shopper who does nothing for longer has left the page."""

PAIRS = 2_000_000
"""About so many askings, and pairs of an asking with a move, are in memory at once."""

_COUNTED = ("views", "searches", "size_guides", "wishes", "basket_adds", "basket_removals", "ordered_lines", "return_requests")
_US_PER_S = 1_000_000
_US_PER_MINUTE = 60 * _US_PER_S
_NO_KEY = np.iinfo(np.int64).max

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moves:
    """What shoppers did: arrays of one length, int64 but for the position. Codes count up from 0; -1 is unknown or none.

    Attributes:
        who: code of the customer.
        us: when it became known, UTC microseconds.
        kind: index into `KINDS`.
        sku: code of the sku it was about; one sku has one style, category, brand, size system and position.
        style, category, brand, system: codes of its style, category, brand and size system.
        position: float64, position of its size; NaN where there is none.
        tie: orders the moves of one moment: a rank of the event's id.
    """

    who: Whole
    us: Whole
    kind: Whole
    sku: Whole
    style: Whole
    category: Whole
    brand: Whole
    system: Whole
    position: Values
    tie: Whole


@dataclass(frozen=True, eq=False)
class Askers:
    """Asked-for rows, in the codes of the moves; rows of one customer and moment are one asking.

    Attributes:
        who: code of the customer.
        us: the moment that is asked for, UTC microseconds.
        midnight_us: first moment of the market's day.
        sku: code of the offered sku.
        style, category, brand, system: codes of its style, category, brand and size system.
        position: float64, position of its size; NaN where there is none.
    """

    who: Whole
    us: Whole
    midnight_us: Whole
    sku: Whole
    style: Whole
    category: Whole
    brand: Whole
    system: Whole
    position: Values


def today_inputs(moves: Moves, rows: Askers) -> dict[str, Values]:
    """What the today family is computed from: sums over the row's latest moves of the day, `today.views` and so on.

    A move counts for a row of the same customer with midnight_us <= move.us < row.us, if it is among the `LATEST` of these. The order of
    the moves does not matter, and a row's values do not depend on the other rows.

    Returns:
        One value per row: all NaN where the customer is unknown, those about the style (sku, category, brand) NaN where it is unknown.
    """
    moves = in_order(moves)
    turn = np.lexsort((rows.midnight_us, rows.us, rows.who))
    rows = _taken(rows, turn)
    opens = _openings(rows.who, rows.us, rows.midnight_us)
    start, end = windows(moves, _taken(rows, opens))
    opens = np.append(opens, len(turn))
    found: dict[str, Values] = {}
    for low, high in _parts(end - start):
        here = slice(opens[low], opens[high])
        asking = np.repeat(np.arange(high - low), np.diff(opens[low : high + 1]))
        pairs = _pairs(moves, rows.us[opens[low:high]], start[low:high], end[low:high])
        for name, values in _inputs(pairs, _taken(rows, here), asking).items():
            found.setdefault(name, np.empty(len(turn)))[turn[here]] = np.where(rows.who[here] < 0, np.nan, values)
    return found


def latest_moves(moves: Moves) -> Moves:
    """Each customer's `LATEST` moves: all that a store needs to keep for rows that are asked after them."""
    moves = in_order(moves)
    opens = _openings(moves.who)
    ends = np.append(opens, len(moves.who))[1:]
    to_go = np.repeat(ends, ends - opens) - np.arange(len(moves.who))
    return _taken(moves, to_go <= LATEST)


def in_order(moves: Moves) -> Moves:
    """The moves of known customers, by customer and time."""
    order = np.lexsort((moves.tie, moves.us, moves.who))
    return _taken(moves, order[moves.who[order] >= 0])


def windows(moves: Moves, askings: Askers) -> tuple[Whole, Whole]:
    """Where in the ordered moves those of each asking start and end: never more than `LATEST` apart."""
    opens, closes = np.searchsorted(moves.who, askings.who, "left"), np.searchsorted(moves.who, askings.who, "right")
    day = _first_not_before(moves.us, askings.midnight_us, opens, closes)
    end = _first_not_before(moves.us, askings.us, day, closes)
    return np.maximum(day, end - LATEST), end


def _first_not_before(us: Whole, moment: Whole, low: Whole, high: Whole) -> Whole:
    """`np.searchsorted(us[low:high], moment) + low` for every element: halves all the ranges at once until none is left."""
    while (low < high).any():
        middle = (low + high) // 2
        earlier = (low < high) & (us.take(middle, mode="clip") < moment)
        low, high = np.where(earlier, middle + 1, low), np.where(earlier, high, middle)
    return low


_Rows = TypeVar("_Rows", Moves, Askers)


def _taken(rows: _Rows, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> _Rows:
    return type(rows)(**{field.name: getattr(rows, field.name)[which] for field in fields(rows)})


def _openings(*keys: Whole) -> Whole:
    """Where, in ordered rows, a row differs from the one before."""
    differs = np.zeros(len(keys[0]), dtype=bool)
    differs[:1] = True
    for key in keys:
        differs[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(differs)


def _parts(pairs: Whole) -> Iterable[tuple[int, int]]:
    """Runs of askings with about `PAIRS` askings and pairs each; at least one run."""
    cuts = np.flatnonzero(np.diff(np.cumsum(pairs + 1) // PAIRS)) + 1
    return pairwise([0, *cuts.tolist(), len(pairs)])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Every asking with each of its moves, in order.

    Attributes:
        count: how many moves each asking has.
        asked_us: the moment of each asking.
        asking: which asking a pair belongs to.
        moves: the pair's move.
        dwell_us: of a view, the time until the next move or the asking.
    """

    count: Whole
    asked_us: Whole
    asking: Whole
    moves: Moves
    dwell_us: Whole

    def are(self, kind: str) -> Whole:
        """1 where the move is of a kind, else 0."""
        return np.asarray(self.moves.kind == KINDS.index(kind), dtype="int64")


def _pairs(moves: Moves, asked_us: Whole, start: Whole, end: Whole) -> _Pairs:
    count = end - start
    asking = np.repeat(np.arange(len(count)), count)
    mine = _taken(moves, np.arange(len(asking)) + np.repeat(end - np.cumsum(count), count))
    until = asked_us[asking]
    until[:-1] = np.where(asking[1:] == asking[:-1], mine.us[1:], until[:-1])
    dwell = np.minimum(until - mine.us, DWELL_CAP_S * _US_PER_S)
    return _Pairs(count, asked_us, asking, mine, np.where(mine.kind == KINDS.index("view"), dwell, 0))


class _Tally:
    """Sums over an asking's moves about one subject (a style, a sku), for the rows of the asking that are about it."""

    def __init__(self, pairs: _Pairs, subject: Whole, asking: Whole, wanted: Whole) -> None:
        apart = 1 + max(subject.max(initial=-1), wanted.max(initial=-1))
        known = np.flatnonzero(subject >= 0)
        keys = pairs.asking[known] * apart + subject[known]
        turn = np.argsort(keys)
        self._pairs = known[turn]
        self._opens = _openings(keys[turn])
        groups = np.append(keys[turn][self._opens], _NO_KEY)
        row_keys = asking * apart + wanted
        group = np.searchsorted(groups, row_keys)
        self._group = np.where(groups[group] == row_keys, group, len(self._opens))
        self._unknown = wanted < 0

    def per_row(self, values: Whole) -> Values:
        """The sum over the row's pairs, 0 where it has none; NaN where its subject is unknown."""
        sums = np.append(self._sums(values), 0)[self._group]
        return np.where(self._unknown, np.nan, sums.astype("float64"))

    def once(self, happened: Whole) -> Whole:
        """1 at one pair of each asking and subject for which it happened, else 0."""
        marked = np.zeros(len(happened), dtype="int64")
        marked[self._pairs[self._opens]] = self._sums(happened) > 0
        return marked

    def _sums(self, values: Whole) -> Whole:
        sums: Whole = np.add.reduceat(values[self._pairs], self._opens)
        return sums


def _inputs(pairs: _Pairs, rows: Askers, asking: Whole) -> dict[str, Values]:
    """The inputs of rows, each of which belongs to one `asking`."""
    views = pairs.are("view")
    style = _Tally(pairs, pairs.moves.style, asking, rows.style)
    sku = _Tally(pairs, pairs.moves.sku, asking, rows.sku)
    shopper = {**_counts(pairs), "today.styles_viewed": _per_asking(pairs, style.once(views)), **_minutes(pairs)}
    return {
        **{name: values[asking] for name, values in shopper.items()},
        **_of_style(pairs, style, sku.once(views)),
        **_of_sku(pairs, sku),
        "today.category_views": _Tally(pairs, pairs.moves.category, asking, rows.category).per_row(views),
        "today.brand_views": _Tally(pairs, pairs.moves.brand, asking, rows.brand).per_row(views),
        "today.size_vs_dwelt": rows.position - _dwelt_size(pairs, rows, asking),
    }


def _counts(pairs: _Pairs) -> dict[str, Values]:
    shape = (len(pairs.count), len(KINDS))
    counts = np.bincount(pairs.asking * len(KINDS) + pairs.moves.kind, minlength=math.prod(shape)).reshape(shape).astype("float64")
    return {"today.moves": pairs.count.astype("float64"), **{f"today.{name}": counts[:, kind] for kind, name in enumerate(_COUNTED)}}


def _per_asking(pairs: _Pairs, marked: Whole) -> Values:
    return np.bincount(pairs.asking[marked > 0], minlength=len(pairs.count)).astype("float64")


def _minutes(pairs: _Pairs) -> dict[str, Values]:
    """Since the first and the last move that count; NaN without any."""
    moved = np.flatnonzero(pairs.count)
    past = np.cumsum(pairs.count)[moved]
    first, last = np.full((2, len(pairs.count)), np.nan)
    first[moved] = pairs.asked_us[moved] - pairs.moves.us[past - pairs.count[moved]]
    last[moved] = pairs.asked_us[moved] - pairs.moves.us[past - 1]
    return {"today.minutes_since_first_move": first / _US_PER_MINUTE, "today.minutes_since_last_move": last / _US_PER_MINUTE}


def _of_style(pairs: _Pairs, style: _Tally, one_view_per_sku: Whole) -> dict[str, Values]:
    return {
        "today.style_views": style.per_row(pairs.are("view")),
        "today.style_skus_viewed": style.per_row(one_view_per_sku),
        "today.style_dwell_s": style.per_row(pairs.dwell_us) / _US_PER_S,
        "today.style_size_guides": style.per_row(pairs.are("size_guide")),
        "today.style_wishes": style.per_row(pairs.are("wishlist")),
        "today.style_basket_net": style.per_row(pairs.are("basket") - pairs.are("remove_from_basket")),
        "today.style_ordered_lines": style.per_row(pairs.are("order")),
    }


def _of_sku(pairs: _Pairs, sku: _Tally) -> dict[str, Values]:
    return {
        "today.sku_views": sku.per_row(pairs.are("view")),
        "today.sku_dwell_s": sku.per_row(pairs.dwell_us) / _US_PER_S,
        "today.sku_basket_net": sku.per_row(pairs.are("basket") - pairs.are("remove_from_basket")),
    }


def _dwelt_size(pairs: _Pairs, rows: Askers, asking: Whole) -> Values:
    """Mean position of the sizes viewed of the row's style in the row's size system, weighted by dwell; NaN without any dwell."""
    moves = pairs.moves
    systems = 1 + max(moves.system.max(initial=-1), rows.system.max(initial=-1))
    sized = np.where((moves.style >= 0) & (moves.system >= 0) & ~np.isnan(moves.position), moves.style * systems + moves.system, -1)
    wanted = np.where((rows.style >= 0) & (rows.system >= 0), rows.style * systems + rows.system, -1)
    tenths = np.rint(np.nan_to_num(moves.position) * 10).astype("int64")
    tally = _Tally(pairs, sized, asking, wanted)
    return share(tally.per_row(pairs.dwell_us * tenths), tally.per_row(pairs.dwell_us)) / 10.0
