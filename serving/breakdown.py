"""The money of an offer as a reply tells it: every part of it, what is expected of it, and from which return rate on it loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from domain.economics import UnitEconomics
from serving.rounding import MILLION, rounded
from serving.wire import Money

_DERIVED = ("expected_kept_margin", "break_even_p_return")
_AMOUNTS = tuple(name for name in Money.__struct_fields__ if name not in _DERIVED)
_PER_UNIT = MILLION * MILLION


def breakdowns(money: UnitEconomics, worths: Sequence[int], placed: Sequence[int]) -> list[Money]:
    """The money of some offers.

    Args:
        money: of all offers.
        worths: what a view of each of the placed ones is expected to leave: millionths of millionths of a minor unit.
        placed: their numbers; the result is in their order.
    """
    chosen = list(placed)
    columns = [getattr(money, name)[chosen].tolist() for name in _AMOUNTS]
    turns = money.break_even[chosen]
    none, risks = np.isnan(turns).tolist(), rounded(np.minimum(np.nan_to_num(turns), 1.0)).values
    return [_told(*told) for told in zip(*columns, worths, none, risks, strict=True)]


def _told(
    price_net: int,
    unit_cost: int,
    unit_cost_assumed: bool,
    outbound_shipping: int,
    payment_fee: int,
    margin_if_kept: int,
    payment_fee_kept: int,
    return_handling: int,
    resale_loss: int,
    return_fee: int,
    loss_if_returned: int,
    worth: int,
    never: bool,
    risk: float,
) -> Money:
    return Money(
        price_net=price_net,
        unit_cost=unit_cost,
        unit_cost_assumed=unit_cost_assumed,
        outbound_shipping=outbound_shipping,
        payment_fee=payment_fee,
        margin_if_kept=margin_if_kept,
        payment_fee_kept=payment_fee_kept,
        return_handling=return_handling,
        resale_loss=resale_loss,
        return_fee=return_fee,
        loss_if_returned=loss_if_returned,
        expected_kept_margin=_half_even(worth),
        break_even_p_return=None if never else risk,
    )


def _half_even(worth: int) -> int:
    """Millionths of millionths of a minor unit as whole minor units, halves to the even neighbour."""
    whole, rest = divmod(worth, _PER_UNIT)
    return whole + (2 * rest > _PER_UNIT or (2 * rest == _PER_UNIT and whole % 2 == 1))
