"""What happens to each delivered item: it is found to fit or not, and kept or sent back; of two sizes at most one is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Flags, Floats, Ints
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import DAYS_LATE, Deliveries, lateness_shares, line_ids
from experiments.demo_shop.fit import FITS, LARGE
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.outcomes import TOO_LARGE, TOO_SMALL, Hazards, hazards_of, p_alone, p_by_cause, under_way
from experiments.demo_shop.people import People
from experiments.demo_shop.world import World


@dataclass(frozen=True)
class Outcomes:
    """One entry per line: its hazards, the customer's verdict (0, 1, 2), whether it goes back and the cause (index)."""

    hazards: Hazards
    verdict: Ints
    returned: Flags
    cause: Ints


def draw_outcomes(world: World, lines: Lines, deliveries: Deliveries, people: People, assortment: Assortment, noise: Noise) -> Outcomes:
    """Draw what becomes of every line."""
    hazards = under_way(world.reasons, ordered_hazards(world, lines, people, assortment), people, lines.payment, deliveries.days_late)
    verdict = noise.choice("verdict", hazards.fit.feels, lines.key, lines.sku)
    given = np.stack([hazards.given(one) for one in range(LARGE + 1)])[verdict, np.arange(len(lines))]
    total = given.sum(axis=1)
    returned = noise.uniform("returned", lines.key, lines.sku) < 1 - np.exp(-total)
    cause = noise.choice("cause", given / total[:, None], lines.key, lines.sku)
    duplicate = is_worse_twin(lines, hazards) & ~returned & ~returned[lines.twin]
    return Outcomes(hazards, verdict, returned | duplicate, np.where(duplicate, _cause_of_duplicate(lines), cause))


def ordered_hazards(world: World, lines: Lines, people: People, assortment: Assortment) -> Hazards:
    """The hazards of every line when it is ordered."""
    growth = world.drift.fussiness_per_year
    return hazards_of(world.reasons, people, assortment, lines.person, lines.sku, lines.unit_price, lines.when, growth=growth)


def p_at_order(world: World, lines: Lines, people: People, assortment: Assortment) -> Floats:
    """P(return | the whole order, how it is paid, but not yet when it comes): the mean over the delays."""
    ordered, shares = ordered_hazards(world, lines, people, assortment), lateness_shares(people.country[lines.customer])
    by_delay = [under_way(world.reasons, ordered, people, lines.payment, np.full_like(lines.payment, days)) for days in DAYS_LATE]
    returned = np.column_stack([_with_duplicates(lines, hazards).sum(axis=1) for hazards in by_delay])
    return np.asarray((shares * returned).sum(axis=1))


def is_worse_twin(lines: Lines, hazards: Hazards) -> Flags:
    """Of two sizes of one style in an order, the one that is less likely to fit (if equal, the later one)."""
    fits = hazards.fit.feels[:, FITS]
    later = np.arange(len(fits)) > lines.twin
    worse = (fits < fits[lines.twin]) | ((fits == fits[lines.twin]) & later)
    return np.asarray((lines.twin >= 0) & worse)


def truth_lines(world: World, lines: Lines, outcomes: Outcomes, people: People, assortment: Assortment) -> pd.DataFrame:
    """The true probabilities behind every line; see `Truth`."""
    fit = outcomes.hazards.fit
    sized = np.isfinite(fit.tightest_cm)
    by_cause = _with_duplicates(lines, outcomes.hazards)
    return pd.DataFrame(
        {
            "line_id": line_ids(lines.number),
            "p_return": by_cause.sum(axis=1),
            "p_small": by_cause[:, TOO_SMALL],
            "p_large": by_cause[:, TOO_LARGE],
            "p_at_order": p_at_order(world, lines, people, assortment),
            "p_alone": p_alone(world.reasons, _at_list_price(world, lines, people, assortment), people),
            "feels_small": fit.feels[:, 0],
            "feels_large": fit.feels[:, LARGE],
            "tightest_cm": np.where(sized, fit.tightest_cm, np.nan),
            "loose_cm": np.where(sized, fit.loose_cm, np.nan),
            "bracketed": lines.twin >= 0,
            "verdict": outcomes.verdict,
            "returned": outcomes.returned,
        }
    )


def _at_list_price(world: World, lines: Lines, people: People, assortment: Assortment) -> Hazards:
    return ordered_hazards(world, replace(lines, unit_price=lines.unit_price + lines.discount), people, assortment)


def _with_duplicates(lines: Lines, hazards: Hazards) -> Floats:
    """P(returned for the cause); of two sizes that would both be kept, the worse one goes back."""
    by_cause = p_by_cause(hazards)
    kept = 1 - by_cause.sum(axis=1)
    duplicate = np.where(is_worse_twin(lines, hazards), kept * kept[lines.twin], 0.0)
    by_cause[np.arange(len(kept)), _cause_of_duplicate(lines)] += duplicate
    return by_cause


def _cause_of_duplicate(lines: Lines) -> Ints:
    """The smaller of two sizes goes back as too small, the larger as too large."""
    return np.where(lines.sku < lines.sku[lines.twin], TOO_SMALL, TOO_LARGE)
