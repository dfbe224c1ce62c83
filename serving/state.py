"""What the service knows: one release, one snapshot of the shop, and how to rank with them.

An offer is scored as if it were put into the basket at the moment asked about, which every reply repeats as `as_of`. The snapshot holds
what was known before its day; what happened since then comes with the request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import PolicyRefused, SnapshotRefused
from domain.money import EXPONENTS
from domain.policy import Policy, parse_policy
from features.asked import of_offers
from features.build import FEATURE_SET_HASH
from features.snapshot import Snapshot, load_snapshot
from serving.assortment import UNKNOWN, Product, assortment, currencies
from serving.decide import Decision, Scores, decide
from serving.ordering import chance
from serving.reading import RequestRefused
from serving.reasons import EXPLAINED, reasons, shared_out
from serving.since import asked_at, since, withdrew
from serving.wire import BasketLine, FieldError, IntervalTerms, Offer, RankedOffer, RankReply, RankRequest, ReleaseInfo, ReturnRange
from training.model import Release, load

_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Serving:
    """A release and a snapshot that fit each other.

    Attributes:
        release: the models and the policy they came with.
        snapshot: what the shop knew at the start of its day.
        policy: business settings, from the release.
        products: the assortment by sku.
        currencies: the shop's currencies, that of the most products first.
    """

    release: Release
    snapshot: Snapshot
    policy: Policy
    products: dict[str, Product]
    currencies: tuple[str, ...]

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
        _require_features(loaded, online)
        products = assortment(online.products, online.stock)
        policy = parse_policy(loaded.policy)
        found = currencies(products.values())
        _require_exchange(found, policy)
        return cls(loaded, online, policy, products, found)

    def rank(self, request: RankRequest, *, request_id: str) -> RankReply:
        """Rank a request's offers.

        Args:
            request: what was asked.
            request_id: what the reply is known by.

        Raises:
            RequestRefused: the currency is not the shop's, or a moment is not one that the snapshot can serve.
        """
        inputs, currency = self.inputs(request), self._currency(request)
        decision = decide(
            request,
            self._scores(request, inputs),
            self.products,
            self.policy,
            currency=currency,
            draws=chance(request_id, [offer.sku for offer in request.offers]),
        )
        return RankReply(
            request_id=request_id,
            as_of=asked_at(request, self.snapshot),
            release=self.release.seal,
            snapshot=self.snapshot.seal,
            snapshot_at=self.snapshot.at.to_pydatetime(),
            policy=self.policy.version,
            country=request.country,
            vat_rate=self.policy.vat_rate(request.country),
            currency=currency,
            per=decision.per,
            fallback=decision.fallback,
            intervals=self._terms(),
            objective=self.policy.ranking.objective,
            order_bonus=decision.order_bonus,
            offers=self._explained(request, decision, inputs) if request.explain else list(decision.offers),
            excluded=list(decision.excluded),
            unknown_offers=list(decision.unknown),
            cut_by_limit=decision.cut,
        )

    def inputs(self, request: RankRequest) -> pd.DataFrame:
        """The features of a request's offers, in their order, at the moment asked about.

        Raises:
            RequestRefused: as in `rank`.
        """
        told = since(request, self.snapshot)
        return self.snapshot.build(self._asked(request, self._currency(request)), told)

    def info(self) -> ReleaseInfo:
        """What serves."""
        return ReleaseInfo(
            release=self.release.seal,
            snapshot=self.snapshot.seal,
            snapshot_at=self.snapshot.at.to_pydatetime(),
            policy=self.policy.version,
            feature_set=self.release.feature_set,
            models=sorted(self.release.models),
            currencies=list(self.currencies),
            about=dict(self.release.about),
        )

    def _currency(self, request: RankRequest) -> str:
        if request.currency is None:
            return self.currencies[0]
        if request.currency not in self.currencies:
            state = "not a currency of this shop" if request.currency in EXPONENTS else "no currency of ISO 4217 that is known here"
            message = f"{request.currency} is {state}; expected one of: {', '.join(self.currencies)}"
            raise RequestRefused(FieldError(field="/currency", message=message))
        return request.currency

    def _asked(self, request: RankRequest, currency: str) -> pd.DataFrame:
        offers, basket = self._priced(request.offers, currency), self._priced(request.basket, currency)
        offers["discount"] = np.array([np.nan if offer.discount is None else offer.discount for offer in request.offers], dtype="float64")
        skus = list(dict.fromkeys([*offers["sku"], *basket["sku"]]))
        styles = [self.products.get(sku, UNKNOWN).style_id or sku for sku in skus]
        return of_offers(
            pd.DataFrame({"sku": skus, "style_id": styles}, dtype=object),
            pd.DataFrame(offers),
            pd.DataFrame(basket),
            customer_id=request.customer_id,
            country=request.country,
            at=_timestamp(asked_at(request, self.snapshot)),
            channel=request.channel,
            payment_method=request.payment_method,
            promised_at=None if request.promised_at is None else _timestamp(request.promised_at),
        )

    def _priced(self, lines: Sequence[Offer | BasketLine], currency: str) -> dict[str, npt.NDArray[Any]]:
        listed = [self.products.get(line.sku, UNKNOWN).price_in(currency) for line in lines]
        prices = [usual if line.price is None else line.price for line, usual in zip(lines, listed, strict=True)]
        return {
            "sku": np.array([line.sku for line in lines], dtype=object),
            "quantity": np.array([line.quantity for line in lines], dtype="float64"),
            "unit_price": np.array([np.nan if price is None else price for price in prices], dtype="float64"),
        }

    def _scores(self, request: RankRequest, inputs: pd.DataFrame) -> Scores:
        p_return = self._predicted("return", inputs, of="returned")
        return Scores(
            p_return=p_return,
            ranges=None if p_return is None else self._ranges(inputs, p_return),
            fit=self._predicted("fit", inputs),
            p_order=self._predicted("order", inputs, of="ordered") if request.offers[0].p_order is None else None,
            new_customer=withdrew(request) or not self.snapshot.knows_customer(request.customer_id),
            known=self.snapshot.known_skus(pd.Series([offer.sku for offer in request.offers], dtype="str")),
        )

    def _predicted(self, kind: str, inputs: pd.DataFrame, *, of: str | None = None) -> npt.NDArray[np.float64] | None:
        if kind not in self.release.models:
            return None
        model = self.release.models[kind]
        predicted = model.predict(inputs)
        return predicted if of is None else predicted[:, model.classes.index(of)]

    def _ranges(self, inputs: pd.DataFrame, p_return: npt.NDArray[np.float64]) -> list[ReturnRange]:
        found = self.release.models["return"].interval(inputs, p_return, of="returned")
        ends = (np.round(end, _DECIMALS).tolist() for end in (found.low, found.high))
        rows = zip(*ends, found.segment_names, found.fallback_levels, strict=True)
        return [ReturnRange(low=low, high=high, segment=segment, fallback_level=level) for low, high, segment, level in rows]

    def _terms(self) -> IntervalTerms | None:
        if "return" not in self.release.models:
            return None
        learned = self.release.models["return"].intervals
        return IntervalTerms(orders=learned.batch_rows, coverage=learned.coverage)

    def _explained(self, request: RankRequest, decision: Decision, inputs: pd.DataFrame) -> list[RankedOffer]:
        if "return" not in self.release.models:
            return list(decision.offers)
        rows = {offer.sku: row for row, offer in enumerate(request.offers)}
        first, rest = decision.offers[:EXPLAINED], decision.offers[EXPLAINED:]
        if not first:
            return []
        seen = inputs.iloc[[rows[offer.sku] for offer in first]]
        found, mix = reasons(self.release.models["return"], seen), self._mix(first, seen)
        told = zip(first, found, mix, strict=True)
        return [*(msgspec.structs.replace(offer, reasons=why, p_return_for=shares) for offer, why, shares in told), *rest]

    def _mix(self, offers: Sequence[RankedOffer], inputs: pd.DataFrame) -> Sequence[dict[str, float] | None]:
        if "reason" not in self.release.models:
            return [None] * len(offers)
        return shared_out(self.release.models["reason"], inputs, [offer.p_return for offer in offers])


def _require_features(release: Release, snapshot: Snapshot) -> None:
    told = set(snapshot.names)
    for kind, model in release.models.items():
        if lacking := [name for name in model.features if name not in told]:
            raise SnapshotRefused(
                f"the snapshot cannot tell what the {kind} model reads: {', '.join(lacking)}",
                expected="a snapshot of a shop with the tables and columns that the release was trained on",
                advice="take it of those tables, or train anew",
            )


def _timestamp(moment: dt.datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.astimezone(dt.UTC)).as_unit("us")


def _require_exchange(found: Sequence[str], policy: Policy) -> None:
    if not found:
        raise SnapshotRefused("the snapshot holds no product with a currency", advice="take a snapshot of a shop with products")
    for currency in found:
        if currency not in policy.exchange:
            raise PolicyRefused(
                f"products are priced in {currency}, and the release's policy has no exchange rate for it",
                expected=f"one of: {', '.join(sorted(policy.exchange))}",
                advice="add it to [exchange] in the policy and make a release with it",
            )
