"""What is left in the till when a unit is kept, and what is lost when it comes back.

    M = price_net - unit_cost - outbound_shipping - payment_fee
    L = outbound_shipping + payment_fee_kept + return_handling + resale_loss - return_fee
    expected kept margin = P(order) * [(1 - P(return)) * M - P(return) * L]
    break-even P(return) = M / (M + L)

Every part is rounded to whole minor units on its own, so that M and L add up to the cent; the expectation is rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from domain.errors import PolicyRefused
from domain.money import exponent
from domain.policy import Policy
from domain.presets import Economics
from domain.tables import MAX_AMOUNT as MAX_AMOUNT

Amounts = npt.NDArray[np.int64]
"""Whole minor units of one currency, one entry per offer."""

_SHARES = ("payment_fee_share", "payment_fee_kept_share", "unit_cost_share", "return_cost_share", "resale_loss_share")
_EUR_CENTS = ("outbound_shipping_eur_cents", "return_handling_eur_cents", "return_fee_eur_cents")
_PARTS = 10**6
"""Shares are applied as whole millionths, so that no float decides a cent."""


@dataclass(frozen=True)
class UnitEconomics:
    """The money of one unit of each offer, without VAT, in minor units of `currency`.

    Attributes:
        currency: ISO 4217 code.
        price_net: price without VAT.
        unit_cost: what the unit costs the shop.
        unit_cost_assumed: true where the cost is unknown and the policy's share of the net price stands in.
        outbound_shipping: sending it.
        payment_fee: the payment provider's fee.
        payment_fee_kept: the part of it that is not refunded on a return.
        return_handling: bringing it back and inspecting it.
        resale_loss: what a returned unit loses of its net price.
        return_fee: what the customer pays for the return.
    """

    currency: str
    price_net: Amounts
    unit_cost: Amounts
    unit_cost_assumed: npt.NDArray[np.bool_]
    outbound_shipping: Amounts
    payment_fee: Amounts
    payment_fee_kept: Amounts
    return_handling: Amounts
    resale_loss: Amounts
    return_fee: Amounts

    @cached_property
    def margin_if_kept(self) -> Amounts:
        """M."""
        return self.price_net - self.unit_cost - self.outbound_shipping - self.payment_fee

    @cached_property
    def loss_if_returned(self) -> Amounts:
        """L; positive is a loss."""
        return self.outbound_shipping + self.payment_fee_kept + self.return_handling + self.resale_loss - self.return_fee

    @cached_property
    def break_even(self) -> npt.NDArray[np.float64]:
        """The P(return) above which an order is expected to lose money; NaN where no return rate turns the sign."""
        margin, loss = self.margin_if_kept.astype("float64"), self.loss_if_returned.astype("float64")
        at_stake = margin + loss
        turns = (margin >= 0) & (loss >= 0) & (at_stake > 0)
        result: npt.NDArray[np.float64] = np.divide(margin, at_stake, out=np.full(margin.shape, np.nan), where=turns)
        return result


def unit_economics(
    price: Amounts,
    unit_cost: npt.NDArray[np.float64],
    categories: Sequence[str | None],
    *,
    country: str | None,
    currency: str,
    policy: Policy,
) -> UnitEconomics:
    """The money of one unit of each offer.

    Args:
        price: price including VAT, minor units, at most `MAX_AMOUNT`.
        unit_cost: cost per unit, minor units; NaN where unknown.
        categories: category of each offer; None takes the policy's default.
        country: market, for VAT.
        currency: ISO 4217 code of all amounts; the policy must know its exchange rate.
        policy: business settings.

    Raises:
        PolicyRefused: the policy has no exchange rate for the currency.
    """
    if currency not in policy.exchange:
        known = ", ".join(sorted(policy.exchange))
        raise PolicyRefused(f"no exchange rate for {currency}", expected=f"one of: {known}", advice="add it to [exchange] in the policy")
    costs = _Costs.of(categories, currency, policy)
    price_net = divide_half_even(price * _PARTS, _PARTS + _parts(policy.vat_rate(country)))
    assumed = np.isnan(unit_cost)
    known_cost = np.where(assumed, 0.0, unit_cost).astype("int64")
    fee = _share(price, costs["payment_fee_share"])
    return UnitEconomics(
        currency=currency,
        price_net=price_net,
        unit_cost=np.where(assumed, _share(price_net, costs["unit_cost_share"]), known_cost),
        unit_cost_assumed=assumed,
        outbound_shipping=costs["outbound_shipping_eur_cents"],
        payment_fee=fee,
        payment_fee_kept=_share(fee, costs["payment_fee_kept_share"]),
        return_handling=costs["return_handling_eur_cents"] + _share(price_net, costs["return_cost_share"]),
        resale_loss=_share(price_net, costs["resale_loss_share"]),
        return_fee=costs["return_fee_eur_cents"],
    )


def expected_kept_margin(
    p_order: npt.NDArray[np.float64], p_return: npt.NDArray[np.float64], margin_if_kept: Amounts, loss_if_returned: Amounts
) -> npt.NDArray[np.float64]:
    """P(order) * [(1 - P(return)) * M - P(return) * L], unrounded, in minor units.

    >>> expected_kept_margin(np.array([1.0]), np.array([0.25]), np.array([1000]), np.array([600])).tolist()
    [600.0]
    """
    return p_order * ((1.0 - p_return) * margin_if_kept - p_return * loss_if_returned)


def divide_half_even(numerator: Amounts, denominator: int) -> Amounts:
    """Whole-number division rounded half-even, exactly.

    >>> divide_half_even(np.array([5, 15, 25, -5]), 10).tolist()
    [0, 2, 2, 0]
    """
    quotient, remainder = np.divmod(numerator, denominator)
    twice = 2 * remainder
    return np.asarray(quotient + ((twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))), dtype="int64")


@dataclass(frozen=True, eq=False)
class _Costs:
    """The policy's costs by offer: read once for each category, and taken from there.

    Attributes:
        told: shares in millionths and amounts in minor units, of each category.
        of_offer: number of each offer's category.
    """

    told: Mapping[str, Amounts]
    of_offer: npt.NDArray[np.int64]

    @classmethod
    def of(cls, categories: Sequence[str | None], currency: str, policy: Policy) -> _Costs:
        number = {category: number for number, category in enumerate(dict.fromkeys(categories))}
        of_offer = np.array([number[category] for category in categories], dtype="int64")
        economics = tuple(policy.economics(category) for category in number)
        return cls(_by_category(economics, currency, policy.exchange[currency]), of_offer)

    def __getitem__(self, name: str) -> Amounts:
        """A share of each offer, in millionths, or an amount, in minor units of the currency."""
        return self.told[name][self.of_offer]


@lru_cache(maxsize=1024)
def _by_category(economics: tuple[Economics, ...], currency: str, rate: float) -> Mapping[str, Amounts]:
    shares = {name: [_parts(getattr(one, name)) for one in economics] for name in _SHARES}
    amounts = {name: [_translated(getattr(one, name), currency, rate) for one in economics] for name in _EUR_CENTS}
    return {name: np.array(told, dtype="int64") for name, told in (shares | amounts).items()}


@lru_cache(maxsize=4096)
def _translated(eur_cents: int, currency: str, rate: float) -> int:
    """EUR cents as minor units of another currency."""
    return round(eur_cents * Fraction(str(rate)) * Fraction(10) ** (exponent(currency) - 2))


def _parts(share: float) -> int:
    return round(share * _PARTS)


def _share(amount: Amounts, parts: Amounts) -> Amounts:
    return divide_half_even(amount * parts, _PARTS)
