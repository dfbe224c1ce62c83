"""One ranking as it was decided: the question, what was known, by whose models, and the reply as it was sent."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

from serving.assortment import Shelf
from serving.facts import OfCustomer
from serving.wire import RankReply, RankRequest
from serving.wire_releases import Arm


class LoggedDecision(Struct, frozen=True, kw_only=True):
    """One ranking decision, with all that it hung on.

    What the reply says itself is read from it: request_id, release, snapshot, policy, fallback, objective, order bonus, and of each offer
    its sku, position, propensity, P(order), P(return) and expected kept margin.

    Attributes:
        served_at: when, by the service's clock.
        question: the request as it was ranked, `at` filled in.
        facts: what the customer state knew of the customer since the snapshot.
        shelf: what had changed of the offers' skus since the snapshot.
        settings: version of the service's settings.
        arm: whose release decided.
        shown: whether the shopper saw it; False for a shadow.
        features_hash: of what the models read (`serving.features_hash`); empty where nothing was ranked for want of time.
        reply: the answer.
        encoded: the same as the bytes that were sent.
    """

    served_at: dt.datetime
    question: RankRequest
    facts: tuple[OfCustomer, ...]
    shelf: dict[str, Shelf]
    settings: str
    arm: Arm
    shown: bool
    features_hash: str
    reply: RankReply
    encoded: bytes


def logged(
    question: RankRequest,
    reply: RankReply,
    encoded: bytes,
    *,
    served_at: dt.datetime,
    settings: str,
    features_hash: str,
    facts: Sequence[OfCustomer] = (),
    shelf: Mapping[str, Shelf] | None = None,
    arm: Arm = "champion",
    shown: bool = True,
) -> LoggedDecision:
    """A decision to log; of the shelf, only what the question's skus are about counts."""
    asked = {offer.sku for offer in question.offers} | {line.sku for line in question.basket}
    return LoggedDecision(
        served_at=served_at,
        question=question,
        facts=tuple(facts),
        shelf={sku: changed for sku, changed in (shelf or {}).items() if sku in asked},
        settings=settings,
        arm=arm,
        shown=shown,
        features_hash=features_hash,
        reply=reply,
        encoded=encoded,
    )


def hash_of(encoded: bytes) -> str:
    """A reply's hash: BLAKE2b of its bytes, 32 hex digits."""
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()
