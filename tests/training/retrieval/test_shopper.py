from __future__ import annotations

import datetime as dt

import numpy as np

from tests.support.tiny_retrieval import DAY_US, NOW, NOW_US, goods_of, product, shop_of, view
from training.retrieval.goods import NOWHERE
from training.retrieval.shopper import KEPT, MISFIT, PENDING, RETURNED, VIEWED, WISHED, Deeds

PRODUCTS = [product("a", "s"), product("b", "t"), product("c", "u"), product("d", "v")]


def _deeds(lines: list[tuple[str, str, float, str]], **further: list[dict[str, object]]) -> Deeds:
    return Deeds.of(shop_of(PRODUCTS, lines, **further), goods_of(*PRODUCTS))


def test_a_deed_is_what_became_of_the_line() -> None:
    deeds = _deeds([("anna", "a", 40, "kept"), ("anna", "b", 30, "style"), ("anna", "c", 20, "too_small"), ("anna", "d", 5, "kept")])
    shopper = deeds.shopper(0, NOW_US, allowed=True)
    assert [KEPT, RETURNED, MISFIT, PENDING] == shopper.what.tolist()
    assert [40.0, 30.0, 20.0, 5.0] == shopper.days_ago.tolist()


def test_what_became_of_a_line_is_not_known_before_it_did() -> None:
    deeds = _deeds([("anna", "a", 40, "kept"), ("anna", "b", 40, "style")])
    assert [PENDING, RETURNED] == deeds.shopper(0, NOW_US - 30 * DAY_US, allowed=True).what.tolist()
    assert [] == deeds.shopper(0, NOW_US - 40 * DAY_US, allowed=True).what.tolist()


def test_looks_and_wishes_are_deeds_and_searches_are_not() -> None:
    events = [view("e1", "anna", "a", 3), view("e2", "anna", "b", 2, "wishlist"), view("e3", "anna", "c", 1, "search")]
    assert [VIEWED, WISHED] == _deeds([("anna", "a", 40, "kept")], events=events).shopper(0, NOW_US, allowed=True).what.tolist()[1:]


def test_without_consent_only_the_market_is_known() -> None:
    deeds = _deeds([("anna", "a", 40, "kept")])
    shopper = deeds.shopper(0, NOW_US, allowed=False)
    assert ("DE", 0) == (shopper.market, len(shopper.sku))


def test_of_who_was_never_here_nothing_is_known() -> None:
    shopper = _deeds([("anna", "a", 40, "kept")]).shopper(NOWHERE, NOW_US, allowed=True)
    assert ("", 0) == (shopper.market, len(shopper.sku))


def test_a_withdrawn_consent_counts_from_its_moment() -> None:
    said = [
        {"customer_id": "anna", "notice_version": "1", "purpose": "personalisation", "granted": granted, "at": NOW - dt.timedelta(days=ago)}
        for granted, ago in ((True, 20), (False, 10))
    ]
    deeds = _deeds([("anna", "a", 40, "kept")], consents=said)
    moments = np.array([NOW_US - days * DAY_US for days in (30, 15, 5)])
    assert [False, True, False] == deeds.allowed(np.zeros(3, dtype="int64"), moments).tolist()
