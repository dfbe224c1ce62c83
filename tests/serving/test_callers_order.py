"""Without time to rank, the caller's own order is returned, and everything that needs no model."""

from __future__ import annotations

import dataclasses

import pytest

from serving.assortment import Shelf
from serving.callers_order import callers_order
from serving.reading import RequestRefused
from serving.state import Serving
from serving.wire import Offer, RankRequest


def test_the_offers_stay_in_the_callers_order(serving: Serving) -> None:
    skus = [sku for sku, product in serving.products.items() if product.stock and not product.hidden][:6]
    request = RankRequest(offers=[Offer(sku=sku) for sku in skus], country="DE", limit=4)

    reply = callers_order(request, serving, "r-1", "deadline", arm="champion")

    assert skus[:4] == [offer.sku for offer in reply.offers]
    assert ([1, 2, 3, 4], 2) == ([offer.position for offer in reply.offers], reply.cut_by_limit)
    assert ("r-1", "deadline", "champion", "order") == (reply.request_id, reply.fallback, reply.arm, reply.per)
    assert {"deadline"} == {offer.fallback for offer in reply.offers}
    assert {serving.policy.economics(serving.products[skus[0]].category).return_rate_prior} == {
        offer.p_return for offer in reply.offers[:1]
    }


def test_money_is_that_of_a_release_without_models(serving: Serving) -> None:
    sku = next(sku for sku, product in serving.products.items() if product.stock)
    request = RankRequest(offers=[Offer(sku=sku, p_order=0.25)])
    bare = dataclasses.replace(serving, release=dataclasses.replace(serving.release, models={}))

    (found,), (expected,) = callers_order(request, serving, "r", "deadline").offers, bare.rank(request, request_id="r").offers

    assert (expected.money, expected.p_return, expected.p_order) == (found.money, found.p_return, found.p_order)


def test_hard_rules_hold(serving: Serving) -> None:
    sku = next(sku for sku, product in serving.products.items() if product.stock)
    request = RankRequest(offers=[Offer(sku=sku), Offer(sku="x"), Offer(sku="y", price=100, hidden=True)])

    reply = callers_order(request, serving, "r", "deadline", shelf={sku: Shelf(available=0)})

    assert [(sku, "out_of_stock"), ("x", "price_unknown"), ("y", "hidden")] == [(one.sku, one.reason) for one in reply.excluded]
    assert ([], ["x", "y"]) == (reply.offers, reply.unknown_offers)


def test_a_currency_that_is_not_the_shops_is_refused(serving: Serving) -> None:
    with pytest.raises(RequestRefused, match="expected one of: EUR"):
        callers_order(RankRequest(offers=[Offer(sku="x")], currency="USD"), serving, "r", "deadline")
