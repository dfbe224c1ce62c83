"""Says the best offer in a sentence of plain English, for a voice or chat assistant.

It says nothing that the reply does not hold, and never a word about the shopper's own returns.
"""

from __future__ import annotations

from decimal import Decimal

from domain.money import exponent
from serving.assortment import Product
from serving.wire import Fit, RankedOffer

_OF_SHOPPERS = 10
_MODELLED = ("none", "new_customer", "new_offer", "new_customer_and_offer")
_PERSONAL = ("none", "new_offer")


def spoken(offer: RankedOffer, product: Product, currency: str) -> str:
    """The sentence.

    Args:
        offer: the best offer of a reply.
        product: what the shop knows of it.
        currency: of its price.

    >>> dress = Product("s1", "dress", 4390, None, "EUR", sized=True, hidden=False, stock=3, brand="Runa", size="38")
    >>> _named("s1-38", dress)
    'the Runa dress in 38'
    """
    reasons = [part for part in (_fits(offer.fit), _kept(offer)) if part]
    because = f": {' and '.join(reasons)}" if reasons else ""
    return f"I would take {_named(offer.sku, product)} for {_price(offer.price, currency)}{because}."


def _named(sku: str, product: Product) -> str:
    words = [word for word in (product.brand, product.category) if word]
    name = f"the {' '.join(words)}" if words else sku
    return f"{name} in {product.size}" if product.size else name


def _price(minor: int, currency: str) -> str:
    decimals = exponent(currency)
    return f"{Decimal(minor).scaleb(-decimals):.{decimals}f} {currency}"


def _fits(fit: Fit | None) -> str:
    if fit is None:
        return ""
    if fit.fits >= 0.8:
        return "it very likely fits"
    if fit.fits >= 0.5:
        return "it most likely fits"
    return f"it may turn out {'small' if fit.small >= fit.large else 'large'}"


def _kept(offer: RankedOffer) -> str:
    """How many of ten shoppers keep it; nothing where no model says so."""
    if offer.fallback not in _MODELLED:
        return ""
    whom = "shoppers like you" if offer.fallback in _PERSONAL else "shoppers"
    kept = round(_OF_SHOPPERS * (1.0 - offer.p_return))
    if kept in (0, _OF_SHOPPERS):
        return f"{'fewer than 1' if kept == 0 else 'more than 9'} in {_OF_SHOPPERS} {whom} keep it"
    return f"{kept} in {_OF_SHOPPERS} {whom} keep it"
