from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.clock import midnight
from features.shop import Shop
from features.snapshot import load_snapshot
from features.taking import take_snapshot
from tests.support.tiny_retrieval import DAY_US, NOW, product, shop_of, view
from training.retrieval.goods import NOWHERE, Goods, find
from training.retrieval.remembered import FOLDER, LATEST, Deed, Remembered, remembering
from training.retrieval.shopper import KEPT, VIEWED, Deeds

DRESSES = [product("d-38", "d", size="38"), product("e-38", "e", size="38")]


def night_of(shop: Shop) -> int:
    return int(midnight(shop.today, shop.zone).timestamp() * 1e6)


@pytest.fixture
def shop() -> Shop:
    return shop_of(
        DRESSES,
        [("ann", "d-38", 40, "kept"), ("ann", "e-38", 30, "too_small"), ("bob", "e-38", 3, "kept")],
        events=[view("v1", "ann", "e-38", 2.0)],
    )


def test_a_shopper_is_what_her_deeds_say_at_the_midnight(shop: Shop, tmp_path: Path) -> None:
    goods, at_us = Goods.of(shop.tables["products"]), night_of(shop)
    deeds = Deeds.of(shop, goods)
    Remembered.of(deeds, at_us).write(tmp_path / "shoppers")
    for name in ("ann", "bob"):
        expected = deeds.shopper(int(find(deeds.customers, np.array([name]))[0]), at_us, allowed=True)
        found = Remembered.load(tmp_path / "shoppers").shopper(name, at_us, goods)
        assert expected.market == found.market
        assert expected.sku.tolist() == found.sku.tolist()
        assert expected.what.tolist() == found.what.tolist()
        np.testing.assert_allclose(found.days_ago, expected.days_ago, atol=1e-9)


def test_of_a_stranger_only_what_happened_since_is_known(shop: Shop) -> None:
    goods, at_us = Goods.of(shop.tables["products"]), night_of(shop)
    remembered = Remembered.of(Deeds.of(shop, goods), at_us)
    found = remembered.shopper("zoe", at_us + DAY_US, goods, [Deed("e-38", at_us, VIEWED), Deed("gone", at_us, VIEWED)], market="AT")
    assert ("AT", [1], [VIEWED], [1.0]) == (found.market, found.sku.tolist(), found.what.tolist(), found.days_ago.tolist())


def test_what_happens_at_the_moment_or_later_does_not_count(shop: Shop) -> None:
    goods, at_us = Goods.of(shop.tables["products"]), night_of(shop)
    remembered = Remembered.of(Deeds.of(shop, goods), at_us)
    assert remembered.shopper(None, at_us, goods, [Deed("e-38", at_us, VIEWED)]).sku.tolist() == []


def test_of_who_withdrew_only_the_market_is_remembered(tmp_path: Path) -> None:
    said = [{"customer_id": "ann", "purpose": "personalisation", "granted": granted, "at": NOW.replace(day=1, month=month)}
            for granted, month in ((True, 3), (False, 4))]  # fmt: skip
    shop = shop_of(DRESSES, [("ann", "d-38", 40, "kept")], consents=said)
    goods = Goods.of(shop.tables["products"])
    remembered = Remembered.of(Deeds.of(shop, goods), night_of(shop))
    assert remembered.shopper("ann", night_of(shop), goods).sku.tolist() == []
    assert remembered.shopper("ann", night_of(shop), goods).market == "DE"
    remembered.write(tmp_path / "shoppers")
    assert b"ann" not in b"".join(file.read_bytes() for file in (tmp_path / "shoppers").iterdir())


def test_only_the_latest_deeds_are_remembered() -> None:
    shop = shop_of(DRESSES, [("ann", "d-38", 90, "kept")], events=[view(f"v{n}", "ann", "e-38", 1 + n / 1000) for n in range(LATEST)])
    goods = Goods.of(shop.tables["products"])
    found = Remembered.of(Deeds.of(shop, goods), night_of(shop)).shopper("ann", night_of(shop), goods)
    assert LATEST == len(found.sku)
    assert KEPT not in found.what


def test_a_snapshot_carries_it_under_its_seal(shop: Shop, tmp_path: Path) -> None:
    bare = take_snapshot(shop, tmp_path / "bare")
    seal = take_snapshot(shop, tmp_path / "snapshot", beside=remembering(shop))
    assert bare != seal == load_snapshot(tmp_path / "snapshot").seal
    assert 2 == len(Remembered.load(tmp_path / "snapshot" / FOLDER).keys)
    assert NOWHERE not in Remembered.load(tmp_path / "snapshot" / FOLDER).sku
