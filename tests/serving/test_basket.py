"""A basket, assessed: what is expected of it adds up from its lines, and a word is worth the difference of two baskets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from serving.assortment import Product
from serving.basket import assess
from serving.facts import StockChanged
from serving.reading import RequestRefused
from serving.sizes import SizeReply
from serving.state import Serving
from serving.wire import Fit, RankReply, RankRequest
from serving.wire_basket import BasketReply, BasketRequest, Line
from tests.support.calls import HOUR, calls, noon
from tests.support.decisions import answer

DRESS = Product("d", "dress", 5000, None, "EUR", sized=True, hidden=False, stock=3, size="38", colour="red")
SHOP = {
    "d-38": DRESS,
    "d-40": replace(DRESS, size="40"),
    "d-40-blue": replace(DRESS, size="40", colour="blue"),
    "e-38": replace(DRESS, style_id="e"),
    "h-38": replace(DRESS, style_id="h", hidden=True),
}
STYLES = {"d": ["d-38", "d-40-blue", "d-40"], "e": ["e-38"], "h": ["h-38"]}
RISK = {"d-38": 0.25, "d-40": 0.125, "d-40-blue": 0.125, "e-38": 0.5, "strange": 0.5}
FITS = {"d-38": 0.5, "d-40": 0.8, "d-40-blue": 0.8, "e-38": 0.6}


class Ranks:
    """Says of each sku what `RISK` says, twice that beside another size of its style, and that it leaves 1,000 if kept, and costs 3,000."""

    def __init__(self) -> None:
        self.asked: list[RankRequest] = []

    def __call__(self, request: RankRequest) -> RankReply:
        self.asked.append(request)
        (offer,) = request.offers
        reply = answer(request, request_id="r", p_order=1.0)
        if SHOP.get(offer.sku, DRESS).hidden:
            return cast("RankReply", _changed(reply, offers=[]))
        beside = [line.sku for line in request.basket if line.sku[0] == offer.sku[0]]
        p_return = RISK[offer.sku] * (2 if beside else 1)
        fit = None if offer.sku not in FITS else Fit(small=0.0, fits=FITS[offer.sku], large=1 - FITS[offer.sku])
        money = _changed(reply.offers[0].money, expected_kept_margin=round((1 - p_return) * 1000 - p_return * 3000))
        return cast("RankReply", _changed(reply, offers=[_changed(reply.offers[0], p_return=p_return, fit=fit, money=money)]))


def _changed(one: Any, **fields: Any) -> Any:
    return type(one)(**{name: getattr(one, name) for name in one.__struct_fields__} | fields)


def advises(size: str, fits: float) -> Callable[[str], SizeReply | None]:
    """As much of an advice as is read."""
    chance = SimpleNamespace(size=size, fits=fits)
    return lambda style: cast("SizeReply", SimpleNamespace(advice=SimpleNamespace(chance=chance), sentence=f"Take {size} of {style}."))


def silent(_style: str) -> SizeReply | None:
    return None


def assessed(*lines: Line | str, advised: Callable[[str], SizeReply | None] = silent, products: Any = SHOP, **fields: Any) -> BasketReply:
    told = tuple(Line(sku=line) if isinstance(line, str) else line for line in lines)
    return assess(BasketRequest(lines=told, **fields), Ranks(), advised, products, STYLES, request_id="r")


def test_what_is_expected_of_a_basket_adds_up_from_its_lines_and_counts_every_unit() -> None:
    reply = assessed(Line(sku="d-38", quantity=3), "e-38")
    assert (3 * 0.25 + 0.5, 3 * 0 + (500 - 1500)) == (reply.expected_returns, reply.expected_kept_margin)
    assert [("d-38", 3, 0.25, 0), ("e-38", 1, 0.5, -1000)] == [
        (line.sku, line.quantity, line.p_return, line.money.expected_kept_margin) for line in reply.lines
    ]


def test_each_line_is_ranked_beside_all_others_as_if_it_were_ordered_and_can_be_had() -> None:
    ranks = Ranks()
    lines = (Line(sku="d-38", quantity=2, price=4000, discount=100), Line(sku="e-38", price=3000))
    assess(BasketRequest(lines=lines, customer_id="ann", country="DE"), ranks, silent, SHOP, STYLES, request_id="r")
    (offer,), (other,) = ranks.asked[0].offers, ranks.asked[0].basket
    assert (1.0, 2, 2, 4000, 100) == (offer.p_order, offer.quantity, offer.available, offer.price, offer.discount)
    assert ("e-38", 1, 3000) == (other.sku, other.quantity, other.price)
    assert [("ann", "DE")] * 2 == [(one.customer_id, one.country) for one in ranks.asked]


def test_a_second_size_raises_the_risk_and_keeping_one_is_worth_the_difference_of_two_baskets() -> None:
    one, both = assessed("d-40"), assessed("d-38", "d-40")
    assert (0.125, 0.5 + 0.25) == (one.expected_returns, both.expected_returns)
    assert [["d-40"], ["d-38"]] == [line.other_sizes for line in both.lines]
    best = both.best
    assert ("keep_one_size", ["d-38", "d-40"], "d-40") == (best.action, best.skus, best.instead)
    assert one.expected_kept_margin - both.expected_kept_margin == best.expected_value == 500 - (-1000 + 0)


def test_another_size_that_fits_clearly_more_likely_is_worth_the_difference_of_two_baskets() -> None:
    reply = assessed("d-38", advised=advises("40", 0.8))
    best = reply.best
    assert ("other_size", ["d-38"], "d-40", "Take 40 of d.") == (best.action, best.skus, best.instead, best.sentence)
    assert assessed("d-40").expected_kept_margin - reply.expected_kept_margin == best.expected_value == 500


@pytest.mark.parametrize(
    ("lines", "size", "fits", "of_the_other"),
    [
        (("d-38",), "40", 0.54, {}),
        (("d-38",), "40", 0.8, {"stock": 0}),
        (("d-38",), "40", 0.8, {"hidden": True}),
        (("d-38",), "40", 0.8, {"colour": "green"}),
        ((Line(sku="d-38", quantity=4),), "40", 0.8, {}),
        (("d-38", "d-40"), "40", 0.9, {}),
        (("d-38",), "44", 0.8, {}),
        (("strange",), "40", 0.8, {}),
    ],
)
def test_no_other_size_is_suggested_that_hardly_fits_better_cannot_be_had_or_is_there(
    lines: tuple[Line | str, ...], size: str, fits: float, of_the_other: dict[str, Any]
) -> None:
    shop = {**SHOP, "d-40": replace(SHOP["d-40"], **of_the_other)}
    reply = assessed(*lines, advised=advises(size, fits), products=shop)
    assert "other_size" not in {one.action for one in reply.considered}


def test_where_stock_is_not_counted_another_size_can_be_had() -> None:
    shop = {**SHOP, "d-40": replace(SHOP["d-40"], stock=None)}
    assert "d-40" == assessed("d-38", advised=advises("40", 0.8), products=shop).best.instead


def test_what_is_worth_nothing_is_considered_and_not_said() -> None:
    reply = assessed("d-40", advised=advises("38", 0.99))
    assert [("other_size", -500)] == [(one.action, one.expected_value) for one in reply.considered]
    assert ("none", [], None, 0) == (reply.best.action, reply.best.skus, reply.best.instead, reply.best.expected_value)


def test_a_sku_that_comes_twice_is_refused_by_its_line() -> None:
    with pytest.raises(RequestRefused, match="the same sku as /lines/0") as refused:
        assessed("d-38", "e-38", "d-38")
    assert ["/lines/2/sku"] == [error.field for error in refused.value.errors]


def test_of_a_hidden_sku_nothing_is_said_and_the_rest_adds_up() -> None:
    reply = assessed("h-38", "d-40", "strange")
    assert (["h-38"], ["d-40", "strange"], 0.125 + 0.5) == (reply.excluded, [line.sku for line in reply.lines], reply.expected_returns)


def test_a_size_that_sold_out_since_the_night_is_not_suggested(serving: Serving, tmp_path: Path) -> None:
    shop = calls(serving, tmp_path)
    found = (shop.answering.basket(BasketRequest(lines=(Line(sku=sku),)), request_id="r") for sku in sized(serving))
    word = next(one for reply in found for one in reply.considered if one.action == "other_size")
    assert word.instead is not None
    shop.state.add([StockChanged(id="k1", sku=word.instead, available=0, at=noon(serving) - HOUR)])
    again = shop.answering.basket(BasketRequest(lines=(Line(sku=word.skus[0]),)), request_id="r")
    assert [] == again.considered


def sized(serving: Serving) -> list[str]:
    return [sku for sku, product in serving.products.items() if product.sized and not product.hidden and product.stock]


def test_the_models_see_a_second_size_and_the_snapshot_s_shopper(serving: Serving, tmp_path: Path) -> None:
    shop = calls(serving, tmp_path)
    sku = sized(serving)[0]
    other = next(one for one in serving.styles[serving.products[sku].style_id or ""] if one != sku)
    one = shop.answering.basket(BasketRequest(lines=(Line(sku=sku),)), request_id="r")
    both = shop.answering.basket(BasketRequest(lines=(Line(sku=sku), Line(sku=other)), request_id="mine"), request_id="r")
    assert one.lines[0].p_return < both.lines[0].p_return
    assert ("r", "mine", serving.release.seal) == (one.request_id, both.request_id, both.release)
    assert [] == shop.log.decisions
