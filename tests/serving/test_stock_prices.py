from __future__ import annotations

import numpy as np
import pytest

from serving.stock_prices import Views, demand, stock_prices

PLENTY = np.inf


def views(*rows: tuple[int, int, float, float]) -> Views:
    request, sku, p_order, worth = zip(*rows, strict=True)
    return Views(np.array(request), np.array(sku), np.array(p_order, dtype="float64"), np.array(worth, dtype="float64"))


def priced(found: Views, supply: list[float], *, seen: int = 1) -> list[int]:
    return [int(price) for price in stock_prices(found, np.array(supply), share=1.0, attention=1.0, seen=seen)]


def test_what_does_not_run_out_has_no_price() -> None:
    assert [0, 0] == priced(views((0, 0, 0.5, 1000), (0, 1, 0.4, 1000)), [PLENTY, 3.0])


def test_the_last_unit_costs_what_the_second_best_shopper_would_make_of_it() -> None:
    """Two shoppers want sku 0; it is worth 900 to one and 500 to the other, who could have sku 1 for 200; there is one unit."""
    found = views((0, 0, 1.0, 900), (0, 1, 1.0, 200), (1, 0, 1.0, 500), (1, 1, 1.0, 200))

    price, free = priced(found, [1.0, PLENTY])

    assert 300 <= price <= 700  # the second would rather take sku 1 from a price of 300 on, the first from one of 700 on
    assert 0 == free
    assert [1.0, 1.0] == demand(found, np.array([price, 0.0]), attention=1.0, seen=1).tolist()


def test_prices_bring_the_demand_down_to_the_supply() -> None:
    rng = np.random.default_rng(0)
    request, sku = np.repeat(np.arange(400), 8), np.tile(np.arange(8), 400)
    found = Views(request, sku, rng.uniform(0.05, 0.4, 3200), rng.uniform(100, 3000, 3200))
    free = demand(found, np.zeros(8), attention=0.9, seen=3)
    supply = np.where(np.arange(8) < 4, free / 3, np.inf)

    price = stock_prices(found, supply, share=1.0, attention=0.9, seen=3)

    sold = demand(found, price.astype("float64"), attention=0.9, seen=3)
    assert sold[:4] == pytest.approx(supply[:4], rel=0.15)
    assert (price[:4] > 0).all()
    assert (price[4:] == 0).all()


def test_a_day_of_requests_stands_for_all_until_more_arrives() -> None:
    found = views((0, 0, 0.5, 1000), (0, 1, 0.5, 900))

    assert [0, 0] == stock_prices(found, np.array([1.0, PLENTY]), share=1.0, attention=1.0, seen=1).tolist()
    assert 0 < stock_prices(found, np.array([1.0, PLENTY]), share=0.1, attention=1.0, seen=1)[0]


def test_nobody_came() -> None:
    nothing = Views(np.array([], dtype=np.int64), np.array([], dtype=np.int64), np.array([]), np.array([]))

    assert [0] == priced(nothing, [0.0])
