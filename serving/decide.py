"""Puts the offers in the order of what they are expected to leave in the till, and says why some are left out.

Pure and replayable: no clock, no files, no models, and only the chance that it is handed. The same request, scores, products, policy,
stock prices and draws give the same bytes. Probabilities are rounded before money is computed, so that whoever reads the reply can
recompute every figure in it. All money is per unit, whatever the quantity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.economics import UnitEconomics, unit_economics
from domain.money import half_even
from domain.policy import Objective, Policy
from serving.assortment import UNKNOWN, Product
from serving.ordering import MILLION, Valued, put_in_order
from serving.wire import ExcludedOffer, Fallback, Fit, Money, Offer, RankedOffer, RankRequest, ReturnRange

Floats = npt.NDArray[np.float64]

_DECIMALS = 6
_NO_PRICES: Mapping[str, int] = {}

_DERIVED = ("expected_kept_margin", "break_even_p_return")
_AMOUNTS = tuple(name for name in Money.__struct_fields__ if name not in _DERIVED)
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
    rows = _rows(request, scores, products, policy, currency)
    money = _money(rows, request.country, currency, policy)
    kept = _kept(rows, money)
    shown = [row for row in rows if _left_out(row) is None]
    worths = _worths(shown, policy.ranking.objective, kept, money, stock_prices)
    limit = min(len(shown), request.limit or len(shown))
    temperature = policy.exploration.temperature
    order = put_in_order(
        worths, policy.ranking, seen=limit, temperature=temperature, draws=[draws[row.number] for row in shown] if temperature else ()
    )
    placed = list(zip((shown[number] for number in order.numbers), order.propensities, strict=True))[:limit]
    breakdowns = _breakdowns(money, {row.number: _millionths_of(row.p_order) * kept[row.number] for row, _ in placed})
    return Decision(
        offers=tuple(
            _ranked(row, position, propensity, scores, breakdowns[row.number]) for position, (row, propensity) in enumerate(placed, start=1)
        ),
        excluded=tuple(ExcludedOffer(sku=row.offer.sku, reason=why) for row in rows if (why := _left_out(row))),
        unknown=tuple(row.offer.sku for row in rows if row.product is UNKNOWN),
        cut=len(shown) - len(placed),
        per="order" if rows[0].p_order is None else "view",
        order_bonus=order.bonus,
        fallback="prior" if scores.p_return is None else "new_customer" if scores.new_customer else "none",
    )


@dataclass(frozen=True)
class _Row:
    number: int
    offer: Offer
    product: Product
    price: int | None
    unit_cost: int | None
    p_order: float | None
    p_return: float


def _rows(request: RankRequest, scores: Scores, products: Mapping[str, Product], policy: Policy, currency: str) -> list[_Row]:
    rows = []
    for number, offer in enumerate(request.offers):
        product = products.get(offer.sku, UNKNOWN)
        p_return = policy.economics(product.category).return_rate_prior if scores.p_return is None else float(scores.p_return[number])
        rows.append(
            _Row(
                number,
                offer,
                product,
                price=product.price_in(currency) if offer.price is None else offer.price,
                unit_cost=product.unit_cost_in(currency) if offer.unit_cost is None else offer.unit_cost,
                p_order=_p_order(offer, scores, number),
                p_return=round(p_return, _DECIMALS),
            )
        )
    return rows


def _money(rows: Sequence[_Row], country: str | None, currency: str, policy: Policy) -> UnitEconomics:
    return unit_economics(
        np.array([row.price or 0 for row in rows], dtype="int64"),
        np.array([np.nan if row.unit_cost is None else row.unit_cost for row in rows], dtype="float64"),
        [row.product.category for row in rows],
        country=country,
        currency=currency,
        policy=policy,
    )


def _p_order(offer: Offer, scores: Scores, number: int) -> float | None:
    """The caller's own, or else the order model's."""
    if offer.p_order is not None:
        return round(offer.p_order, _DECIMALS)
    return None if scores.p_order is None else round(float(scores.p_order[number]), _DECIMALS)


def _kept(rows: Sequence[_Row], money: UnitEconomics) -> list[int]:
    """What an order is expected to leave, unrounded: whole millionths of a minor unit, so that no float decides a place."""
    amounts = zip(rows, money.margin_if_kept.tolist(), money.loss_if_returned.tolist(), strict=True)
    return [(MILLION - _millionths(row.p_return)) * margin - _millionths(row.p_return) * loss for row, margin, loss in amounts]


def _worths(
    shown: Sequence[_Row], objective: Objective, kept: Sequence[int], money: UnitEconomics, stock_prices: Mapping[str, int]
) -> list[Valued]:
    """What an order of each offer is worth to the policy: all the same to who ranks by conversion."""
    margins = money.margin_if_kept.tolist()
    prices = _NO_PRICES if objective == "conversion" else stock_prices
    of_an_order: Mapping[Objective, Callable[[int], int]] = {
        "kept_margin": lambda number: kept[number],
        "return_blind_margin": lambda number: margins[number] * MILLION,
        "conversion": lambda _: MILLION,
    }
    worth = of_an_order[objective]
    return [Valued(_millionths_of(row.p_order), worth(row.number) - prices.get(row.offer.sku, 0) * MILLION) for row in shown]


def _millionths(probability: float) -> int:
    return round(probability * MILLION)


def _millionths_of(p_order: float | None) -> int:
    """Without P(order), every offer counts as if it were ordered."""
    return MILLION if p_order is None else _millionths(p_order)


def _left_out(row: _Row) -> _Why | None:
    available = row.product.stock if row.offer.available is None else row.offer.available
    if row.offer.hidden or row.product.hidden:
        return "hidden"
    if available == 0:
        return "out_of_stock"
    return "price_unknown" if row.price is None else None


def _ranked(row: _Row, position: int, propensity: float, scores: Scores, money: Money) -> RankedOffer:
    return RankedOffer(
        sku=row.offer.sku,
        position=position,
        propensity=propensity,
        price=row.price or 0,
        p_order=row.p_order,
        p_return=row.p_return,
        p_return_interval=None if scores.ranges is None else scores.ranges[row.number],
        fit=_fit(scores, row),
        money=money,
        fallback=_fallback(scores, row),
    )


def _fit(scores: Scores, row: _Row) -> Fit | None:
    if scores.fit is None or not row.product.sized:
        return None
    small, fits, large = (round(float(probability), _DECIMALS) for probability in scores.fit[row.number])
    return Fit(small=small, fits=fits, large=large)


def _fallback(scores: Scores, row: _Row) -> Fallback:
    if scores.p_return is None:
        return "prior"
    if scores.known[row.number]:
        return "new_customer" if scores.new_customer else "none"
    return "new_customer_and_offer" if scores.new_customer else "new_offer"


def _breakdowns(money: UnitEconomics, worths: Mapping[int, int]) -> dict[int, Money]:
    """The money of some of the offers, by their number."""
    columns = {name: getattr(money, name).tolist() for name in _AMOUNTS}
    turns = money.break_even.tolist()
    return {
        number: Money(
            **{name: column[number] for name, column in columns.items()},
            expected_kept_margin=half_even(Decimal(worth).scaleb(-2 * _DECIMALS)),
            break_even_p_return=_break_even(turns[number]),
        )
        for number, worth in worths.items()
    }


def _break_even(p_return: float) -> float | None:
    return None if math.isnan(p_return) else min(round(p_return, _DECIMALS), 1.0)
