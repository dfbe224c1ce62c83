from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData, ReleaseRefused
from features.shop import Shop
from tests.support.tiny_retrieval import NOW_US, goods_of, moment, product, shop_of
from tests.training.retrieval.conftest import SETTINGS
from training.model import load, save
from training.pipeline import silent
from training.retrieval.inputs import INPUTS
from training.retrieval.learned import Learned
from training.retrieval.learning import Past, learn
from training.retrieval.shopper import Deeds
from training.retrieval.train import Ready, train_retrieval
from training.retrieval.weighing import ASKED_BEFORE_US, KeptOrders

ARRAYS = [field.name for field in fields(Learned) if field.type in ("Names", "Factors", "Floats")]


def _release(folder: Path, retrieval: Learned | None) -> Path:
    save({}, folder, feature_set="f1", policy="# policy", about={}, retrieval=retrieval)
    return folder


def test_every_input_is_weighed(learned: Learned) -> None:
    assert set(INPUTS) == set(learned.weights)
    assert learned.weights["popular"] > 0
    assert learned.weights["size"] > 0
    assert learned.weights["sent_back"] <= 0


def test_a_release_gives_back_what_was_learned_and_twice_the_same(learned: Learned, tmp_path: Path) -> None:
    _release(tmp_path / "release", learned)
    for found in (load(tmp_path / "release", feature_set="f1").retrieval for _ in range(2)):
        assert found is not None
        assert [] == [name for name in ARRAYS if not np.array_equal(getattr(learned, name), getattr(found, name), equal_nan=_floats(name))]
        assert (learned.weights, learned.numbers, learned.liking) == (found.weights, found.numbers, found.liking)
        assert learned.usual_interval_days == pytest.approx(found.usual_interval_days, nan_ok=True)


def _floats(name: str) -> bool:
    return name not in ("styles", "content_names", "markets", "sizes")


def test_a_release_without_retrieval_has_none(tmp_path: Path) -> None:
    assert load(_release(tmp_path / "release", None), feature_set="f1").retrieval is None


def test_a_changed_file_is_refused(learned: Learned, tmp_path: Path) -> None:
    file = _release(tmp_path / "release", learned) / "retrieval" / "retrieval.json"
    file.write_text(file.read_text().replace("popular", "populus"))
    with pytest.raises(ReleaseRefused, match=r"retrieval\.json is changed"):
        load(tmp_path / "release", feature_set="f1")


def test_nothing_of_a_customer_is_sealed(learned: Learned, ready: Ready, tmp_path: Path) -> None:
    folder = _release(tmp_path / "release", learned)
    with np.load(folder / "retrieval" / "retrieval.npz", allow_pickle=False) as arrays:
        texts = {text for name in arrays.files if arrays[name].dtype.kind == "U" for text in arrays[name].reshape(-1).tolist()}
        sizes = {size for name in arrays.files for size in arrays[name].shape}
    assert "s0001" in texts
    assert set() == texts & set(ready.deeds.customers.tolist())
    assert len(ready.deeds.customers) not in sizes, "nor is there a row for each"
    words = "".join(file.read_text() for file in folder.rglob("*.json"))
    assert [] == [customer for customer in ready.deeds.customers.tolist() if customer in words]


def test_learning_twice_gives_the_same(ready: Ready, shop: Shop, learned: Learned) -> None:
    again = train_retrieval(ready, pd.Timestamp(shop.now), SETTINGS, seed=1, threads=2, progress=silent)
    assert learned.weights == again.weights
    assert np.array_equal(learned.factors, again.factors)


def test_what_happens_later_changes_nothing(ready: Ready, shop: Shop) -> None:
    cut = pd.Timestamp(shop.now).floor("D") - pd.Timedelta(days=30)
    before = shop.tables["order_lines"]["ordered_at"] < cut
    early = shop.without_lines(shop.tables["order_lines"].loc[~before, "line_id"])
    tables = {**early.tables, "events": early.tables["events"][early.tables["events"]["at"] < cut]}
    cut_us = int(cut.as_unit("us").value)
    whole, cut_off = (
        learn(ready.goods, Past.of(one, cut_us), SETTINGS, seed=1, threads=1)
        for one in (ready.deeds, Deeds.of(Shop(tables, early.outcomes, shop.windows, shop.now, shop.zone), ready.goods))
    )
    assert np.array_equal(whole.kept, cut_off.kept)
    assert np.allclose(whole.factors, cut_off.factors, atol=1e-5)


def test_a_shop_with_too_little_says_so() -> None:
    shop = shop_of([product("a", "s")], [("anna", "a", 40.0, "kept")])
    with pytest.raises(NotEnoughData, match="1 order lines are known to be kept"):
        train_retrieval(Ready.of(shop), moment(0), SETTINGS, seed=1, threads=1, progress=silent)


def test_kept_orders_are_kept_and_known_to_be() -> None:
    products = [product("a", "s"), product("b", "t")]
    lines = [("anna", "a", 40.0, "kept"), ("anna", "b", 40.0, "style"), ("bert", "a", 20.0, "kept"), ("bert", "b", 5.0, "kept")]
    deeds = Deeds.of(shop_of(products, lines), goods_of(*products))
    day_us = 86_400_000_000
    late, soon = (KeptOrders.of(deeds, 0, NOW_US, known_us=NOW_US - days * day_us) for days in (0, 10))
    assert ([0, 1], [0, 0]) == (late.customer.tolist(), late.sku.tolist())
    assert [0] == soon.customer.tolist(), "20 days ago is known 6 days ago"
    assert NOW_US - 40 * day_us - ASKED_BEFORE_US == late.at_us[0]


def test_lines_of_one_order_are_asked_for_once() -> None:
    orders = KeptOrders(np.array([1, 0, 1, 1]), np.arange(4), np.array([5, 5, 5, 6]), np.ones(4, dtype=bool))
    assert [[1], [0, 2], [3]] == [sorted(lines.tolist()) for lines in orders.by_order()]


def test_a_style_bought_by_fewer_in_a_market_is_less_popular_there() -> None:
    products = [product("a", "s"), product("b", "t")]
    deeds = Deeds.of(
        shop_of(products, [("anna", "a", 40.0, "kept"), ("bert", "a", 30.0, "kept"), ("bert", "b", 30.0, "style")]), goods_of(*products)
    )
    found = learn(goods_of(*products), Past.of(deeds, NOW_US), replace(SETTINGS, trend_half_life_days=10.0), seed=1, threads=1)
    assert ["", "DE"] == found.markets.tolist()
    assert [[1 / 16 + 1 / 8, 0.0]] * 2 == found.kept.tolist()
