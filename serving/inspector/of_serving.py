"""The inspector's needs, met by a release and a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import msgspec
import numpy as np

from domain.policy import OBJECTIVES, Exploration, Objective
from serving.assortment import UNKNOWN, Shelf
from serving.evidence import evidence
from serving.facts import OfCustomer
from serving.inspector.needs import About, Described
from serving.sizes import SizeReply
from serving.state import Serving
from serving.wire import Degraded, RankReply, RankRequest
from serving.wire_explain import Evidence

_PIECES = 12
"""Of evidence, at most."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """A request, and what became known since the snapshot.

    Attributes:
        request: with its moment, and without its shopper where nothing may be known of her.
        facts: of the shopper.
        shelf: prices and stock of skus that changed.
        degraded: what could not be asked.
    """

    request: RankRequest
    facts: Sequence[OfCustomer] = ()
    shelf: Mapping[str, Shelf] = field(default_factory=dict)
    degraded: Sequence[Degraded] = ()


Gathers = Callable[[RankRequest], Gathered]
"""What the service knows besides what a request tells."""

Advises = Callable[[str, Gathered], SizeReply]
"""Size advice on a style for the request's shopper."""


class OfServing:
    """`InspectorNeeds` over one release and one snapshot, for one page: what is gathered for a request is gathered once."""

    def __init__(self, serving: Serving, settings: str, advises: Advises, gathers: Gathers = Gathered) -> None:
        """Take what a page is made from.

        Args:
            serving: what serves.
            settings: version of operations' settings.
            advises: gives size advice; only asked where the release has a fit model and the style has sizes.
            gathers: what became known since the snapshot; by default nothing did.
        """
        self._serving, self._settings, self._advises, self._gathers = serving, settings, advises, gathers
        self._last: tuple[RankRequest, Gathered] | None = None

    def rank(self, request: RankRequest, objective: Objective) -> RankReply:
        """See `InspectorNeeds.rank`."""
        gathered, by = self._gathered(request), _prepared(self._serving).by[objective]
        return by.rank(gathered.request, request_id="inspector", facts=gathered.facts, shelf=gathered.shelf, degraded=gathered.degraded)

    def size(self, style_id: str, request: RankRequest) -> SizeReply | None:
        """See `InspectorNeeds.size`."""
        if "fit" not in self._serving.release.models or style_id not in _prepared(self._serving).sized:
            return None
        return self._advises(style_id, self._gathered(request))

    def evidence(self, request: RankRequest, sku: str) -> Sequence[Evidence]:
        """See `InspectorNeeds.evidence`."""
        model = self._serving.release.models.get("return")
        if model is None:
            return ()
        gathered = self._gathered(request)
        alone = msgspec.structs.replace(gathered.request, offers=[offer for offer in request.offers if offer.sku == sku])
        return evidence(model, self._serving.inputs(alone, gathered.facts, gathered.shelf), most=_PIECES)

    def offers(self, category: str | None, count: int, draw: int) -> Sequence[str]:
        """See `InspectorNeeds.offers`."""
        sold = _prepared(self._serving).sold.get(category, ())
        chosen = np.random.default_rng(draw).permutation(len(sold))[:count]
        return [sold[number] for number in chosen]

    def describe(self, sku: str) -> Described:
        """See `InspectorNeeds.describe`."""
        known = self._serving.products.get(sku, UNKNOWN)
        return Described(known.style_id, known.brand, known.category, known.size)

    def about(self) -> About:
        """See `InspectorNeeds.about`."""
        info, policy = self._serving.info(), self._serving.policy
        return About(
            release=info.release,
            snapshot=info.snapshot,
            snapshot_at=info.snapshot_at,
            policy=info.policy,
            settings=self._settings,
            objective=policy.ranking.objective,
            attention=policy.ranking.attention_per_position,
            explores=policy.exploration.temperature > 0,
            categories=_prepared(self._serving).categories,
            countries=tuple(sorted(country for country in policy.vat if country)),
        )

    def _gathered(self, request: RankRequest) -> Gathered:
        if self._last is None or self._last[0] is not request:
            self._last = request, self._gathers(request)
        return self._last[1]


@dataclass(frozen=True, eq=False)
class _Prepared:
    """What all pages over a release and a snapshot share.

    Attributes:
        by: the same, ranking by each objective, without chance.
        sized: styles that come in sizes.
        sold: skus that can be sold, by category; all of them under None.
        categories: those that the assortment has.
    """

    by: Mapping[Objective, Serving]
    sized: frozenset[str | None]
    sold: Mapping[str | None, Sequence[str]]
    categories: tuple[str, ...]


_PREPARED: WeakKeyDictionary[Serving, _Prepared] = WeakKeyDictionary()


def _prepared(serving: Serving) -> _Prepared:
    """Made with the first page; it goes when nothing serves from it any more."""
    if serving not in _PREPARED:
        products = serving.products.values()
        categories = tuple(sorted({one.category for one in products if one.category}))
        _PREPARED[serving] = _Prepared(
            by={objective: _ranking_by(serving, objective) for objective in OBJECTIVES},
            sized=frozenset(one.style_id for one in products if one.sized),
            sold={None: _sold(serving), **{category: _sold(serving, category) for category in categories}},
            categories=categories,
        )
    return _PREPARED[serving]


def _sold(serving: Serving, category: str | None = None) -> Sequence[str]:
    of = ((sku, one) for sku, one in serving.products.items() if category in (None, one.category))
    return [sku for sku, one in of if not one.hidden and one.stock != 0]


def _ranking_by(serving: Serving, objective: Objective) -> Serving:
    policy = serving.policy
    return replace(serving, policy=replace(policy, ranking=replace(policy.ranking, objective=objective), exploration=Exploration()))
