"""A sentence that an assistant can say, of nothing but what the reply holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy import parse_policy
from serving.assortment import UNKNOWN, Product
from serving.decide import decide
from serving.offered import Scores
from serving.spoken import spoken
from serving.state import Serving
from serving.wire import Offer, RankedOffer, RankRequest
from tests.conftest import POLICY

DRESS = Product("style", "dress", 4390, 1600, "EUR", sized=True, hidden=False, stock=None, brand="Runa", size="38")


def offer(p_return: float = 0.2, fits: float = 0.7, *, new: bool = False, known: bool = True) -> RankedOffer:
    fit = np.array([[(1 - fits) * 0.75, fits, (1 - fits) * 0.25]])
    scores = Scores(np.array([p_return]), fit, new, np.array([known]))
    return decide(RankRequest(offers=[Offer(sku="a")]), scores, {"a": DRESS}, parse_policy(POLICY), currency="EUR").offers[0]


def test_the_best_offer_in_a_sentence() -> None:
    expected = "I would take the Runa dress in 38 for 43.90 EUR: it most likely fits and 8 in 10 shoppers like you keep it."

    assert expected == spoken(offer(), DRESS, "EUR")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (offer(fits=0.9), "it very likely fits and 8 in 10 shoppers like you keep it"),
        (offer(fits=0.3), "it may turn out small and 8 in 10 shoppers like you keep it"),
        (offer(new=True), "it most likely fits and 8 in 10 shoppers keep it"),
        (offer(0.001, known=False), "it most likely fits and more than 9 in 10 shoppers like you keep it"),
        (offer(0.99), "it most likely fits and fewer than 1 in 10 shoppers like you keep it"),
    ],
)
def test_chances_are_told_in_words(told: RankedOffer, expected: str) -> None:
    assert expected == spoken(told, DRESS, "EUR").partition(": ")[2].removesuffix(".")


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        (replace(DRESS, brand=None, size=None), "the dress for 43.90 EUR"),
        (replace(DRESS, category=None), "the Runa in 38 for 43.90 EUR"),
        (UNKNOWN, "a for 43.90 EUR"),
    ],
)
def test_an_offer_is_named_by_what_is_known_of_it(product: Product, expected: str) -> None:
    assert f"I would take {expected}:" == spoken(offer(), product, "EUR").partition(":")[0] + ":"


def test_prices_have_the_decimals_of_their_currency() -> None:
    assert "for 4390 JPY" in spoken(offer(), DRESS, "JPY")


def test_where_no_model_spoke_nothing_is_promised() -> None:
    told = decide(
        RankRequest(offers=[Offer(sku="a")]), Scores(None, None, True, np.array([True])), {"a": DRESS}, parse_policy(POLICY), currency="EUR"
    )

    assert "I would take the Runa dress in 38 for 43.90 EUR." == spoken(told.offers[0], DRESS, "EUR")


@given(st.floats(0, 1), st.floats(0, 1), st.booleans(), st.booleans())
def test_it_is_one_sentence_that_speaks_of_nobodys_returns(p_return: float, fits: float, new: bool, known: bool) -> None:
    told = spoken(offer(p_return, fits, new=new, known=known), DRESS, "EUR")

    assert told == spoken(offer(p_return, fits, new=new, known=known), DRESS, "EUR")
    assert not {"return", "send", "back", "your"} & set(told.lower().rstrip(".").split())
    assert 1 == told.count(". ") + told.count(".") - told.count("43.90")


def test_a_reply_speaks_only_where_it_is_asked_to(serving: Serving) -> None:
    sku = next(sku for sku, product in serving.products.items() if product.stock)

    def said(*offers: Offer, **fields: Any) -> str | None:
        return serving.rank(RankRequest(offers=list(offers), **fields), request_id="r").spoken

    assert [None, None] == [said(Offer(sku=sku), explain=explain) for explain in (False, True)]
    assert (said(Offer(sku=sku), explain="spoken", limit=1) or "").startswith("I would take the ")
    assert said(Offer(sku="x"), explain="spoken") is None, "no offer is left"


def test_fit_needs_no_model() -> None:
    assert "fits" not in spoken(
        RankedOffer(**{name: getattr(offer(), name) for name in RankedOffer.__struct_fields__} | {"fit": None}), DRESS, "EUR"
    )
