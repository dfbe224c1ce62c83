from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tests.support.tiny_retrieval import NOW, NOW_US, counted, goods_of, moment, product
from training.retrieval.goods import find, in_stock


def test_a_sku_is_sold_once_it_is_launched_unless_hidden_or_counted_out() -> None:
    goods = goods_of(
        product("a", "s", hidden=False),
        product("b", "s", hidden=True),
        product("c", "s", hidden=False, launched_at=NOW + dt.timedelta(days=1)),
        product("d", "s", hidden=False),
        product("e", "s", hidden=False),
    )
    assert [True, False, False, False, True] == goods.sold(NOW_US, counted({"a": 1, "d": 0})).tolist()


def test_stock_is_what_was_last_counted_at_each_location_before_the_moment() -> None:
    rows = [("a", "x", 3.0, 5), ("a", "x", 2.0, 1), ("a", "y", 2.0, 2), ("a", "x", 0.0, 9)]
    stock = pd.DataFrame([{"sku": sku, "location": place, "at": moment(ago), "available": units} for sku, place, ago, units in rows])
    assert {"a": 3} == in_stock(stock, moment(1.0)).to_dict()


def test_a_size_belongs_to_its_category_and_system() -> None:
    goods = goods_of(
        product("a", "s", size="38", size_system="EU"),
        product("b", "t", size="38", size_system="EU", category="jeans"),
        product("c", "u"),
    )
    assert [["dress", "EU", "38"], ["jeans", "EU", "38"]] == goods.sizes.tolist()
    assert [0, 1, -1] == goods.size.tolist()


def test_coordinates_that_no_product_has_are_left_out() -> None:
    assert [[0.5, 1.0], [np.inf, np.inf]] == np.nan_to_num(
        goods_of(product("a", "s", looks="0.5 1"), product("b", "t")).looks, nan=np.inf
    ).tolist()


def test_nothing_is_found_among_no_names() -> None:
    assert [-1] == find(np.array([], dtype="str"), np.array(["a"])).tolist()
