"""Puts a decision into the reply that the storefront gets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from serving.decide import Decision
from serving.wire import IntervalTerms, RankedOffer, RankReply, RankRequest

if TYPE_CHECKING:
    from serving.state import Serving

Arm = Literal["champion", "challenger"]


def reply_of(
    serving: Serving,
    request: RankRequest,
    decision: Decision,
    offers: Sequence[RankedOffer],
    *,
    request_id: str,
    as_of: dt.datetime,
    currency: str,
    arm: Arm | None,
    spoken: str | None = None,
) -> RankReply:
    """The reply.

    Args:
        serving: the release and the snapshot that it comes from.
        request: what was asked.
        decision: what became of its offers.
        offers: the decision's, perhaps explained.
        request_id: what the reply is known by.
        as_of: the moment asked about (UTC).
        currency: of every amount.
        arm: which of two releases answers, if there are two.
        spoken: the best offer in a sentence, if asked for.
    """
    policy, snapshot_at = serving.policy, serving.snapshot.at.to_pydatetime()
    return RankReply(
        request_id=request_id,
        as_of=as_of,
        release=serving.release.seal,
        snapshot=serving.snapshot.seal,
        snapshot_at=snapshot_at,
        stale_seconds=(as_of - snapshot_at) // dt.timedelta(seconds=1),
        policy=policy.version,
        country=request.country,
        vat_rate=policy.vat_rate(request.country),
        currency=currency,
        per=decision.per,
        fallback=decision.fallback,
        intervals=_terms(serving),
        objective=policy.ranking.objective,
        order_bonus=decision.order_bonus,
        offers=list(offers),
        excluded=list(decision.excluded),
        unknown_offers=list(decision.unknown),
        cut_by_limit=decision.cut,
        arm=arm,
        spoken=spoken,
    )


def _terms(serving: Serving) -> IntervalTerms | None:
    if "return" not in serving.release.models:
        return None
    learned = serving.release.models["return"].intervals
    return IntervalTerms(orders=learned.batch_rows, coverage=learned.coverage)
