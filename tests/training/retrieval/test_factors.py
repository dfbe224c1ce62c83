from __future__ import annotations

import numpy as np
import pytest

from tests.support.tiny_retrieval import NOW_US, goods_of, product, shop_of
from training.retrieval.factors import confidences, fold_in
from training.retrieval.goods import Floats
from training.retrieval.learning import Past, als, item_factors, preferences
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import Deeds

SETTINGS = RetrievalSettings(factors=6, rounds=20, regularisation=0.5, confidence=10.0)
PRODUCTS = [product(sku, f"s{sku}") for sku in "abcdef"]
FRIENDS = [(f"c{number}", sku, 40.0, "kept") for number in range(9) for sku in ("abc" if number % 2 else "def")]


def _past(lines: list[tuple[str, str, float, str]], **further: list[dict[str, object]]) -> Past:
    return Past.of(Deeds.of(shop_of(PRODUCTS, lines, **further), goods_of(*PRODUCTS)), NOW_US)


def _scores(liking: dict[int, float]) -> Floats:
    """What is said of all styles to who likes (or not) some of them."""
    confidence = preferences(goods_of(*PRODUCTS), _past(FRIENDS), SETTINGS)
    y = item_factors(confidence, SETTINGS, seed=1, threads=1)
    c = confidences(np.array(list(liking.values()), dtype="float64"), SETTINGS.confidence)
    return np.asarray(y @ fold_in(y, (y.T @ y).astype("float64"), np.array(list(liking), dtype="int64"), c, SETTINGS.regularisation))


def test_who_keeps_one_is_offered_what_others_kept_with_it() -> None:
    scores = _scores({0: 1.0})
    assert scores[[1, 2]].min() > scores[[3, 4, 5]].max() + 0.3


def test_what_was_sent_back_counts_against_it_and_its_like() -> None:
    liked, also_returned = _scores({0: 1.0}), _scores({0: 1.0, 1: -1.0})
    assert also_returned[1] < liked[1] - 0.1
    assert also_returned[2] < liked[2]


def test_only_dislikes_lift_nothing() -> None:
    assert [0.0] * 6 == _scores({0: -1.0}).tolist()


def test_no_deed_leaves_zeros() -> None:
    assert [0.0] * 6 == _scores({}).tolist()


def test_folding_in_equals_what_implicit_computes_for_its_own_shoppers() -> None:
    lines = [*FRIENDS, ("c0", "a", 30.0, "style"), ("c1", "d", 300.0, "kept")]
    confidence = preferences(goods_of(*PRODUCTS), _past(lines), SETTINGS)
    model = als(confidence, SETTINGS, seed=1, threads=1)
    y = model.item_factors
    expected = model.recalculate_user(np.arange(9), confidence)
    for row in range(9):
        mine = confidence[row]
        x = fold_in(y, (y.T @ y).astype("float64"), mine.indices, mine.data.astype("float64"), SETTINGS.regularisation)
        assert expected[row] == pytest.approx(x, abs=1e-4)


def test_a_return_is_a_negative_confidence_and_a_misfit_is_not() -> None:
    lines = [("c0", "a", 40.0, "kept"), ("c0", "b", 40.0, "quality"), ("c0", "c", 40.0, "too_large")]
    said = preferences(goods_of(*PRODUCTS), _past(lines), SETTINGS).toarray()[0]
    assert said[0] > said[2] > 0 > said[1]


def test_the_past_of_who_does_not_allow_it_teaches_nothing() -> None:
    granted = {"customer_id": "c1", "purpose": "personalisation", "granted": True, "at": "2026-01-01T00:00:00Z"}
    past = _past([("c0", "a", 40.0, "kept"), ("c1", "a", 40.0, "kept")], consents=[granted])
    assert [0, 1] == np.diff(preferences(goods_of(*PRODUCTS), past, SETTINGS).indptr).tolist()


def test_a_style_that_nobody_touched_has_no_factors() -> None:
    confidence = preferences(goods_of(*PRODUCTS), _past([("c0", "a", 40.0, "kept")]), SETTINGS)
    assert [True, *[False] * 5] == item_factors(confidence, SETTINGS, seed=1, threads=1).any(axis=1).tolist()
