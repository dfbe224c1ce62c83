"""What the shop and the models say of offers, and the hard rules that leave some out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from domain.policy import parse_policy
from serving.assortment import Product
from serving.offered import Offered, Scores
from serving.wire import Offer

POLICY = parse_policy((Path(__file__).parents[2] / "config/policy.toml").read_text())
SHIRT = Product("style", "shirt", 4000, 1600, "EUR", sized=True, hidden=False, stock=None)


def told(offers: list[Offer], products: dict[str, Product], p_order: list[float] | None = None) -> Offered:
    n = len(offers)
    scores = Scores(np.full(n, 0.1), None, False, np.full(n, True), None if p_order is None else np.array(p_order))
    return Offered.of(offers, scores, products, POLICY, "EUR")


@pytest.mark.parametrize(
    ("offer", "product", "reason"),
    [
        (Offer(sku="a", hidden=True), SHIRT, "hidden"),
        (Offer(sku="a"), replace(SHIRT, hidden=True), "hidden"),
        (Offer(sku="a", available=0), replace(SHIRT, stock=7), "out_of_stock"),
        (Offer(sku="a"), replace(SHIRT, stock=0), "out_of_stock"),
        (Offer(sku="a"), replace(SHIRT, price=None), "price_unknown"),
        (Offer(sku="a"), replace(SHIRT, currency="GBP"), "price_unknown"),
        (Offer(sku="a", hidden=True, available=0), replace(SHIRT, price=None), "hidden"),
    ],
)
def test_a_hard_rule_leaves_an_offer_out_and_says_why(offer: Offer, product: Product, reason: str) -> None:
    columns = told([Offer(sku="fine"), offer], {"a": product, "fine": SHIRT})

    assert ([None, reason], [0]) == (columns.left_out, columns.shown)


def test_the_requests_stock_overrules_the_snapshots() -> None:
    assert [0] == told([Offer(sku="a", available=1)], {"a": replace(SHIRT, stock=0)}).shown


def test_the_requests_price_and_cost_overrule_the_snapshots() -> None:
    columns = told([Offer(sku="a", price=3000, unit_cost=0), Offer(sku="a"), Offer(sku="x")], {"a": SHIRT})

    assert ([3000, 4000, None], [0, 1600, None]) == (columns.price, columns.unit_cost)


def test_the_callers_p_order_overrules_the_models() -> None:
    products = {"a": SHIRT}

    by = [told([offer], products, p_order) for offer, p_order in [(Offer(sku="a", p_order=0.5), [0.1]), (Offer(sku="a"), [0.1])]]
    nobody = told([Offer(sku="a")], products)

    assert [(0.5, True), (0.1, True), (1.0, False)] == [(one.p_order.values[0], one.per_view) for one in (*by, nobody)]
