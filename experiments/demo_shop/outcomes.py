"""Why things come back: the reasons to return compete, and the first one that strikes sends the item back.

Each reason r has a hazard h_r. Given how the item feels (v: small, right, large),

    P(kept | v) = exp(-sum of h_r),    P(returned for r | v) = h_r / sum of h * (1 - P(kept | v)),

and P(return) is the mean over v. The hazards are set so that the default shop returns 38 % of its items, 45 % of these
for size (EHI 2023: 26-50 % of fashion items; see the default preset); how they split below that is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import DAYS_LATE, lateness_shares
from experiments.demo_shop.fit import FITS, LARGE, SMALL, Fit, fit_of
from experiments.demo_shop.people import PAYMENTS, People
from experiments.demo_shop.shopping import price_strain

CAUSES = ("too_small", "too_large", "not_as_described", "style", "quality", "changed_mind", "late")
TOO_SMALL, TOO_LARGE, NOT_AS_DESCRIBED, STYLE, QUALITY, CHANGED_MIND, LATE = range(len(CAUSES))

_INVOICE = PAYMENTS.index("invoice")
_BY_INVOICE = 1.9
"""Who has not paid yet changes her mind that much more easily."""


@dataclass(frozen=True)
class Hazards:
    """The reasons to return customer x sku pairs, before anything is known of payment and delivery.

    Attributes:
        fit: how each sits.
        causes: (rows, causes); the two size hazards strike only when it feels so; changed_mind is for a paid item, late is 0.
    """

    fit: Fit
    causes: Floats

    def given(self, verdict: int) -> Floats:
        """(rows, causes): the hazards when the item feels `verdict`."""
        strikes = np.ones(len(CAUSES))
        strikes[[TOO_SMALL, TOO_LARGE]] = [verdict == SMALL, verdict == LARGE]
        return np.asarray(self.causes * strikes)


def hazards_of(people: People, assortment: Assortment, customer: Ints, sku: Ints, price: Ints) -> Hazards:
    """The hazards when each customer buys the sku at that price (cents including VAT)."""
    style = assortment.sku_style[sku]
    fussiness = people.fussiness[customer]
    liking = (people.taste[customer] * assortment.looks[style]).sum(axis=1) / 2
    promised = (people.taste[customer] * assortment.shown[style]).sum(axis=1) / 2
    strained = price_strain(people, assortment, customer, style, price) > 0.25
    causes = np.zeros((len(customer), len(CAUSES)))
    causes[:, TOO_SMALL] = 1.3 * np.sqrt(fussiness)
    causes[:, TOO_LARGE] = 1.0 * np.sqrt(fussiness)
    causes[:, NOT_AS_DESCRIBED] = 0.13 * fussiness * np.minimum(np.maximum(0, promised - liking), 3) ** 2
    causes[:, STYLE] = 0.31 * fussiness / (1 + np.exp(4 * (liking + 0.2)))
    causes[:, QUALITY] = 2.6 * fussiness * np.maximum(0, 0.78 - assortment.quality[style]) ** 1.5
    causes[:, CHANGED_MIND] = fussiness * np.where(strained, 0.17, 0.05)
    return Hazards(fit_of(people, assortment, customer, sku), causes)


def under_way(hazards: Hazards, people: People, customer: Ints, payment: Ints, days_late: Ints) -> Hazards:
    """The hazards once it is known how the order was paid and how late it came."""
    causes = hazards.causes.copy()
    causes[:, CHANGED_MIND] *= np.where(payment == _INVOICE, _BY_INVOICE, 1.0)
    causes[:, LATE] = _impatience(people, customer, days_late)
    return Hazards(hazards.fit, causes)


def p_by_cause(hazards: Hazards) -> Floats:
    """(rows, causes): P(returned for the cause); the row's sum is P(return)."""
    total = np.zeros_like(hazards.causes)
    for verdict in (SMALL, FITS, LARGE):
        given = hazards.given(verdict)
        total += hazards.fit.feels[:, [verdict]] * given * _per_hazard(given.sum(axis=1, keepdims=True))
    return total


def p_alone(people: People, assortment: Assortment, customer: Ints, sku: Ints) -> Floats:
    """P(return | ordered alone at list price), the mean over how she pays and how late it may come."""
    hazards = hazards_of(people, assortment, customer, sku, assortment.price[assortment.sku_style[sku]])
    kept = sum(hazards.fit.feels[:, verdict] * np.exp(-hazards.given(verdict).sum(axis=1)) for verdict in (SMALL, FITS, LARGE))
    more_by_invoice = np.exp(-(_BY_INVOICE - 1) * hazards.causes[:, CHANGED_MIND])
    paid = 1 - people.payment[customer, _INVOICE] * (1 - more_by_invoice)
    on_time_or_late = np.exp(-_impatience(people, customer[:, None], DAYS_LATE[None, :]))
    in_time = (lateness_shares(people.country[customer]) * on_time_or_late).sum(axis=1)
    return np.asarray(1 - kept * paid * in_time)


def _impatience(people: People, customer: Ints, days_late: Ints) -> Floats:
    """Nothing up to the customer's patience, then 0.3 for each further day."""
    return np.asarray(0.3 * np.maximum(0.0, days_late - people.patience_days[customer]))


def _per_hazard(total: Floats) -> Floats:
    """(1 - exp(-h)) / h; the hazards are never all zero, as anybody may change her mind."""
    return np.asarray(-np.expm1(-total) / total)
