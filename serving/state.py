"""What the service knows: one release, one snapshot of the shop, and how to rank with them.

An offer is scored as if it were put into the basket at the moment asked about, which every reply repeats as `as_of`. The snapshot holds
what was known before its day; what happened since then comes with the request.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import msgspec
import pandas as pd

from domain.money import EXPONENTS
from domain.policy import Policy, parse_policy
from features.answering import Answer
from features.asking import NOTHING_DONE, Asking, Day
from features.build import FEATURE_SET_HASH
from features.catalogue import Values
from features.persons import OWN
from features.snapshot import Snapshot, load_snapshot
from serving.asked import asking, asking_together
from serving.assortment import NO_CHANGES, UNKNOWN, Product, Shelf, assortment, currencies, on_shelf
from serving.decide import Decision, decide, expected
from serving.facts import OfCustomer
from serving.match import require_exchange, require_features
from serving.offered import Scores
from serving.ordering import chance
from serving.ranked import PHASES, Ranked
from serving.reading import RequestRefused
from serving.reasons import EXPLAINED, reasons, shared_out
from serving.recommender import Recommender
from serving.reply import reply_of
from serving.scoring import Scoring
from serving.since import asked_at, micros_of, since
from serving.spoken import spoken
from serving.style_sizes import Styles
from serving.wire import Arm, Degraded, FieldError, Offer, RankedOffer, RankReply, RankRequest, ReleaseInfo
from training.model import Release, load


@dataclass(frozen=True, eq=False)
class _Asked:
    """Who asks, of what, and when.

    Attributes:
        request: what was asked; of nobody, if it shall be answered like that.
        products: what the shop knows of the skus, at the prices of the moment.
        currency: of every amount.
        at: the moment asked about (UTC).
        day: what the shopper did since the snapshot's moment.
    """

    request: RankRequest
    products: Mapping[str, Product]
    currency: str
    at: dt.datetime
    day: Day

    @property
    def told(self) -> tuple[Mapping[str, Product], str, int, Day]:
        """As `serving.asked` takes it."""
        return self.products, self.currency, micros_of(self.at), self.day

    @property
    def asking(self) -> Asking:
        """The request's offers in columns."""
        return asking(self.request, *self.told)


@dataclass(frozen=True, eq=False)
class Serving:
    """A release and a snapshot that fit each other.

    Attributes:
        release: the models and the policy they came with.
        snapshot: what the shop knew at the start of its day.
        policy: business settings, from the release.
        products: the assortment by sku.
        currencies: the shop's currencies, that of the most products first.
        recommender: names candidates; None where the release has no retrieval.
    """

    release: Release
    snapshot: Snapshot
    policy: Policy
    products: dict[str, Product]
    currencies: tuple[str, ...]
    recommender: Recommender | None = None

    @classmethod
    def load(cls, release: Path, snapshot: Path) -> Serving:
        """Load both folders.

        Raises:
            ReleaseRefused: the release is tampered with, incomplete, or made for other features.
            SnapshotRefused: likewise the snapshot, or it cannot tell a feature that a model reads.
            PolicyRefused: the release's policy cannot be read, or lacks the exchange rate of a currency of the shop.
        """
        loaded = load(release, feature_set=FEATURE_SET_HASH)
        online = load_snapshot(snapshot)
        require_features(loaded, online)
        products = assortment(online.products, online.stock)
        policy = parse_policy(loaded.policy)
        found = currencies(products.values())
        require_exchange(found, policy)
        return cls(loaded, online, policy, products, found, Recommender.of(loaded, online, snapshot, products))

    def prepare(self) -> None:
        """Do what the first request would wait for."""
        _ = self.styles
        sku = next(iter(self.products))
        self.rank(RankRequest(offers=[Offer(sku=sku)]), request_id="prepare")

    @cached_property
    def styles(self) -> Styles:
        """The styles of the assortment and their sizes."""
        return Styles(self.snapshot, self.products)

    @cached_property
    def scoring(self) -> Scoring:
        """The models, reading the snapshot's features."""
        return Scoring(self.release.models, self.snapshot.names)

    def rank(
        self,
        request: RankRequest,
        *,
        request_id: str,
        facts: Sequence[OfCustomer] = (),
        shelf: Mapping[str, Shelf] = NO_CHANGES,
        arm: Arm | None = None,
        degraded: Sequence[Degraded] = (),
    ) -> RankReply:
        """Rank a request's offers: the reply of `ranked`."""
        return self.ranked(request, request_id=request_id, facts=facts, shelf=shelf, arm=arm, degraded=degraded).reply

    def ranked(
        self,
        request: RankRequest,
        *,
        request_id: str,
        facts: Sequence[OfCustomer] = (),
        shelf: Mapping[str, Shelf] = NO_CHANGES,
        arm: Arm | None = None,
        degraded: Sequence[Degraded] = (),
    ) -> Ranked:
        """Rank a request's offers; what is given decides the reply, and nothing else.

        Args:
            request: what was asked.
            request_id: what the reply is known by.
            facts: what the service was told of the customer since the snapshot's moment, besides what the request tells.
            shelf: prices and stock of skus that changed since then; an offer's own overrule them.
            arm: which of two releases answers, if there are two.
            degraded: what could not be asked; the reply repeats it.

        Raises:
            RequestRefused: the currency is not the shop's, or a moment is not one that the snapshot can serve.
        """
        clock = [time.perf_counter()]
        asked = self._asked(request, facts, shelf)
        answer = self.snapshot.answer(asked.asking)
        clock.append(time.perf_counter())
        scores = self._scores(asked, answer, order=request.offers[0].p_order is None)
        clock.append(time.perf_counter())
        draws = chance(request_id, [offer.sku for offer in request.offers]) if self.policy.exploration.temperature else ()
        decision = decide(request, scores, asked.products, self.policy, currency=asked.currency, draws=draws)
        offers = self._explained(asked, decision, answer.features) if request.explain is True else decision.offers
        reply = reply_of(
            self,
            request,
            decision,
            offers,
            request_id=request_id,
            as_of=asked.at,
            currency=asked.currency,
            arm=arm,
            degraded=degraded,
            spoken=self._spoken(decision, asked) if request.explain == "spoken" else None,
        )
        clock.append(time.perf_counter())
        took = (end - start for start, end in pairwise(clock))
        return Ranked(reply, answer.features, dict(zip(PHASES, took, strict=True)))

    def expected(
        self,
        request: RankRequest,
        baskets: Sequence[Sequence[Offer]],
        *,
        facts: Sequence[OfCustomer] = (),
        shelf: Mapping[str, Shelf] = NO_CHANGES,
    ) -> list[list[RankedOffer | None]]:
        """What is expected of each line of some baskets, beside the others of its basket: what ranking it alone beside them would say.

        Args:
            request: who asks, where and how; its own offers and basket do not count.
            baskets: the lines of each, at least one in all; P(order) is told with them.
            facts: as in `ranked`.
            shelf: as in `ranked`.

        Returns:
            The same lines; None for one that a hard rule leaves out.

        Raises:
            RequestRefused: as in `ranked`.
        """
        lines = [line for basket in baskets for line in basket]
        asked = self._asked(request, facts, shelf, skus=[line.sku for line in lines])
        answer = self.snapshot.answer(asking_together(asked.request, baskets, *asked.told))
        scores = self._scores(asked, answer, order=False)
        told = iter(expected(lines, scores, asked.products, self.policy, country=request.country, currency=asked.currency))
        return [[next(told) for _ in basket] for basket in baskets]

    def matrix(self, request: RankRequest, facts: Sequence[OfCustomer] = (), shelf: Mapping[str, Shelf] = NO_CHANGES) -> Values:
        """The features of a request's offers (offers, features), in the order of `snapshot.names`.

        Raises:
            RequestRefused: as in `ranked`.
        """
        return self.snapshot.answer(self._asked(request, facts, shelf).asking).features

    def inputs(self, request: RankRequest, facts: Sequence[OfCustomer] = (), shelf: Mapping[str, Shelf] = NO_CHANGES) -> pd.DataFrame:
        """The same as a table."""
        return pd.DataFrame(self.matrix(request, facts, shelf), columns=list(self.snapshot.names))

    def info(self) -> ReleaseInfo:
        """What serves."""
        return ReleaseInfo(
            release=self.release.seal,
            snapshot=self.snapshot.seal,
            snapshot_at=self.snapshot.at.to_pydatetime(),
            policy=self.policy.version,
            feature_set=self.release.feature_set,
            models=sorted(self.release.models),
            trees={kind: model.walks for kind, model in sorted(self.release.models.items())},
            currencies=list(self.currencies),
            about=dict(self.release.about),
        )

    def currency(self, request: RankRequest) -> str:
        """The currency of a request's amounts.

        Raises:
            RequestRefused: it is not the shop's.
        """
        if request.currency is None:
            return self.currencies[0]
        if request.currency not in self.currencies:
            state = "not a currency of this shop" if request.currency in EXPONENTS else "no currency of ISO 4217 that is known here"
            message = f"{request.currency} is {state}; expected one of: {', '.join(self.currencies)}"
            raise RequestRefused(FieldError(field="/currency", message=message))
        return request.currency

    def _asked(
        self, request: RankRequest, facts: Sequence[OfCustomer], shelf: Mapping[str, Shelf], skus: Sequence[str] | None = None
    ) -> _Asked:
        """Who asks, of some skus; by default of those that the request names."""
        at, currency, day = asked_at(request, self.snapshot), self.currency(request), since(request, self.snapshot, facts)
        if not request.personalization:
            request, day = msgspec.structs.replace(request, customer_id=None), NOTHING_DONE
        named = [line.sku for lines in (request.offers, request.basket) for line in lines] if skus is None else skus
        return _Asked(request, on_shelf(self.products, named, shelf), currency, at, day)

    def _scores(self, asked: _Asked, answer: Answer, *, order: bool) -> Scores:
        new = not answer.known_customer or asked.day.allows(OWN) is False
        return self.scoring.scores(answer.features, answer.known_skus, new_customer=new, order=order)

    def _spoken(self, decision: Decision, asked: _Asked) -> str | None:
        best = next(iter(decision.offers), None)
        return None if best is None else spoken(best, asked.products.get(best.sku, UNKNOWN), asked.currency)

    def _explained(self, asked: _Asked, decision: Decision, features: Values) -> Sequence[RankedOffer]:
        if "return" not in self.release.models or not decision.offers:
            return decision.offers
        rows = {offer.sku: row for row, offer in enumerate(asked.request.offers)}
        first, rest = decision.offers[:EXPLAINED], decision.offers[EXPLAINED:]
        seen = pd.DataFrame(features[[rows[offer.sku] for offer in first]], columns=list(self.snapshot.names))
        found, mix = reasons(self.release.models["return"], seen), self._mix(first, seen)
        told = zip(first, found, mix, strict=True)
        return [*(msgspec.structs.replace(offer, reasons=why, p_return_for=shares) for offer, why, shares in told), *rest]

    def _mix(self, offers: Sequence[RankedOffer], inputs: pd.DataFrame) -> Sequence[dict[str, float] | None]:
        if "reason" not in self.release.models:
            return [None] * len(offers)
        return shared_out(self.release.models["reason"], inputs, [offer.p_return for offer in offers])
