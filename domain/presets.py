"""What a return costs, by published source: a shop starts from the preset nearest to it and overrides what it knows better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Economics:
    """Costs around one unit, in one market and category.

    Amounts are EUR cents without VAT (a policy translates them into the shop's currency); shares are 0-1.

    Attributes:
        outbound_shipping_eur_cents: sending one unit to the customer.
        payment_fee_share: the payment provider's fee, as a share of the price paid including VAT.
        payment_fee_kept_share: the part of that fee which is not refunded on a return.
        return_handling_eur_cents: bringing one unit back and inspecting it.
        return_cost_share: all-in cost of a return as a share of the net price, for sources that state only that.
        resold_as_new_share: a, the share of returned units sold again at full price.
        recovery_share: b, what the other units still bring, as a share of the net price.
        return_fee_eur_cents: what the customer pays for returning a unit.
        unit_cost_share: unit cost as a share of the net price, used only for offers whose cost is unknown.
        return_rate_prior: share of units that come back, used only when no return model is in the release.
        size_share_prior: share of returns for reasons of size.
    """

    outbound_shipping_eur_cents: int
    payment_fee_share: float
    payment_fee_kept_share: float
    return_handling_eur_cents: int
    return_cost_share: float
    resold_as_new_share: float
    recovery_share: float
    return_fee_eur_cents: int
    unit_cost_share: float
    return_rate_prior: float
    size_share_prior: float

    @property
    def resale_loss_share(self) -> float:
        """1 - (a + (1 - a) b): what a returned unit loses of its net price on average."""
        as_new = self.resold_as_new_share
        return 1.0 - (as_new + (1.0 - as_new) * self.recovery_share)


@dataclass(frozen=True)
class Preset:
    """Economics with their source.

    Attributes:
        economics: the costs.
        source: where the numbers come from.
        guesses: names of the fields that no source states.
    """

    economics: Economics
    source: str
    guesses: frozenset[str]


_COMMON = {
    "outbound_shipping_eur_cents": 390,
    "payment_fee_share": 0.015,
    "payment_fee_kept_share": 1.0,
    "return_cost_share": 0.0,
    "return_fee_eur_cents": 0,
}
_COMMON_GUESSES = frozenset({"outbound_shipping_eur_cents", "payment_fee_share", "payment_fee_kept_share", "unit_cost_share"})


def _preset(source: str, guesses: set[str], **fields: float) -> Preset:
    return Preset(Economics(**{**_COMMON, **fields}), source, _COMMON_GUESSES | guesses)  # type: ignore[arg-type]


PRESETS: Mapping[str, Preset] = {
    "eu_fashion_ehi2023": _preset(
        "EHI Retail Institute 2023: 26-50 % returned, EUR 5-10 a returned item, 50-75 % resold as new (midpoints)",
        {"recovery_share"},
        return_handling_eur_cents=750,
        resold_as_new_share=0.625,
        recovery_share=0.5,
        unit_cost_share=0.4,
        return_rate_prior=0.38,
        size_share_prior=0.45,
    ),
    "de_fashion_bamberg2021": _preset(
        "University of Bamberg, European Return-o-Meter (EUROM) 2021: the low-cost bound",
        {"recovery_share"},
        return_handling_eur_cents=285,
        resold_as_new_share=0.93,
        recovery_share=0.5,
        unit_cost_share=0.4,
        return_rate_prior=0.46,
        size_share_prior=0.33,
    ),
    "eu_home": _preset(
        "EHI Retail Institute 2023, home and living",
        {"size_share_prior", "resold_as_new_share", "recovery_share"},
        return_handling_eur_cents=1500,
        resold_as_new_share=0.5,
        recovery_share=0.5,
        unit_cost_share=0.5,
        return_rate_prior=0.08,
        size_share_prior=0.05,
    ),
    "eu_electronics": _preset(
        "EHI Retail Institute 2023, consumer electronics",
        {"recovery_share"},
        return_handling_eur_cents=750,
        resold_as_new_share=0.38,
        recovery_share=0.55,
        unit_cost_share=0.7,
        return_rate_prior=0.08,
        size_share_prior=0.0,
    ),
    "us_apparel": _preset(
        "Coresight Research 2023; Wall Street Journal: a return costs 27 % of the price, all in",
        {"return_handling_eur_cents", "resold_as_new_share", "recovery_share"},
        return_handling_eur_cents=0,
        return_cost_share=0.27,
        resold_as_new_share=1.0,
        recovery_share=0.0,
        unit_cost_share=0.4,
        return_rate_prior=0.244,
        size_share_prior=0.53,
    ),
    "wholesale_gifts": _preset(
        "no source: small goods shipped by the carton, for the UCI Online Retail data",
        {"return_handling_eur_cents", "resold_as_new_share", "recovery_share", "return_rate_prior", "size_share_prior"},
        outbound_shipping_eur_cents=10,
        return_handling_eur_cents=60,
        resold_as_new_share=0.7,
        recovery_share=0.5,
        unit_cost_share=0.5,
        return_rate_prior=0.02,
        size_share_prior=0.0,
    ),
}
"""Presets by name; `domain.policy` lets a shop override any field by category."""
