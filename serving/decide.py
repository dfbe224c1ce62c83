"""Puts the offers in the order of what they are expected to leave in the till, and says why some are left out.

Pure and replayable: no clock, no files, no models, and only the chance that it is handed. The same request, scores, products, policy,
stock prices and draws give the same bytes. Probabilities are rounded before money is computed, so that whoever reads the reply can
recompute every figure in it. All money is per unit, whatever the quantity.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import Literal

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from domain.economics import UnitEconomics, unit_economics
from domain.policy import Objective, Policy
from serving.assortment import UNKNOWN, Product
from serving.breakdown import breakdowns
from serving.ordering import Order, Valued, put_in_order
from serving.rounding import MILLION, Rounded, rounded
from serving.wire import ExcludedOffer, Fallback, Fit, Offer, RankedOffer, RankRequest, ReturnRange

Floats = npt.NDArray[np.float64]

_NO_PRICES: Mapping[str, int] = {}

_Why = Literal["hidden", "out_of_stock", "price_unknown"]


@dataclass(frozen=True, eq=False)
class Scores:
    """What the models say of each offer, in the order of the request.

    Attributes:
        p_return: P(return | ordered); None when the release has no return model.
        fit: P(small), P(fits), P(large) (offers, 3); None when the release has no fit model.
        new_customer: whether the shopper has no history.
        known: which offers have been ordered before.
        p_order: P(order | shown, position removed), for requests that bring none; None when the release has no order model.
        ranges: how far P(return) may stray; None when the release has no return model.
    """

    p_return: Floats | None
    fit: Floats | None
    new_customer: bool
    known: npt.NDArray[np.bool_]
    p_order: Floats | None = None
    ranges: Sequence[ReturnRange] | None = None


@dataclass(frozen=True)
class Decision:
    """What becomes of a request's offers: each is ranked, excluded or cut by the limit.

    Attributes:
        offers: the best first.
        excluded: offers that a hard rule leaves out, in the order of the request.
        unknown: skus that are not in the assortment.
        cut: how many ranked offers the limit left out.
        per: "view" when P(order) is known, from the caller or the order model, else "order".
        order_bonus: minor units that were added to the worth of every order, to keep the guard-rail.
        fallback: what every score had to do without.
    """

    offers: tuple[RankedOffer, ...]
    excluded: tuple[ExcludedOffer, ...]
    unknown: tuple[str, ...]
    cut: int
    per: Literal["view", "order"]
    order_bonus: int
    fallback: Fallback


def decide(
    request: RankRequest,
    scores: Scores,
    products: Mapping[str, Product],
    policy: Policy,
    *,
    currency: str,
    stock_prices: Mapping[str, int] = _NO_PRICES,
    draws: Sequence[float] = (),
) -> Decision:
    """Rank a request's offers by what the policy's objective says an order is worth.

    Args:
        request: what was asked.
        scores: what the models say.
        products: the assortment by sku.
        policy: business settings.
        currency: ISO 4217 code of the request's amounts; prices and costs of products in another one count as unknown.
        stock_prices: what the last units of scarce skus are worth to the next customers, minor units (see `serving.stock_prices`).
        draws: uniform on [0, 1), one per offer of the request; needed where the policy explores.

    Raises:
        PolicyRefused: the policy has no exchange rate for the currency.
    """
    offered = _offered(request.offers, scores, products, policy, currency)
    money = _money(offered, request.country, currency, policy)
    kept = _kept(offered, money)
    shown = [number for number, why in enumerate(offered.left_out) if why is None]
    worths = _worths(offered, policy.ranking.objective, kept, money, stock_prices)
    valued = Valued([offered.p_order.millionths[number] for number in shown], [worths[number] for number in shown])
    limit = min(len(shown), request.limit or len(shown))
    temperature = policy.exploration.temperature
    chances = [draws[number] for number in shown] if temperature else ()
    order = put_in_order(valued, policy.ranking, seen=limit, temperature=temperature, draws=chances)
    placed = [shown[number] for number in order.numbers[:limit]]
    return _decision(offered, scores, money, kept, placed, order)


def as_asked(request: RankRequest, products: Mapping[str, Product], policy: Policy, fallback: Fallback, *, currency: str) -> Decision:
    """The offers in the caller's own order, with the money at the policy's prior return rates: for when there is no time to rank.

    Args:
        request: what was asked.
        products: the assortment by sku.
        policy: business settings.
        fallback: why they are not ranked; every offer says it.
        currency: as in `decide`.
    """
    unknown = Scores(None, None, True, np.zeros(len(request.offers), dtype=bool))
    offered = _offered(request.offers, unknown, products, policy, currency)
    money = _money(offered, request.country, currency, policy)
    shown = [number for number, why in enumerate(offered.left_out) if why is None]
    order = Order(tuple(range(len(shown))), (1.0,) * len(shown), 0)
    decision = _decision(offered, unknown, money, _kept(offered, money), shown[: request.limit], order)
    offers = tuple(replace(offer, fallback=fallback) for offer in decision.offers)
    return dataclasses.replace(decision, offers=offers, fallback=fallback)


def expected(
    offers: Sequence[Offer], scores: Scores, products: Mapping[str, Product], policy: Policy, *, country: str | None, currency: str
) -> list[RankedOffer | None]:
    """What is expected of each offer, in the order given and none above another; None of one that a hard rule leaves out.

    Args:
        offers: what is asked about; a sku may come more than once.
        scores: what the models say of each.
        products: the assortment by sku.
        policy: business settings.
        country: market.
        currency: as in `decide`.
    """
    offered = _offered(offers, scores, products, policy, currency)
    money = _money(offered, country, currency, policy)
    shown = [number for number, why in enumerate(offered.left_out) if why is None]
    told = _ranked(offered, scores, money, _kept(offered, money), shown, repeat(1), repeat(1.0))
    found: list[RankedOffer | None] = [None] * len(offers)
    for number, offer in zip(shown, told, strict=True):
        found[number] = offer
    return found


@dataclass(frozen=True, eq=False)
class _Offered:
    """The offers of a request in columns: what the shop and the models say of each."""

    offers: Sequence[Offer]
    products: Sequence[Product]
    price: Sequence[int | None]
    unit_cost: Sequence[int | None]
    p_order: Rounded
    per_view: bool
    p_return: Rounded
    left_out: Sequence[_Why | None]


def _offered(offers: Sequence[Offer], scores: Scores, products: Mapping[str, Product], policy: Policy, currency: str) -> _Offered:
    known = [products.get(offer.sku, UNKNOWN) for offer in offers]
    both = list(zip(offers, known, strict=True))
    price = [product.price_in(currency) if offer.price is None else offer.price for offer, product in both]
    p_order = _p_order(offers, scores)
    return _Offered(
        offers,
        known,
        price,
        [product.unit_cost_in(currency) if offer.unit_cost is None else offer.unit_cost for offer, product in both],
        rounded(np.ones(len(offers)) if p_order is None else p_order),
        p_order is not None,
        rounded(_priors(known, policy) if scores.p_return is None else scores.p_return),
        [_left_out(offer, product, usual) for (offer, product), usual in zip(both, price, strict=True)],
    )


def _priors(products: Sequence[Product], policy: Policy) -> Floats:
    prior = {category: policy.economics(category).return_rate_prior for category in {product.category for product in products}}
    return np.array([prior[product.category] for product in products], dtype="float64")


def _p_order(offers: Sequence[Offer], scores: Scores) -> Floats | None:
    """The caller's own, or else the order model's; None where every offer counts as if it were ordered."""
    if offers[0].p_order is not None:
        return np.array([offer.p_order for offer in offers], dtype="float64")
    return scores.p_order


def _money(offered: _Offered, country: str | None, currency: str, policy: Policy) -> UnitEconomics:
    return unit_economics(
        np.array([price or 0 for price in offered.price], dtype="int64"),
        np.array([np.nan if cost is None else cost for cost in offered.unit_cost], dtype="float64"),
        [product.category for product in offered.products],
        country=country,
        currency=currency,
        policy=policy,
    )


def _kept(offered: _Offered, money: UnitEconomics) -> list[int]:
    """What an order is expected to leave, unrounded: whole millionths of a minor unit, so that no float decides a place."""
    amounts = zip(offered.p_return.millionths, money.margin_if_kept.tolist(), money.loss_if_returned.tolist(), strict=True)
    return [(MILLION - p_return) * margin - p_return * loss for p_return, margin, loss in amounts]


def _worths(
    offered: _Offered, objective: Objective, kept: Sequence[int], money: UnitEconomics, stock_prices: Mapping[str, int]
) -> Sequence[int]:
    """What an order of each offer is worth to the policy: all the same to who ranks by conversion."""
    if objective == "conversion":
        return [MILLION] * len(kept)
    worths = kept if objective == "kept_margin" else [margin * MILLION for margin in money.margin_if_kept.tolist()]
    if not stock_prices:
        return worths
    return [worth - stock_prices.get(offer.sku, 0) * MILLION for worth, offer in zip(worths, offered.offers, strict=True)]


def _left_out(offer: Offer, product: Product, price: int | None) -> _Why | None:
    if offer.hidden or product.hidden:
        return "hidden"
    if (product.stock if offer.available is None else offer.available) == 0:
        return "out_of_stock"
    return "price_unknown" if price is None else None


def _decision(
    offered: _Offered, scores: Scores, money: UnitEconomics, kept: Sequence[int], placed: Sequence[int], order: Order
) -> Decision:
    """What becomes of the offers.

    Args:
        offered: all of them.
        scores: what the models say of them.
        money: of each.
        kept: what an order of each is expected to leave, millionths of a minor unit.
        placed: numbers of those that are returned, the best first.
        order: the ranking that they come from.
    """
    why = zip(offered.offers, offered.left_out, strict=True)
    return Decision(
        offers=tuple(_ranked(offered, scores, money, kept, placed, count(1), order.propensities)),
        excluded=tuple(ExcludedOffer(sku=offer.sku, reason=reason) for offer, reason in why if reason is not None),
        unknown=tuple(offer.sku for offer, product in zip(offered.offers, offered.products, strict=True) if not product.known),
        cut=len(order.numbers) - len(placed),
        per="view" if offered.per_view else "order",
        order_bonus=order.bonus,
        fallback="prior" if scores.p_return is None else "new_customer" if scores.new_customer else "none",
    )


def _ranked(
    offered: _Offered,
    scores: Scores,
    money: UnitEconomics,
    kept: Sequence[int],
    placed: Sequence[int],
    positions: Iterable[int],
    propensities: Iterable[float],
) -> Iterator[RankedOffer]:
    """The placed offers, made of columns in the order of `RankedOffer`'s fields."""
    numbers = np.array(placed, dtype="int64")
    nothing = repeat(None)
    return map(
        RankedOffer,
        [offered.offers[number].sku for number in placed],
        positions,
        propensities,
        [offered.price[number] or 0 for number in placed],
        map(offered.p_order.values.__getitem__, placed) if offered.per_view else nothing,
        map(offered.p_return.values.__getitem__, placed),
        nothing if scores.ranges is None else map(scores.ranges.__getitem__, placed),
        nothing if scores.fit is None else _fits(offered, scores.fit[numbers], placed),
        breakdowns(money, [offered.p_order.millionths[number] * kept[number] for number in placed], numbers),
        [_fallback(scores, known) for known in scores.known[numbers].tolist()],
    )


def _fits(offered: _Offered, p: Floats, placed: Sequence[int]) -> Iterator[Fit | None]:
    told = rounded(p.ravel()).values
    fits = map(Fit, told[::3], told[1::3], told[2::3])
    return (fit if offered.products[number].sized else None for number, fit in zip(placed, fits, strict=True))


def _fallback(scores: Scores, known: bool) -> Fallback:
    if scores.p_return is None:
        return "prior"
    if known:
        return "new_customer" if scores.new_customer else "none"
    return "new_customer_and_offer" if scores.new_customer else "new_offer"
