"""What the page shows, as values: numbers unrounded, sentences ready to be read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from serving.inspector.needs import About
from serving.inspector.waterfall import Waterfall
from serving.wire import Fit, Reason
from serving.wire_explain import Evidence


@dataclass(frozen=True)
class Line:
    """An offer in a ranking.

    Attributes:
        position: 1 is the best.
        other: its place in the other ranking; None where it is not there.
        sku: which.
        title: what people call it.
        p_order: P(order | shown); None where values are per order.
        p_return: P(return | ordered).
        kept: expected kept margin, minor units, unrounded: of 1,000 views, or of an order where P(order) is not known.
    """

    position: int
    other: int | None
    sku: str
    title: str
    p_order: float | None
    p_return: float
    kept: float

    @property
    def up(self) -> int:
        """By how many places it lies above its place in the other ranking; below zero: beneath."""
        return 0 if self.other is None else self.other - self.position


@dataclass(frozen=True)
class Expected:
    """What 1,000 shoppers who see a list are expected to do, where fewer and fewer look down to each position.

    Attributes:
        orders: how many; None where P(order) is not known.
        returns: of these; likewise.
        kept: kept margin in minor units, unrounded.
    """

    orders: float | None
    returns: float | None
    kept: float


@dataclass(frozen=True)
class Ranking:
    """One of the two lists.

    Attributes:
        objective: what it is ranked by, in words.
        lines: the best first.
        expected: what it brings.
        order_bonus: minor units that the guard-rail added to the worth of every order.
    """

    objective: str
    lines: tuple[Line, ...]
    expected: Expected
    order_bonus: int


@dataclass(frozen=True)
class Moved:
    """An offer that does not lie where it lay by conversion, and why."""

    line: Line
    why: str


@dataclass(frozen=True)
class OfferView:
    """Everything told of one offer, in the order by kept margin.

    Attributes:
        line: its place.
        style_id: what size advice is about; None where unknown.
        price: per unit with VAT, minor units.
        waterfall: its money.
        per_order: expected kept margin of an order, minor units, unrounded.
        per_view: the same of a view, as the service's reply rounds it; None where P(order) is not known.
        break_even: the P(return) above which an order loses; None: there is none.
        range: how far the return rate may stray, in words; None without a return model.
        fit: how its size is expected to fit; None where nobody can tell.
        reasons: what moved P(return) most; only the first offers have any.
        returned_for: P(return) shared out over reasons to send back; empty where nobody can tell.
        fallback: what its scores had to do without, in words.
    """

    line: Line
    style_id: str | None
    price: int
    waterfall: Waterfall
    per_order: float
    per_view: int | None
    break_even: float | None
    range: str | None
    fit: Fit | None
    reasons: tuple[Reason, ...]
    returned_for: tuple[tuple[str, float], ...]
    fallback: str


@dataclass(frozen=True)
class SizeLine:
    """What is expected of one size: its chances, and whether it is advised."""

    size: str
    small: float
    fits: float
    large: float
    likely: float | None
    advised: bool


@dataclass(frozen=True)
class SizeView:
    """Which size of a style to take.

    Attributes:
        style_id: of which.
        sentence: the advice in words.
        confidence: how sure it is.
        customer: what is known of the shopper.
        lines: every size, in order.
        ask: what to ask the shopper, and what that brings; None where no answer is worth it.
        equivalents: the advised size in other systems.
    """

    style_id: str
    sentence: str
    confidence: str
    customer: str
    lines: tuple[SizeLine, ...]
    ask: str | None
    equivalents: tuple[str, ...]


@dataclass(frozen=True)
class Closer:
    """One offer from near: its evidence and its sizes.

    Attributes:
        sku: which.
        title: what people call it.
        evidence: what moved P(return) most, the strongest first.
        size: which size to take; None where nobody can tell.
    """

    sku: str
    title: str
    evidence: tuple[Evidence, ...]
    size: SizeView | None


@dataclass(frozen=True)
class LeftOut:
    """An offer that was not ranked, and why."""

    sku: str
    title: str
    why: str


@dataclass(frozen=True)
class Asked:
    """Who was asked for, where and when.

    Attributes:
        customer: id; None for somebody whom nobody knows.
        country: market; None where none was given.
        currency: of every amount.
        vat_rate: of the market.
        per: whether money is of a view or of an order.
        as_of: the moment asked about (UTC).
        fallback: what every score had to do without, in words.
        degraded: whether what happened since the snapshot could not be asked.
    """

    customer: str | None
    country: str | None
    currency: str
    vat_rate: float
    per: Literal["view", "order"]
    as_of: dt.datetime
    fallback: str
    degraded: bool


@dataclass(frozen=True)
class View:
    """Two rankings of the same offers side by side.

    Attributes:
        asked: who was asked for.
        about: what serves.
        conversion: ranked by P(order).
        kept: ranked by expected kept margin.
        moved: what lies elsewhere by kept margin, in its order.
        offers: everything told of each, in the order by kept margin.
        closer: one of them from near; None where no offer is left.
        left_out: what was not ranked.
        unknown: skus that are not in the assortment; they are ranked by what is known of such offers.
        cut: ranked offers that the request's limit left out.
    """

    asked: Asked
    about: About
    conversion: Ranking
    kept: Ranking
    moved: tuple[Moved, ...]
    offers: tuple[OfferView, ...]
    closer: Closer | None
    left_out: tuple[LeftOut, ...]
    unknown: tuple[str, ...]
    cut: int
