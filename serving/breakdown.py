"""The money of an offer as a reply tells it: every part of it, what is expected of it, and from which return rate on it loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.economics import UnitEconomics
from serving.rounding import MILLION, rounded
from serving.wire import Money

_DERIVED = ("expected_kept_margin", "break_even_p_return")
"""The last fields of `Money`; those before them are columns of the economics."""

_AMOUNTS = Money.__struct_fields__[: -len(_DERIVED)]
_PER_UNIT = MILLION * MILLION


def breakdowns(money: UnitEconomics, worths: Sequence[int], placed: npt.NDArray[np.int64]) -> list[Money]:
    """The money of some offers.

    Args:
        money: of all offers.
        worths: what a view of each of the placed ones is expected to leave: millionths of millionths of a minor unit.
        placed: their numbers; the result is in their order.
    """
    turns = money.break_even[placed]
    risks: list[float | None] = list(rounded(np.minimum(np.nan_to_num(turns), 1.0)).values)
    for place in np.flatnonzero(np.isnan(turns)).tolist():
        risks[place] = None
    columns = (getattr(money, name)[placed].tolist() for name in _AMOUNTS)
    return list(map(Money, *columns, map(_half_even, worths), risks))  # in the order of Money's fields


def _half_even(worth: int) -> int:
    """Millionths of millionths of a minor unit as whole minor units, halves to the even neighbour."""
    whole, rest = divmod(worth, _PER_UNIT)
    return whole + (2 * rest > _PER_UNIT or (2 * rest == _PER_UNIT and whole % 2 == 1))
