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
from serving.assortment import Product
from serving.breakdown import breakdowns
from serving.offered import Offered, Scores
from serving.ordering import Order, Valued, put_in_order
from serving.rounding import MILLION, rounded
from serving.wire import ExcludedOffer, Fallback, Fit, Offer, RankedOffer, RankRequest

Floats = npt.NDArray[np.float64]

_NO_PRICES: Mapping[str, int] = {}


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
    offered = Offered.of(request.offers, scores, products, policy, currency)
    money = _money(offered, request.country, currency, policy)
    kept = _kept(offered, money)
    shown = offered.shown
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
    offered = Offered.of(request.offers, unknown, products, policy, currency)
    money = _money(offered, request.country, currency, policy)
    shown = offered.shown
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
    offered = Offered.of(offers, scores, products, policy, currency)
    money = _money(offered, country, currency, policy)
    shown = offered.shown
    told = _ranked(offered, scores, money, _kept(offered, money), shown, repeat(1), repeat(1.0))
    found: list[RankedOffer | None] = [None] * len(offers)
    for number, offer in zip(shown, told, strict=True):
        found[number] = offer
    return found


def _money(offered: Offered, country: str | None, currency: str, policy: Policy) -> UnitEconomics:
    return unit_economics(
        np.array([price or 0 for price in offered.price], dtype="int64"),
        np.array([np.nan if cost is None else cost for cost in offered.unit_cost], dtype="float64"),
        [product.category for product in offered.products],
        country=country,
        currency=currency,
        policy=policy,
    )


def _kept(offered: Offered, money: UnitEconomics) -> list[int]:
    """What an order is expected to leave, unrounded: whole millionths of a minor unit, so that no float decides a place."""
    amounts = zip(offered.p_return.millionths, money.margin_if_kept.tolist(), money.loss_if_returned.tolist(), strict=True)
    return [(MILLION - p_return) * margin - p_return * loss for p_return, margin, loss in amounts]


def _worths(
    offered: Offered, objective: Objective, kept: Sequence[int], money: UnitEconomics, stock_prices: Mapping[str, int]
) -> Sequence[int]:
    """What an order of each offer is worth to the policy: all the same to who ranks by conversion."""
    if objective == "conversion":
        return [MILLION] * len(kept)
    worths = kept if objective == "kept_margin" else [margin * MILLION for margin in money.margin_if_kept.tolist()]
    if not stock_prices:
        return worths
    return [worth - stock_prices.get(offer.sku, 0) * MILLION for worth, offer in zip(worths, offered.offers, strict=True)]


def _decision(offered: Offered, scores: Scores, money: UnitEconomics, kept: Sequence[int], placed: Sequence[int], order: Order) -> Decision:
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
    offered: Offered,
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


def _fits(offered: Offered, p: Floats, placed: Sequence[int]) -> Iterator[Fit | None]:
    told = rounded(p.ravel()).values
    fits = map(Fit, told[::3], told[1::3], told[2::3])
    return (fit if offered.products[number].sized else None for number, fit in zip(placed, fits, strict=True))


def _fallback(scores: Scores, known: bool) -> Fallback:
    if scores.p_return is None:
        return "prior"
    if known:
        return "new_customer" if scores.new_customer else "none"
    return "new_customer_and_offer" if scores.new_customer else "new_offer"
