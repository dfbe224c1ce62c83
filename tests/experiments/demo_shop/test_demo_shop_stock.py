from __future__ import annotations

import numpy as np
import numpy.typing as npt

from experiments.demo_shop.arrays import DAY
from experiments.demo_shop.stock import Stock

LAUNCH = 20 * DAY
MORE, SOLD_ONCE = 0, 1
"""Two skus: one is refilled, one is bought in once."""


def _numbers(*values: int) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _stock(*units: int) -> Stock:
    return Stock(
        units=_numbers(*units),
        rate=np.array([2.0, 2.0]),
        scarce=np.array([False, True]),
        scarce_units=_numbers(99, 7),
        arrives_at=_numbers(LAUNCH, LAUNCH),
        cover_days=10,
    )


def test_first_come_first_served() -> None:
    sold = _stock(2, 1).sell(_numbers(MORE, SOLD_ONCE, MORE, SOLD_ONCE, MORE), _numbers(1, 1, 1, 1, 1))

    assert [True, True, True, False, False] == sold.tolist()


def test_nothing_is_sold_of_what_is_not_there_in_full() -> None:
    assert [False] == _stock(1, 0).sell(_numbers(MORE), _numbers(2)).tolist()
    assert [] == _stock(1, 0).sell(_numbers(), _numbers()).tolist()


def test_what_leaves_the_warehouse_is_gone_and_moves_the_rate_of_sales() -> None:
    stock = _stock(5, 5)
    stock.close(_numbers(MORE, MORE), _numbers(1, 2))

    assert [2, 5] == stock.units.tolist()
    assert stock.rate[MORE] > 2 > stock.rate[SOLD_ONCE]


def test_new_styles_arrive_on_the_day_of_their_launch() -> None:
    stock = _stock(0, 0)
    stock.receive(LAUNCH - DAY, day=19)
    assert [0, 0] == stock.units.tolist()
    stock.receive(LAUNCH, day=20)
    assert [21, 7] == stock.units.tolist()


def test_once_a_week_some_are_refilled_up_to_their_sales_and_the_others_never() -> None:
    stock = _stock(1, 1)
    stock.receive(LAUNCH + DAY, day=22)
    assert [1, 1] == stock.units.tolist()
    stock.receive(LAUNCH + 8 * DAY, day=28)
    assert [21, 1] == stock.units.tolist()


def test_a_copy_goes_its_own_way() -> None:
    stock = _stock(5, 5)
    copy = stock.copy()
    copy.close(_numbers(MORE), _numbers(1))

    assert [5, 5] == stock.units.tolist()
    assert [2.0, 2.0] == stock.rate.tolist()
