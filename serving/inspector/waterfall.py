"""Draws the money of an offer as bars: what is left if it is kept, what if it comes back, and what that makes on average.

Widths are percent of the picture. A bar starts where the one above it ended; a sum starts at zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from serving.inspector.words import percent
from serving.wire import Money, RankedOffer

Kind = Literal["gain", "loss", "sum"]


@dataclass(frozen=True)
class Bar:
    """One amount.

    Attributes:
        label: what it is.
        minor: minor units, unrounded; below zero where it is paid.
        start: where the bar begins, percent from the left.
        width: how wide it is, percent.
        kind: what is earned, what is paid, or a sum of those above.
    """

    label: str
    minor: float
    start: float
    width: float
    kind: Kind


@dataclass(frozen=True)
class Part:
    """Bars that belong together, their sum the last."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Waterfall:
    """The money of one unit of an offer.

    Attributes:
        parts: if kept, if returned, and expected of an order.
        zero: where nothing is, percent from the left.
    """

    parts: tuple[Part, ...]
    zero: float


@dataclass(frozen=True)
class _Steps:
    title: str
    steps: Sequence[tuple[str, float]]
    total: str


def worth_of_an_order(offer: RankedOffer) -> float:
    """What an order is expected to leave, minor units, unrounded: (1 - P(return)) * margin if kept - P(return) * loss if returned."""
    return (1.0 - offer.p_return) * offer.money.margin_if_kept - offer.p_return * offer.money.loss_if_returned


def waterfall(offer: RankedOffer) -> Waterfall:
    """The bars of an offer, all on one scale."""
    parts = [_if_kept(offer.money), _if_returned(offer.money), _expected(offer)]
    ends = [end for part in parts for end in _ends(part)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    scale = 100.0 / (high - low) if high > low else 0.0
    return Waterfall(tuple(Part(part.title, tuple(_bars(part, low, scale))) for part in parts), round(-low * scale, 2))


def _if_kept(money: Money) -> _Steps:
    cost = "Cost of the goods (assumed)" if money.unit_cost_assumed else "Cost of the goods"
    paid = ((cost, money.unit_cost), ("Shipping to the customer", money.outbound_shipping), ("Payment fee", money.payment_fee))
    return _Steps(
        "If it is kept", [("Price without VAT", money.price_net), *((label, -amount) for label, amount in paid)], "Margin if kept"
    )


def _if_returned(money: Money) -> _Steps:
    paid = (
        ("Shipping to the customer", money.outbound_shipping),
        ("Payment fee that is not refunded", money.payment_fee_kept),
        ("Shipping back and inspection", money.return_handling),
        ("Value that the unit loses", money.resale_loss),
    )
    steps = [*((label, -amount) for label, amount in paid), ("Return fee that the customer pays", money.return_fee)]
    return _Steps("If it comes back", steps, "Loss if returned")


def _expected(offer: RankedOffer) -> _Steps:
    steps = [
        (f"{percent(1.0 - offer.p_return)} are kept", (1.0 - offer.p_return) * offer.money.margin_if_kept),
        (f"{percent(offer.p_return)} come back", -offer.p_return * offer.money.loss_if_returned),
    ]
    return _Steps("What an order is expected to leave", steps, "Expected kept margin per order")


def _ends(part: _Steps) -> Iterator[float]:
    at = 0.0
    for _, minor in part.steps:
        at += minor
        yield at


def _bars(part: _Steps, low: float, scale: float) -> Iterator[Bar]:
    before = 0.0
    for (label, minor), end in zip(part.steps, _ends(part), strict=True):
        yield _bar(label, minor, before, end, low, scale, "gain" if minor >= 0 else "loss")
        before = end
    yield _bar(part.total, before, 0.0, before, low, scale, "sum")


def _bar(label: str, minor: float, start: float, end: float, low: float, scale: float, kind: Kind) -> Bar:
    left, right = sorted((start, end))
    return Bar(label, minor, round((left - low) * scale, 2), round((right - left) * scale, 2), kind)
