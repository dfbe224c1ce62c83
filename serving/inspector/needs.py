"""What the inspector needs of the service, and nothing more: it ranks, sizes and describes, and writes nothing down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.policy import Objective
from serving.sizes import SizeReply
from serving.wire import RankReply, RankRequest
from serving.wire_explain import Evidence


@dataclass(frozen=True)
class Described:
    """What people call a sku; all None for one that is not in the assortment.

    Attributes:
        style_id: the style that it is a variant of.
        brand: as the shop calls it.
        category: likewise.
        size: as printed.
    """

    style_id: str | None = None
    brand: str | None = None
    category: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class About:
    """What serves.

    Attributes:
        release: seal of the release.
        snapshot: seal of the snapshot.
        snapshot_at: its moment (UTC).
        policy: version of the business settings.
        settings: version of operations' settings.
        objective: what the policy itself ranks by.
        attention: the share of those who looked at one position that looks at the next, 0-1.
        explores: whether storefronts see a ranking that holds chance; the inspector's holds none.
        categories: what offers may be drawn from.
        countries: markets that the policy names.
    """

    release: str
    snapshot: str
    snapshot_at: dt.datetime
    policy: str
    settings: str
    objective: Objective
    attention: float
    explores: bool
    categories: tuple[str, ...]
    countries: tuple[str, ...]


class InspectorNeeds(Protocol):
    """One release and one snapshot at work; take one for each page, so that all of it comes from the same two."""

    def rank(self, request: RankRequest, objective: Objective) -> RankReply:
        """The ranking by that objective, within the policy's guard-rail, without chance.

        Raises:
            RequestRefused: as in `Serving.rank`.
        """

    def size(self, style_id: str, request: RankRequest) -> SizeReply | None:
        """Size advice for the request's shopper; None where the release or the style cannot tell."""

    def evidence(self, request: RankRequest, sku: str) -> Sequence[Evidence]:
        """What moved P(return) of one of the request's offers most, the strongest first; nothing without a return model."""

    def offers(self, category: str | None, count: int, draw: int) -> Sequence[str]:
        """Some skus that can be sold, of a category or of all; another `draw` draws others."""

    def describe(self, sku: str) -> Described:
        """What people call a sku."""

    def about(self) -> About:
        """What serves."""
