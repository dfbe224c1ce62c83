"""The customers: their bodies, their taste, their purse and their habits, none of which the shop ever sees.

An account belongs to one person, or to a household of two that differ in body and taste and share everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, Texts, draw, ids
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.world import PeopleNumbers

COUNTRIES = ("DE", "AT", "NL", "FR")
COUNTRY_SHARES = (0.62, 0.14, 0.14, 0.10)
PAYMENTS = ("invoice", "card", "wallet")
PAYMENT_SHARES = np.array([[0.45, 0.20, 0.35], [0.42, 0.28, 0.30], [0.30, 0.20, 0.50], [0.05, 0.65, 0.30]])
"""(countries, payments): invoice is common in German-speaking markets, rare in France (guess)."""

OCCASIONS = ("wedding", "office", "holiday", "party")
NO_OCCASION = -1
_HAS_OCCASION = 0.08
"""Share of accounts with an occasion that they tell of (guess)."""

LOYALTY = 0.85
"""Share of orders paid by the customer's habitual method (guess)."""

SEGMENTS = ("affordability", "health", "planet", "society", "experience")
"""What people put first (EY Future Consumer Index)."""


@dataclass(frozen=True)
class People:
    """Accounts, in the order of joining, and the persons who shop on them.

    Per account:
        ids: customer ids.
        joined: seconds since 1970.
        country: index into `COUNTRIES`.
        budget: prices she is at ease with, relative to the category's typical price.
        segment: index into `SEGMENTS`: what she puts first.
        fussiness: multiplies every reason to return.
        patience_days: days of lateness she accepts.
        bracketing: probability that she orders a second size when unsure.
        wears_once: whether she wears expensive things once and sends them back.
        visits_per_day: base rate of visits.
        payment: (accounts, payments) probabilities.
        app: probability that she orders in the app.
        second: the second person of the household; -1 without.
        occasion: index into `OCCASIONS`: what she needs something for; `NO_OCCASION` without.
        told_at, needed_on: when she tells of it, and its day, 10 to 90 days later; seconds since 1970.

    Per person (the first ones are the account holders, in the order of the accounts):
        account: whose account.
        height_cm, weight_kg: the body at a glance.
        body: (persons, measures) chest, waist, hip and foot in cm.
        tolerance_cm: deviation from the wanted fit that she hardly minds.
        ease_cm: how much wider (> 0) or tighter than the chart she likes it.
        belief_error_cm: how wrong she is about her own measures when new.
        taste: (persons, 4).
    """

    ids: Texts
    joined: Ints
    country: Ints
    budget: Floats
    segment: Ints
    fussiness: Floats
    patience_days: Floats
    bracketing: Floats
    wears_once: Flags
    visits_per_day: Floats
    payment: Floats
    app: Floats
    second: Ints
    occasion: Ints
    told_at: Ints
    needed_on: Ints
    account: Ints
    height_cm: Floats
    weight_kg: Floats
    body: Floats
    tolerance_cm: Floats
    ease_cm: Floats
    belief_error_cm: Floats
    taste: Floats


def draw_people(settings: ShopSettings, rng: np.random.Generator) -> People:
    """Draw every customer's hidden traits."""
    count, numbers = settings.customers, settings.world.people
    country = rng.choice(len(COUNTRIES), count, p=COUNTRY_SHARES).astype(np.int64)
    shared = np.flatnonzero(rng.random(count) < numbers.household_share)
    second = np.full(count, -1)
    second[shared] = count + np.arange(len(shared))
    account = np.concatenate([np.arange(count), shared])
    persons = len(account)
    height_cm = np.clip(rng.normal(166, 6.5, persons), 148, 186)
    build = np.clip(rng.normal(0, 1, persons), -1.8, 2.1)
    joined = _joined(settings, rng)
    told_at = (joined + rng.random(count) * (settings.end - joined - 1)).astype(np.int64)
    return People(
        ids=ids("c", count, 6),
        joined=joined,
        country=country,
        budget=np.exp(rng.normal(0.05, numbers.budget_sd, count)),
        segment=rng.choice(len(SEGMENTS), count, p=numbers.segments).astype(np.int64),
        fussiness=_fussiness(numbers, count, rng),
        patience_days=rng.exponential(1.8, count),
        bracketing=np.where(rng.random(count) < numbers.bracketing_share, rng.uniform(*numbers.bracketing, count), 0.01),
        wears_once=rng.random(count) < numbers.wardrobing_share,
        visits_per_day=numbers.visits_per_day * rng.gamma(1.6, 1 / 1.6, count),
        payment=_payment_habits(country, rng),
        app=rng.beta(1.1, 1.4, count),
        second=second,
        occasion=np.where(rng.random(count) < _HAS_OCCASION, rng.integers(0, len(OCCASIONS), count), NO_OCCASION),
        told_at=told_at,
        needed_on=told_at // DAY * DAY + rng.integers(10, 91, count) * DAY,
        account=account,
        height_cm=height_cm,
        weight_kg=64 + 0.55 * (height_cm - 166) + 10.5 * build + rng.normal(0, 2.5, persons),
        body=_bodies(height_cm, build, rng),
        tolerance_cm=numbers.tolerance_cm * np.exp(rng.normal(0, 0.3, persons)),
        ease_cm=rng.normal(0, numbers.ease_sd_cm, persons),
        belief_error_cm=rng.normal(0, numbers.belief_error_sd_cm, persons),
        taste=rng.normal(0, 1, (persons, 4)),
    )


def _fussiness(numbers: PeopleNumbers, count: int, rng: np.random.Generator) -> Floats:
    kinds = np.array(numbers.fussiness)[rng.choice(len(numbers.fussiness), count, p=numbers.fussiness_shares)]
    return np.asarray(kinds * np.exp(rng.normal(0, 0.2, count)))


def _joined(settings: ShopSettings, rng: np.random.Generator) -> Ints:
    """Some were there before the period began, in the two years before; the others join throughout it."""
    before = rng.uniform(settings.start - 730 * DAY, settings.start, settings.customers)
    during = rng.uniform(settings.start, settings.end - DAY, settings.customers)
    return np.sort(np.where(rng.random(settings.customers) < settings.world.people.joined_before, before, during)).astype(np.int64)


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
