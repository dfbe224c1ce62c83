"""Puts the offers in the order of what they are expected to leave in the till, and says why some are left out.

Pure and replayable: no clock, no files, no randomness, no models. The same request, scores, products and policy give the same
bytes. Probabilities are rounded before money is computed, so that whoever reads the reply can recompute every figure in it.
All money is per unit, whatever the quantity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.economics import UnitEconomics, unit_economics
from domain.money import half_even
from domain.policy import Policy
from serving.assortment import UNKNOWN, Product
from serving.wire import ExcludedOffer, Fallback, Fit, Money, Offer, RankedOffer, RankRequest

Floats = npt.NDArray[np.float64]

_DECIMALS = 6
_MILLION: int = 10**_DECIMALS

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
    """

    p_return: Floats | None
    fit: Floats | None
    new_customer: bool
    known: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """What becomes of a request's offers: each is ranked, excluded or cut by the limit.

    Attributes:
        offers: the best first.
        excluded: offers that a hard rule leaves out, in the order of the request.
        unknown: skus that are not in the assortment.
        cut: how many ranked offers the limit left out.
        per: "view" when the caller gave P(order), else "order".
        fallback: what every score had to do without.
    """

    offers: tuple[RankedOffer, ...]
    excluded: tuple[ExcludedOffer, ...]
    unknown: tuple[str, ...]
    cut: int
    per: Literal["view", "order"]
    fallback: Fallback


def decide(request: RankRequest, scores: Scores, products: Mapping[str, Product], policy: Policy, *, currency: str) -> Decision:
    """Rank a request's offers by expected kept margin.

    Args:
        request: what was asked.
        scores: what the models say.
        products: the assortment by sku.
        policy: business settings.
        currency: ISO 4217 code of the request's amounts; prices and costs of products in another one count as unknown.

    Raises:
        PolicyRefused: the policy has no exchange rate for the currency.
    """
    rows = _rows(request, scores, products, policy, currency)
    money = _money(rows, request.country, currency, policy)
    worths = _worths(rows, money)
    ranked = sorted((row for row in rows if _left_out(row) is None), key=lambda row: -worths[row.number])
    shown = ranked[: request.limit]
    breakdowns = _breakdowns(money, worths)
    return Decision(
        offers=tuple(_ranked(row, position, scores, breakdowns[row.number]) for position, row in enumerate(shown, start=1)),
        excluded=tuple(ExcludedOffer(sku=row.offer.sku, reason=why) for row in rows if (why := _left_out(row))),
        unknown=tuple(row.offer.sku for row in rows if row.product is UNKNOWN),
        cut=len(ranked) - len(shown),
        per="order" if rows[0].p_order is None else "view",
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
                p_order=None if offer.p_order is None else round(offer.p_order, _DECIMALS),
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


def _worths(rows: Sequence[_Row], money: UnitEconomics) -> list[int]:
    """Expected kept margin, unrounded: whole millionths of millionths of a minor unit, so that no float decides a place."""
    worths = []
    for row, margin, loss in zip(rows, money.margin_if_kept.tolist(), money.loss_if_returned.tolist(), strict=True):
        p_order, p_return = _millionths(1.0 if row.p_order is None else row.p_order), _millionths(row.p_return)
        worths.append(p_order * ((_MILLION - p_return) * margin - p_return * loss))
    return worths


def _millionths(probability: float) -> int:
    return round(probability * _MILLION)


def _left_out(row: _Row) -> _Why | None:
    available = row.product.stock if row.offer.available is None else row.offer.available
    if row.offer.hidden or row.product.hidden:
        return "hidden"
    if available == 0:
        return "out_of_stock"
    return "price_unknown" if row.price is None else None


def _ranked(row: _Row, position: int, scores: Scores, money: Money) -> RankedOffer:
    return RankedOffer(
        sku=row.offer.sku,
        position=position,
        price=row.price or 0,
        p_order=row.p_order,
        p_return=row.p_return,
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


def _breakdowns(money: UnitEconomics, worths: Sequence[int]) -> list[Money]:
    columns = {name: getattr(money, name).tolist() for name in _AMOUNTS}
    columns["expected_kept_margin"] = [half_even(Decimal(worth).scaleb(-2 * _DECIMALS)) for worth in worths]
    columns["break_even_p_return"] = [_break_even(p_return) for p_return in money.break_even.tolist()]
    return [Money(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _break_even(p_return: float) -> float | None:
    return None if math.isnan(p_return) else min(round(p_return, _DECIMALS), 1.0)
