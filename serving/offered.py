"""The offers of a request in columns: what the shop and the models say of each, and which of them a hard rule leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.policy import Policy
from serving.assortment import UNKNOWN, Product
from serving.rounding import Rounded, rounded
from serving.wire import Offer, ReturnRange

Floats = npt.NDArray[np.float64]

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


@dataclass(frozen=True, eq=False)
class Offered:
    """The offers of a request in columns.

    Attributes:
        offers: as they were asked about.
        products: what the shop knows of each.
        price: of one unit, minor units; None where neither the request nor the shop tells it.
        unit_cost: likewise.
        p_order: P(order | shown), or 1 for each where nobody tells it.
        per_view: whether somebody tells it.
        p_return: P(return | ordered), by the model or the policy's prior.
        left_out: the hard rule that leaves each out, if one does.
    """

    offers: Sequence[Offer]
    products: Sequence[Product]
    price: Sequence[int | None]
    unit_cost: Sequence[int | None]
    p_order: Rounded
    per_view: bool
    p_return: Rounded
    left_out: Sequence[_Why | None]

    @classmethod
    def of(cls, offers: Sequence[Offer], scores: Scores, products: Mapping[str, Product], policy: Policy, currency: str) -> Offered:
        """The columns of some offers.

        Args:
            offers: at least one; either all bring P(order) or none does.
            scores: what the models say of each.
            products: the assortment by sku.
            policy: business settings.
            currency: ISO 4217 code of the offers' amounts; prices and costs of products in another one count as unknown.
        """
        known = [products.get(offer.sku, UNKNOWN) for offer in offers]
        both = list(zip(offers, known, strict=True))
        price = [product.price_in(currency) if offer.price is None else offer.price for offer, product in both]
        p_order = _p_order(offers, scores)
        return cls(
            offers,
            known,
            price,
            [product.unit_cost_in(currency) if offer.unit_cost is None else offer.unit_cost for offer, product in both],
            rounded(np.ones(len(offers)) if p_order is None else p_order),
            p_order is not None,
            rounded(_priors(known, policy) if scores.p_return is None else scores.p_return),
            [_left_out(offer, product, usual) for (offer, product), usual in zip(both, price, strict=True)],
        )

    @property
    def shown(self) -> list[int]:
        """Numbers of those that no rule leaves out."""
        return [number for number, why in enumerate(self.left_out) if why is None]


def _priors(products: Sequence[Product], policy: Policy) -> Floats:
    prior = {category: policy.economics(category).return_rate_prior for category in {product.category for product in products}}
    return np.array([prior[product.category] for product in products], dtype="float64")


def _p_order(offers: Sequence[Offer], scores: Scores) -> Floats | None:
    """The caller's own, or else the order model's; None where every offer counts as if it were ordered."""
    if offers[0].p_order is not None:
        return np.array([offer.p_order for offer in offers], dtype="float64")
    return scores.p_order


def _left_out(offer: Offer, product: Product, price: int | None) -> _Why | None:
    if offer.hidden or product.hidden:
        return "hidden"
    if (product.stock if offer.available is None else offer.available) == 0:
        return "out_of_stock"
    return "price_unknown" if price is None else None
