"""A ranking with what is written down of how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from features.catalogue import Values
from serving.features_hash import features_hash
from serving.wire import RankReply

Phase = Literal["features", "scores", "decide"]

PHASES: tuple[Phase, ...] = get_args(Phase)
"""What a ranking's time is spent on: looking up and computing features; the models; order, money and the reply itself."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """A ranking.

    Attributes:
        reply: what the storefront gets.
        features: what the models read (offers, features), in the order of the request and of the snapshot's features.
        phases: seconds of each of `PHASES`; they influence nothing.
    """

    reply: RankReply
    features: Values
    phases: Mapping[Phase, float]

    @cached_property
    def features_hash(self) -> str:
        """Identifies the features. It costs a fraction of a millisecond, so nobody waits for it who does not ask."""
        return features_hash(self.features)
