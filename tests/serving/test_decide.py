from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.economics import expected_kept_margin
from domain.money import half_even
from domain.policy import OBJECTIVES, Exploration, Objective, Policy, Ranking, parse_policy
from serving.assortment import Product
from serving.decide import Decision, decide
from serving.offered import Scores
from serving.wire import ExcludedOffer, Money, Offer, RankedOffer, RankRequest, ReturnRange

POLICY = parse_policy((Path(__file__).parents[2] / "config/policy.toml").read_text())
SHIRT = Product("style", "shirt", 4000, 1600, "EUR", sized=True, hidden=False, stock=None)


def scored(*p_return: float, new_customer: bool = False) -> Scores:
    return Scores(np.array(p_return), None, new_customer, np.full(len(p_return), True))


def decided(offers: list[Offer], scores: Scores, products: dict[str, Product], limit: int | None = None) -> Decision:
    return decide(RankRequest(offers=offers, limit=limit), scores, products, POLICY, currency="EUR")


def skus(decision: Decision) -> list[str]:
    return [offer.sku for offer in decision.offers]


def test_of_two_equal_offers_the_one_that_comes_back_less_is_first() -> None:
    decision = decided([Offer(sku="a"), Offer(sku="b")], scored(0.5, 0.1), {"a": SHIRT, "b": SHIRT})

    assert ["b", "a"] == skus(decision)
    assert [1, 2] == [offer.position for offer in decision.offers]


def test_equal_offers_keep_the_order_of_the_request() -> None:
    decision = decided([Offer(sku=sku) for sku in "cab"], scored(0.3, 0.3, 0.3), dict.fromkeys("abc", SHIRT))

    assert ["c", "a", "b"] == skus(decision)


def test_the_callers_p_order_makes_values_per_view() -> None:
    offers = [Offer(sku="a", p_order=0.01), Offer(sku="b", p_order=0.02)]

    decision = decided(offers, scored(0.1, 0.2), {"a": SHIRT, "b": SHIRT})

    assert "view" == decision.per
    assert ["b", "a"] == skus(decision)


def test_every_offer_keeps_its_own_interval() -> None:
    ranges = [ReturnRange(low=low, high=1.0, segment="customer:new item:known risk:low", fallback_level="none") for low in (0.1, 0.2, 0.3)]
    scores = replace(scored(0.5, 0.4, 0.1), ranges=ranges)

    offers = decided([Offer(sku="a", hidden=True), Offer(sku="b"), Offer(sku="c")], scores, dict.fromkeys("abc", SHIRT)).offers

    assert [("c", ranges[2]), ("b", ranges[1])] == [(offer.sku, offer.p_return_interval) for offer in offers]
    assert [None] == [offer.p_return_interval for offer in decided([Offer(sku="a")], scored(0.5), {"a": SHIRT}).offers]


def test_without_p_order_values_are_per_order() -> None:
    assert "order" == decided([Offer(sku="a")], scored(0.1), {"a": SHIRT}).per


def test_the_order_models_p_order_stands_in_for_the_callers() -> None:
    scores = replace(scored(0.1, 0.1), p_order=np.array([0.01, 0.02]))
    told = [Offer(sku="a", p_order=0.5), Offer(sku="b", p_order=0.25)]

    assert [0.02, 0.01] == [offer.p_order for offer in decided([Offer(sku="a"), Offer(sku="b")], scores, {"a": SHIRT, "b": SHIRT}).offers]
    assert [0.5, 0.25] == [offer.p_order for offer in decided(told, scores, {"a": SHIRT, "b": SHIRT}).offers]


def ruled(objective: Objective, share: float = 1.0, temperature: float = 0.0) -> Policy:
    return replace(POLICY, ranking=Ranking(objective, share, 1.0), exploration=Exploration(temperature))


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("conversion", ["often", "dear", "sure"]),
        ("return_blind_margin", ["dear", "often", "sure"]),
        ("kept_margin", ["sure", "often", "dear"]),
    ],
)
def test_the_objective_says_what_an_order_is_worth(objective: Objective, expected: list[str]) -> None:
    offers = [
        Offer(sku="often", p_order=0.30),
        Offer(sku="dear", p_order=0.20, price=9000, unit_cost=3000),
        Offer(sku="sure", p_order=0.19),
    ]
    scores, products = scored(0.45, 0.7, 0.0), dict.fromkeys(["often", "dear", "sure"], SHIRT)

    decision = decide(RankRequest(offers=offers), scores, products, ruled(objective), currency="EUR")

    assert expected == skus(decision)


def test_the_guard_rail_gives_up_no_more_orders_than_it_may() -> None:
    rng = np.random.default_rng(0)
    offers = [Offer(sku=f"s{row}", p_order=float(p)) for row, p in enumerate(rng.uniform(0.01, 0.2, 40))]
    scores, products = scored(*rng.uniform(0, 1, 40)), {f"s{row}": SHIRT for row in range(40)}

    def expected(share: float, objective: Objective = "kept_margin") -> tuple[float, int, int]:
        decision = decide(RankRequest(offers=offers, limit=10), scores, products, ruled(objective, share), currency="EUR")
        return (
            round(sum(offer.p_order or 0 for offer in decision.offers), 9),
            decision.order_bonus,
            sum(o.money.expected_kept_margin for o in decision.offers),
        )

    most, _, least_money = expected(1.0, "conversion")
    free, tight, shut = expected(1.0), expected(0.05), expected(0.0)
    assert 0 == free[1] < tight[1] < shut[1]
    assert free[0] < 0.95 * most <= tight[0] < shut[0] == most
    assert least_money == shut[2] < tight[2] < free[2]


def test_the_price_of_the_last_unit_is_taken_off() -> None:
    offers, scores, products = [Offer(sku="a", p_order=0.1), Offer(sku="b", p_order=0.1)], scored(0.1, 0.2), {"a": SHIRT, "b": SHIRT}

    decision = decide(RankRequest(offers=offers), scores, products, ruled("kept_margin"), currency="EUR", stock_prices={"a": 2000})

    assert ["b", "a"] == skus(decision)


def test_nobody_is_refused_an_offer_for_returning_much() -> None:
    offers, products = [Offer(sku=f"s{row}", p_order=0.1) for row in range(5)], {f"s{row}": SHIRT for row in range(5)}
    for objective in OBJECTIVES:
        for p_return in (0.0, 0.5, 1.0):
            decision = decide(RankRequest(offers=offers), scored(*[p_return] * 5), products, ruled(objective), currency="EUR")
            assert 5 == len(decision.offers)


def test_chance_follows_its_propensities() -> None:
    offers = [Offer(sku=f"s{row}", p_order=p) for row, p in enumerate((0.10, 0.11, 0.12))]
    scores, products, policy = scored(0.2, 0.2, 0.2), {f"s{row}": SHIRT for row in range(3)}, ruled("conversion", temperature=0.2)
    rng, tops, told = np.random.default_rng(0), [], {}
    for _ in range(4000):
        decision = decide(RankRequest(offers=offers), scores, products, policy, currency="EUR", draws=rng.random(3).tolist())
        tops.append(decision.offers[0].sku)
        told[decision.offers[0].sku] = decision.offers[0].propensity

    shares = {sku: tops.count(sku) / len(tops) for sku in told}
    assert shares == pytest.approx(told, abs=0.025)
    assert (3, 1.0) == (len(told), decision.offers[-1].propensity)


def test_an_unknown_sku_is_ranked_at_the_price_it_came_with_and_named() -> None:
    decision = decided([Offer(sku="x", price=4000), Offer(sku="y")], scored(0.1, 0.1), {})

    assert ["x"] == skus(decision)
    assert ("x", "y") == decision.unknown
    assert (ExcludedOffer(sku="y", reason="price_unknown"),) == decision.excluded
    assert decision.offers[0].money.unit_cost_assumed


@pytest.mark.parametrize(
    ("new_customer", "known", "code"),
    [(False, True, "none"), (True, True, "new_customer"), (False, False, "new_offer"), (True, False, "new_customer_and_offer")],
)
def test_each_offer_says_what_its_score_had_to_do_without(new_customer: bool, known: bool, code: str) -> None:
    scores = Scores(np.array([0.1]), None, new_customer, np.array([known]))

    decision = decided([Offer(sku="a")], scores, {"a": SHIRT})

    assert code == decision.offers[0].fallback
    assert ("new_customer" if new_customer else "none") == decision.fallback


def test_without_a_return_model_the_policys_prior_stands_in() -> None:
    scores = Scores(None, None, False, np.array([True]))

    decision = decided([Offer(sku="a")], scores, {"a": SHIRT})

    assert ("prior", "prior", 0.38) == (decision.fallback, decision.offers[0].fallback, decision.offers[0].p_return)


def test_fit_is_told_only_for_skus_with_a_size() -> None:
    scores = Scores(np.array([0.1, 0.1]), np.array([[0.2, 0.7, 0.1]] * 2), False, np.array([True, True]))

    decision = decided([Offer(sku="a"), Offer(sku="bag")], scores, {"a": SHIRT, "bag": replace(SHIRT, sized=False)})

    fit = {offer.sku: offer.fit for offer in decision.offers}
    assert fit["bag"] is None
    assert fit["a"] is not None
    assert (0.2, 0.7, 0.1) == msgspec.structs.astuple(fit["a"])


shares = st.floats(0, 1)
prices = st.one_of(st.none(), st.integers(0, 10**6), st.integers(0, 10**12))


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Offer], Scores, dict[str, Product], int | None]:
    size = draw(st.integers(1, 6))
    orders = draw(st.one_of(st.just([None] * size), st.lists(shares, min_size=size, max_size=size)))
    offers = [
        Offer(
            sku=f"s{row}",
            price=draw(prices),
            unit_cost=draw(prices),
            p_order=orders[row],
            available=draw(st.sampled_from([None, 0, 5])),
            hidden=draw(st.booleans()) and draw(st.booleans()),
        )
        for row in range(size)
    ]
    products = {
        offer.sku: replace(SHIRT, price=draw(prices), stock=draw(st.sampled_from([None, 0, 3]))) for offer in offers if draw(st.booleans())
    }
    returned = np.array(draw(st.lists(shares, min_size=size, max_size=size)))
    return offers, Scores(returned, None, draw(st.booleans()), np.full(size, True)), products, draw(st.sampled_from([None, 1, 3]))


def p_order(offer: RankedOffer) -> Decimal:
    return Decimal(repr(1.0 if offer.p_order is None else offer.p_order))


def recomputed(offer: RankedOffer) -> Decimal:
    p_return = Decimal(repr(offer.p_return))
    return p_order(offer) * ((1 - p_return) * offer.money.margin_if_kept - p_return * offer.money.loss_if_returned)


def adds_up(money: Money) -> bool:
    margin = money.price_net - money.unit_cost - money.outbound_shipping - money.payment_fee
    loss = money.outbound_shipping + money.payment_fee_kept + money.return_handling + money.resale_loss - money.return_fee
    return (margin, loss) == (money.margin_if_kept, money.loss_if_returned)


@settings(deadline=None)
@given(cases())
def test_whoever_reads_the_reply_can_recompute_every_figure(case: tuple[list[Offer], Scores, dict[str, Product], int | None]) -> None:
    decision = decided(*case)

    assert all(adds_up(offer.money) for offer in decision.offers)
    assert [half_even(recomputed(offer)) for offer in decision.offers] == [offer.money.expected_kept_margin for offer in decision.offers]
    scores = [recomputed(offer) + p_order(offer) * decision.order_bonus for offer in decision.offers]
    assert scores == sorted(scores, reverse=True)


@settings(deadline=None)
@given(cases())
def test_every_offer_is_ranked_excluded_or_cut(case: tuple[list[Offer], Scores, dict[str, Product], int | None]) -> None:
    offers, _, products, limit = case
    decision = decided(*case)

    assert len(offers) == len(decision.offers) + len(decision.excluded) + decision.cut
    assert {offer.sku for offer in offers} - products.keys() == set(decision.unknown)
    assert limit is None or len(decision.offers) <= limit


@settings(deadline=None)
@given(cases())
def test_the_same_inputs_give_the_same_bytes(case: tuple[list[Offer], Scores, dict[str, Product], int | None]) -> None:
    assert msgspec.json.encode(decided(*case)) == msgspec.json.encode(decided(*case))


@settings(deadline=None)
@given(price=st.integers(0, 10**6), cost=st.integers(0, 10**6), p_order=shares, one=shares, other=shares)
def test_a_higher_return_risk_never_raises_the_value(price: int, cost: int, p_order: float, one: float, other: float) -> None:
    offers = [Offer(sku="a", price=price, unit_cost=cost, p_order=p_order)]
    low, high = (decided(offers, scored(risk), {}).offers[0].money for risk in sorted([one, other]))
    if low.margin_if_kept + low.loss_if_returned >= 0:
        assert high.expected_kept_margin <= low.expected_kept_margin


@settings(deadline=None)
@given(price=st.integers(0, 10**6), p_order=shares, p_return=shares)
def test_the_exact_value_is_the_domains_formula(price: int, p_order: float, p_return: float) -> None:
    offer = decided([Offer(sku="a", price=price, p_order=p_order)], scored(p_return), {}).offers[0]

    arrays = [np.array([value]) for value in (offer.p_order, offer.p_return, offer.money.margin_if_kept, offer.money.loss_if_returned)]
    assert expected_kept_margin(*arrays)[0] == pytest.approx(float(recomputed(offer)), rel=1e-9, abs=1e-6)
