"""How candidates are learned: how fast the past fades, how much a deed says, how many candidates there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.retrieval.shopper import BASKET, KEPT, MISFIT, PENDING, RETURNED, VIEWED, WISHED


def _liking() -> dict[int, float]:
    return {KEPT: 1.0, PENDING: 0.6, MISFIT: 0.3, RETURNED: -0.5, BASKET: 0.2, WISHED: 0.3, VIEWED: 0.05}


@dataclass(frozen=True)
class RetrievalSettings:
    """Settings of the retrieval part of a release; where they come from: docs/decisions/0022-retrieval.md.

    Attributes:
        factors: numbers per style that `implicit` learns.
        rounds: of alternating least squares.
        regularisation: of its factors.
        confidence: alpha in c = 1 + alpha·|liking| (Hu, Koren and Volinsky 2008).
        taste_half_life_days: after so many days a deed says half as much of its shopper's taste.
        trend_half_life_days: and a kept line of what is popular.
        looks_half_life_days: and a look at a style.
        liking: what each deed says of the style; below 0 it counts against.
        weigh_days: the newest orders, of so many days, tell how much each source counts.
        most_judged: of these, at most so many kept lines are looked at.
        fewest_kept: a shop with fewer kept lines gets no retrieval.
    """

    factors: int = 48
    rounds: int = 12
    regularisation: float = 5.0
    confidence: float = 20.0
    taste_half_life_days: float = 365.0
    trend_half_life_days: float = 60.0
    looks_half_life_days: float = 21.0
    liking: Mapping[int, float] = field(default_factory=_liking)
    weigh_days: int = 28
    most_judged: int = 4_000
    fewest_kept: int = 300
