from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from experiments.rankings import FUSED, KEEPRANK, OF_MARKET, POPULAR, RANDOM, Rankings, find_in
from experiments.recall import recall_by_time, recalled
from features.shop import Shop
from tests.support.tiny_retrieval import NOW_US, product, shop_of
from training.retrieval.inputs import INPUTS
from training.retrieval.learning import Past, learn
from training.retrieval.retriever import SOURCES
from training.retrieval.settings import RetrievalSettings
from training.retrieval.train import Ready

SETTINGS = RetrievalSettings(factors=4, rounds=3, most_judged=150, fewest_kept=200)


def test_recall_is_the_share_of_lines_found_by_then() -> None:
    found = recalled({KEEPRANK: np.array([1, 20, 21, 200]), POPULAR: np.array([0, 50, 0, 200])}, np.array([1, 1, 2, 3]), 1)
    assert {20: 0.5, 50: 0.75, 200: 1.0} == {at: one.value for at, one in found.recall[KEEPRANK].items()}
    assert {20: 0.0, 50: 0.25, 200: 0.5} == {at: one.value for at, one in found.recall[POPULAR].items()}
    assert 2.0 == found.times[POPULAR].value
    assert [POPULAR] == list(found.times)


def test_a_ranking_that_finds_the_same_finds_once_as_much_for_sure() -> None:
    ranks = np.array([1, 0, 3, 0, 5])
    times = recalled({KEEPRANK: ranks, POPULAR: ranks}, np.arange(5), 1).times[POPULAR]
    assert (1.0, 1.0, 1.0) == (times.value, times.low, times.high)


def test_popular_is_what_was_kept_most_and_lately() -> None:
    products = [product(sku, f"s{sku}") for sku in "abcd"]
    lines = [
        ("anna", "b", 20.0, "kept"),
        ("bert", "b", 20.0, "kept"),
        ("anna", "c", 20.0, "kept"),
        ("bert", "d", 300.0, "kept"),
        ("anna", "a", 20.0, "style"),
        ("bert", "a", 21.0, "style"),
    ]
    ready = Ready.of(shop_of(products, lines))
    learned = learn(ready.goods, Past.of(ready.deeds, NOW_US), SETTINGS, seed=1, threads=1)
    learned = type(learned)(**{**vars(learned), "weights": dict.fromkeys(INPUTS, 1.0)})
    rankings = Rankings.of(learned, ready, NOW_US, 1)
    ranks = rankings.ranks(ready.deeds.shopper(0, NOW_US, allowed=True), NOW_US, ready.sold(NOW_US), np.arange(4))
    assert [4, 1, 2, 3] == ranks[POPULAR].tolist(), "what was sent back is not popular"
    assert [4, 1, 2, 3] == ranks[OF_MARKET].tolist()
    assert [1, 2, 3, 4] == sorted(ranks[KEEPRANK].tolist())
    assert {KEEPRANK, POPULAR, OF_MARKET, RANDOM, FUSED} < set(ranks)
    assert {f"{how} {source}" for how in ("only", "without") for source in SOURCES} < set(ranks)


def test_places_are_counted_from_one() -> None:
    assert [2, 0, 1] == find_in(np.array(["b", "a"]), np.array(["a", "x", "b"])).tolist()


def test_candidates_find_more_than_chance_on_the_demo_shop(shop: Shop) -> None:
    cut = pd.Timestamp(shop.now).floor("D") - pd.Timedelta(days=70)
    found = recall_by_time(shop, cut, SETTINGS, days=25, most=150)
    recall = {name: one[50].value for name, one in found.all.recall.items()}
    assert recall[KEEPRANK] > 1.5 * recall[POPULAR] > 1.5 * recall[RANDOM]
    parts = ("style:looked at before", "style:ordered before", "style:neither")
    assert found.all.lines == sum(found.slices[name].lines for name in parts if name in found.slices)
    assert found.to_json()["all"]["lines"] == found.all.lines


def test_a_cut_after_which_nothing_is_known_is_refused(shop: Shop) -> None:
    with pytest.raises(NotEnoughData, match="no line ordered in the 5 days"):
        recall_by_time(shop, pd.Timestamp(shop.now).floor("D") - pd.Timedelta(days=5), SETTINGS, days=5)
