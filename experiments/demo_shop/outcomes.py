"""Why things come back: the reasons to return compete, and the first one that strikes sends the item back.

Each reason r has a hazard h_r. Given how the item feels (v: small, right, large),

    P(kept | v) = exp(-sum of h_r),    P(returned for r | v) = h_r / sum of h * (1 - P(kept | v)),

and P(return) is the mean over v. How strong the hazards are, the shop's settings say (`[reasons]`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import DAY, Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.choosing import price_strain
from experiments.demo_shop.delivery import DAYS_LATE, lateness_shares
from experiments.demo_shop.fit import FITS, LARGE, SMALL, Fit, fit_of
from experiments.demo_shop.people import PAYMENTS, People
from experiments.demo_shop.world import ReasonNumbers

CAUSES = ("too_small", "too_large", "not_as_described", "style", "quality", "changed_mind", "late")
TOO_SMALL, TOO_LARGE, NOT_AS_DESCRIBED, STYLE, QUALITY, CHANGED_MIND, LATE = range(len(CAUSES))

_INVOICE = PAYMENTS.index("invoice")
_YEAR = 365 * DAY


@dataclass(frozen=True)
class Hazards:
    """The reasons to return customer x sku pairs, before anything is known of payment and delivery.

    Attributes:
        fit: how each sits.
        causes: (rows, causes); the two size hazards strike only when it feels so; changed_mind is for a paid item, late is 0.
        customer: whose they are.
    """

    fit: Fit
    causes: Floats
    customer: Ints

    def given(self, verdict: int) -> Floats:
        """(rows, causes): the hazards when the item feels `verdict`."""
        strikes = np.ones(len(CAUSES))
        strikes[[TOO_SMALL, TOO_LARGE]] = [verdict == SMALL, verdict == LARGE]
        return np.asarray(self.causes * strikes)


def hazards_of(
    numbers: ReasonNumbers, people: People, assortment: Assortment, person: Ints, sku: Ints, price: Ints, at: Ints, *, growth: float = 0.0
) -> Hazards:
    """The hazards when each person buys the sku at that price (cents including VAT) and moment.

    Args:
        numbers: how strong the reasons are.
        people: the shop's customers.
        assortment: its goods.
        person: who, row by row; likewise:
        sku: what.
        price: in cents.
        at: when.
        growth: by how much every reason grows in a year.
    """
    style, customer = assortment.sku_style[sku], people.account[person]
    fussiness = people.fussiness[customer] * (1 + growth * (at - assortment.start) / _YEAR)
    liking = (people.taste[person] * assortment.looks[style]).sum(axis=1) / 2
    promised = (people.taste[person] * assortment.shown[style]).sum(axis=1) / 2
    strained = price_strain(people, assortment, customer, style, price) > 0.25
    worn_once = people.wears_once[customer] & (price >= assortment.typical_price[style])
    causes = np.zeros((len(person), len(CAUSES)))
    causes[:, TOO_SMALL] = numbers.too_small * np.sqrt(fussiness)
    causes[:, TOO_LARGE] = numbers.too_large * np.sqrt(fussiness)
    causes[:, NOT_AS_DESCRIBED] = numbers.not_as_described * fussiness * np.minimum(np.maximum(0, promised - liking), 3) ** 2
    causes[:, STYLE] = numbers.style * fussiness / (1 + np.exp(4 * (liking + 0.2)))
    causes[:, QUALITY] = numbers.quality * fussiness * np.maximum(0, 0.78 - assortment.quality_at(style, at)) ** 1.5
    causes[:, CHANGED_MIND] = fussiness * np.where(strained, numbers.changed_mind_strained, numbers.changed_mind)
    causes[:, CHANGED_MIND] += np.where(worn_once, numbers.worn_once, 0.0)
    return Hazards(fit_of(people, assortment, person, sku, at), causes, customer)


def under_way(numbers: ReasonNumbers, hazards: Hazards, people: People, payment: Ints, days_late: Ints) -> Hazards:
    """The hazards once it is known how the order was paid and how late it came."""
    causes = hazards.causes.copy()
    causes[:, CHANGED_MIND] *= np.where(payment == _INVOICE, numbers.by_invoice, 1.0)
    causes[:, LATE] = _impatience(numbers, people, hazards.customer, days_late)
    return Hazards(hazards.fit, causes, hazards.customer)


def p_by_cause(hazards: Hazards) -> Floats:
    """(rows, causes): P(returned for the cause); the row's sum is P(return)."""
    total = np.zeros_like(hazards.causes)
    for verdict in (SMALL, FITS, LARGE):
        given = hazards.given(verdict)
        total += hazards.fit.feels[:, [verdict]] * given * _per_hazard(given.sum(axis=1, keepdims=True))
    return total


def p_alone(numbers: ReasonNumbers, hazards: Hazards, people: People) -> Floats:
    """P(return | ordered alone), the mean over how she pays and how late it may come."""
    kept = sum(hazards.fit.feels[:, verdict] * np.exp(-hazards.given(verdict).sum(axis=1)) for verdict in (SMALL, FITS, LARGE))
    more_by_invoice = np.exp(-(numbers.by_invoice - 1) * hazards.causes[:, CHANGED_MIND])
    paid = 1 - people.payment[hazards.customer, _INVOICE] * (1 - more_by_invoice)
    on_time_or_late = np.exp(-_impatience(numbers, people, hazards.customer[:, None], DAYS_LATE[None, :]))
    in_time = (lateness_shares(people.country[hazards.customer]) * on_time_or_late).sum(axis=1)
    return np.asarray(1 - kept * paid * in_time)


def _impatience(numbers: ReasonNumbers, people: People, customer: Ints, days_late: Ints) -> Floats:
    """Nothing up to the customer's patience, then as much again for each further day."""
    return np.asarray(numbers.late * np.maximum(0.0, days_late - people.patience_days[customer]))


def _per_hazard(total: Floats) -> Floats:
    """(1 - exp(-h)) / h; the hazards are never all zero, as anybody may change her mind."""
    return np.asarray(-np.expm1(-total) / total)
