"""The customers: their bodies, their taste, their purse and their habits, none of which the shop ever sees.

All distributions are guesses, chosen so that the shop's rates match published ones (see `outcomes`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import DAY, Floats, Ints, Texts, draw, ids
from experiments.demo_shop.settings import ShopSettings

COUNTRIES = ("DE", "AT", "NL", "FR")
COUNTRY_SHARES = (0.62, 0.14, 0.14, 0.10)
PAYMENTS = ("invoice", "card", "wallet")
PAYMENT_SHARES = np.array([[0.45, 0.20, 0.35], [0.42, 0.28, 0.30], [0.30, 0.20, 0.50], [0.05, 0.65, 0.30]])
"""(countries, payments): invoice is common in German-speaking markets, rare in France (guess)."""

LOYALTY = 0.85
"""Share of orders paid by the customer's habitual method (guess)."""

_FUSSINESS = np.array([0.45, 1.1, 2.4])
_FUSSINESS_SHARES = (0.52, 0.34, 0.14)
"""Three kinds of customers: easy-going, usual, hard to please. A mixture, so that one average rate describes nobody."""


@dataclass(frozen=True)
class People:
    """One entry per customer, in the order of joining.

    Attributes:
        ids: customer ids.
        joined: seconds since 1970.
        country: index into `COUNTRIES`.
        height_cm, weight_kg: the body at a glance.
        body: (customers, measures) chest, waist, hip and foot in cm.
        tolerance_cm: deviation from the wanted fit that she hardly minds.
        ease_cm: how much wider (> 0) or tighter than the chart she likes it.
        belief_error_cm: how wrong she is about her own measures when new.
        taste: (customers, 4).
        budget: prices she is at ease with, relative to the category's typical price.
        fussiness: multiplies every reason to return.
        patience_days: days of lateness she accepts.
        bracketing: probability that she orders a second size when unsure.
        orders_per_day: base rate of ordering.
        payment: (customers, payments) probabilities.
        app: probability that she orders in the app.
    """

    ids: Texts
    joined: Ints
    country: Ints
    height_cm: Floats
    weight_kg: Floats
    body: Floats
    tolerance_cm: Floats
    ease_cm: Floats
    belief_error_cm: Floats
    taste: Floats
    budget: Floats
    fussiness: Floats
    patience_days: Floats
    bracketing: Floats
    orders_per_day: Floats
    payment: Floats
    app: Floats


def draw_people(settings: ShopSettings, rng: np.random.Generator) -> People:
    """Draw every customer's hidden traits."""
    count = settings.customers
    height_cm = np.clip(rng.normal(166, 6.5, count), 148, 186)
    build = np.clip(rng.normal(0, 1, count), -1.8, 2.1)
    country = rng.choice(len(COUNTRIES), count, p=COUNTRY_SHARES).astype(np.int64)
    return People(
        ids=ids("c", count, 6),
        joined=_joined(settings, rng),
        country=country,
        height_cm=height_cm,
        weight_kg=64 + 0.55 * (height_cm - 166) + 10.5 * build + rng.normal(0, 2.5, count),
        body=_bodies(height_cm, build, rng),
        tolerance_cm=2.9 * np.exp(rng.normal(0, 0.3, count)),
        ease_cm=rng.normal(0, 1.5, count),
        belief_error_cm=rng.normal(0, 1.8, count),
        taste=rng.normal(0, 1, (count, 4)),
        budget=np.exp(rng.normal(0.05, 0.35, count)),
        fussiness=_FUSSINESS[rng.choice(3, count, p=_FUSSINESS_SHARES)] * np.exp(rng.normal(0, 0.2, count)),
        patience_days=rng.exponential(1.8, count),
        bracketing=np.where(rng.random(count) < 0.16, rng.uniform(0.25, 0.7, count), 0.01),
        orders_per_day=0.019 * rng.gamma(1.6, 1 / 1.6, count),
        payment=_payment_habits(country, rng),
        app=rng.beta(1.1, 1.4, count),
    )


def _joined(settings: ShopSettings, rng: np.random.Generator) -> Ints:
    """45 % were there before the period began, in the two years before; the others join throughout it (guess)."""
    before = rng.uniform(settings.start - 730 * DAY, settings.start, settings.customers)
    during = rng.uniform(settings.start, settings.end - DAY, settings.customers)
    return np.sort(np.where(rng.random(settings.customers) < 0.45, before, during)).astype(np.int64)


def _bodies(height_cm: Floats, build: Floats, rng: np.random.Generator) -> Floats:
    """Chest, waist and hip follow one build, each with its own deviation; feet follow height."""
    noise = rng.normal(0, 1, (len(build), 4))
    chest = 91 + 6.0 * build + 1.4 * noise[:, 0]
    waist = 75 + 6.0 * build + 1.9 * noise[:, 1]
    hip = 99.2 + 4.5 * build + 1.6 * noise[:, 2]
    foot = np.clip(24.6 + 0.07 * (height_cm - 166) + 0.75 * noise[:, 3], 22.6, 27.0)
    return np.column_stack([chest, waist, hip, foot])


def _payment_habits(country: Ints, rng: np.random.Generator) -> Floats:
    usual = PAYMENT_SHARES[country]
    habit = np.eye(len(PAYMENTS))[draw(rng, usual)]
    return LOYALTY * habit + (1 - LOYALTY) * usual
