"""The policies that are compared: what each knows, and what it takes an order to be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.errors import SettingsRefused
from domain.policy import Objective

Knows = Literal["popularity", "models", "shuffled_models", "true_orders", "true_returns", "truth"]


@dataclass(frozen=True)
class Contender:
    """A policy in a simulation.

    Attributes:
        name: as asked for; `NAME#2` is the same policy with other seeds of its models.
        knows: where its probabilities come from.
        objective: what an order is worth to it.
    """

    name: str
    knows: Knows
    objective: Objective

    @property
    def learns(self) -> bool:
        """Whether it has models."""
        return self.knows not in ("popularity", "truth")

    @property
    def seed(self) -> int:
        """Added to the seed of its models: 0, but for the second of two equal policies."""
        return int(self.name.partition("#")[2] or 1) - 1


_KNOWN: Mapping[str, tuple[Knows, Objective]] = {
    "popular": ("popularity", "conversion"),
    "conversion": ("models", "conversion"),
    "return_blind_margin": ("models", "return_blind_margin"),
    "kept_margin": ("models", "kept_margin"),
    "oracle": ("truth", "kept_margin"),
    "oracle_conversion": ("truth", "conversion"),
    "oracle_orders": ("true_orders", "kept_margin"),
    "oracle_returns": ("true_returns", "kept_margin"),
    "shuffled": ("shuffled_models", "kept_margin"),
    "shuffled_conversion": ("shuffled_models", "conversion"),
}
MEANINGS: Mapping[str, str] = {
    "popular": "what sold most per view lately, the same for everybody",
    "conversion": "P(order) of the models",
    "return_blind_margin": "P(order) x margin, as if nothing came back, within the guard-rail",
    "kept_margin": "expected kept margin of the models, within the guard-rail",
    "oracle": "expected kept margin with the true probabilities, within the guard-rail",
    "oracle_conversion": "true P(order)",
    "oracle_orders": "the oracle's P(order), and the models' P(return)",
    "oracle_returns": "the models' P(order), and the oracle's P(return)",
    "shuffled": "expected kept margin of models that learned from other rows' labels: they know nothing but prices and costs",
    "shuffled_conversion": "P(order) of models that learned from other rows' labels: it knows nothing at all",
}
NAMES = tuple(_KNOWN)


def contenders(names: str) -> tuple[Contender, ...]:
    """Read a comma-separated list; a name that comes twice becomes NAME and NAME#2.

    Raises:
        SettingsRefused: a name is not known, or comes more than twice.

    >>> [one.name for one in contenders("conversion,conversion")]
    ['conversion', 'conversion#2']
    """
    found: dict[str, Contender] = {}
    for name in (part.strip() for part in names.split(",")):
        if name not in _KNOWN:
            raise SettingsRefused(f"unknown policy {name!r}", expected=f"some of: {', '.join(NAMES)}")
        label = f"{name}#2" if name in found else name
        if label in found:
            raise SettingsRefused(f"policy {name!r} comes more than twice", expected="once, or twice for an A/A test")
        found[label] = Contender(label, *_KNOWN[name])
    return tuple(found.values())
