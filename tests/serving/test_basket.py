"""A basket, assessed: what is expected of it adds up from its lines, and a word is worth the difference of two baskets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace as replace_fields

from serving.assortment import Product, Shelf
from serving.basket import Lines, Source, as_ranking, assess
from serving.facts import StockChanged
from serving.reading import RequestRefused
from serving.sizes import SizeReply
from serving.state import Serving
from serving.wire import BasketLine, Fit, Offer, RankedOffer, RankRequest
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
SOURCE = Source("release", "snapshot", "policy", "EUR")
FITS = {"d-38": 0.5, "d-40": 0.8, "d-40-blue": 0.8, "e-38": 0.6}


class Expects:
    """Says of each sku what `RISK` says, twice that beside another size of its style, and that it leaves 1,000 if kept, and costs 3,000."""

    def __init__(self) -> None:
        self.asked: list[list[list[str]]] = []

    def __call__(self, baskets: Sequence[Lines]) -> Sequence[Sequence[RankedOffer | None]]:
        self.asked.append([[line.sku for line in lines] for lines in baskets])
        return [[self._expected(line, lines) for line in lines] for lines in baskets]

    def _expected(self, line: Line, lines: Lines) -> RankedOffer | None:
        if SHOP.get(line.sku, DRESS).hidden:
            return None
        beside = [other.sku for other in lines if other is not line and other.sku[0] == line.sku[0]]
        p_return = RISK[line.sku] * (2 if beside else 1)
        fit = None if line.sku not in FITS else Fit(small=0.0, fits=FITS[line.sku], large=1 - FITS[line.sku])
        offer = answer(RankRequest(offers=[Offer(sku=line.sku)]), request_id="r", p_order=1.0).offers[0]
        money = _changed(offer.money, expected_kept_margin=round((1 - p_return) * 1000 - p_return * 3000))
        return cast("RankedOffer", _changed(offer, p_return=p_return, fit=fit, money=money))


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
    return assess(BasketRequest(lines=told, **fields), Expects(), advised, products, STYLES, SOURCE, request_id="r")


def test_what_is_expected_of_a_basket_adds_up_from_its_lines_and_counts_every_unit() -> None:
    reply = assessed(Line(sku="d-38", quantity=3), "e-38")
    assert (3 * 0.25 + 0.5, 3 * 0 + (500 - 1500)) == (reply.expected_returns, reply.expected_kept_margin)
    assert [("d-38", 3, 0.25, 0), ("e-38", 1, 0.5, -1000)] == [
        (line.sku, line.quantity, line.p_return, line.money.expected_kept_margin) for line in reply.lines
    ]


def test_the_basket_as_it_is_is_asked_about_and_then_all_others_at_once() -> None:
    expects = Expects()
    lines = (Line(sku="d-38"), Line(sku="d-40-blue"), Line(sku="e-38"))
    reply = assess(BasketRequest(lines=lines), expects, advises("40", 0.9), SHOP, STYLES, SOURCE, request_id="r")
    (as_it_is, others) = expects.asked
    assert [["d-38", "d-40-blue", "e-38"]] == as_it_is
    assert [["d-40-blue", "e-38"], ["d-40", "d-40-blue", "e-38"]] == others
    assert ("r", *astuple(SOURCE)) == (reply.request_id, reply.release, reply.snapshot, reply.policy, reply.currency)


def test_a_line_is_asked_about_as_if_it_were_ordered_and_can_be_had() -> None:
    line = Line(sku="d-38", quantity=2, price=4000, discount=100)
    asked = as_ranking(BasketRequest(lines=(line,), customer_id="ann", country="DE"))
    (offer,) = asked.offers
    assert (1.0, 2, 2, 4000, 100) == (offer.p_order, offer.quantity, offer.available, offer.price, offer.discount)
    assert ("ann", "DE", ()) == (asked.customer_id, asked.country, asked.basket)


def test_what_is_expected_of_a_line_is_what_ranking_it_alone_beside_the_others_says(busy: Serving) -> None:
    one, another = (busy.styles.skus[style_of(busy, sku)] for sku in (sized(busy)[0], sized(busy)[-1]))
    (first, *_), (second, third, *_) = one, another
    skus = [second, third, first, "strange"]
    lines = [Line(sku=sku, quantity=1 + number % 2, price=4000 if number == 2 else None) for number, sku in enumerate(skus)]
    at = busy.snapshot.at.to_pydatetime() + HOUR
    request = as_ranking(BasketRequest(lines=tuple(lines), customer_id="c000003", country="DE", promised_at=at + 24 * HOUR, at=at))
    shelf = {skus[0]: Shelf(price=3000, currency=busy.currencies[0]), "strange": Shelf(price=100, currency=busy.currencies[0])}

    whole, part = busy.expected(request, [request.offers, request.offers[1:]], shelf=shelf)

    for offers, found in ((request.offers, whole), (request.offers[1:], part)):
        for offer, expected in zip(offers, found, strict=True):
            others = tuple(BasketLine(sku=one.sku, quantity=one.quantity, price=one.price) for one in offers if one is not offer)
            alone = busy.rank(replace_fields(request, offers=[offer], basket=others), request_id="r", shelf=shelf)
            assert list(alone.offers) == [expected]
    assert whole[1] != part[0], "the other size of the style is gone"


def test_of_a_line_that_a_rule_leaves_out_nothing_is_expected(serving: Serving) -> None:
    hidden = next(sku for sku, product in serving.products.items() if product.hidden)
    request = as_ranking(BasketRequest(lines=(Line(sku=hidden), Line(sku=sized(serving)[0]), Line(sku="without a price"))))

    ((first, second, third),) = serving.expected(request, [request.offers])

    assert (None, sized(serving)[0], None) == (first, second and second.sku, third)


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


def style_of(serving: Serving, sku: str) -> str:
    return serving.products[sku].style_id or ""


def sized(serving: Serving) -> list[str]:
    return [sku for sku, product in serving.products.items() if product.sized and not product.hidden and product.stock]


def test_the_models_see_a_second_size_and_the_snapshot_s_shopper(serving: Serving, tmp_path: Path) -> None:
    shop = calls(serving, tmp_path)
    sku = sized(serving)[0]
    other = next(one for one in serving.styles.skus[style_of(serving, sku)] if one != sku)
    one = shop.answering.basket(BasketRequest(lines=(Line(sku=sku),)), request_id="r")
    both = shop.answering.basket(BasketRequest(lines=(Line(sku=sku), Line(sku=other)), request_id="mine"), request_id="r")
    assert one.lines[0].p_return < both.lines[0].p_return
    assert ("r", "mine", serving.release.seal) == (one.request_id, both.request_id, both.release)
    assert [] == shop.log.decisions
