"""Answers without ranking: the offers in the caller's own order, for when there is no time, or nothing to rank with.

Hard rules hold all the same: what is hidden, sold out or without a price is left out. Money is computed at the policy's prior return rates.
"""

from __future__ import annotations

from collections.abc import Mapping

from serving.assortment import NO_CHANGES, Shelf, on_shelf
from serving.decide import as_asked
from serving.reply import Arm, reply_of
from serving.since import asked_at
from serving.state import Serving
from serving.wire import Fallback, RankReply, RankRequest


def callers_order(
    request: RankRequest,
    serving: Serving,
    request_id: str,
    reason: Fallback,
    *,
    shelf: Mapping[str, Shelf] = NO_CHANGES,
    arm: Arm | None = None,
) -> RankReply:
    """The reply.

    Args:
        request: what was asked.
        serving: the release, whose policy and snapshot are read and whose models are not.
        request_id: what the reply is known by.
        reason: why the offers are not ranked; the reply and every offer say it.
        shelf: prices and stock of skus that changed since the snapshot.
        arm: which of two releases answers, if there are two.

    Raises:
        RequestRefused: the currency is not the shop's, or the snapshot cannot serve the moment asked about.
    """
    as_of, currency = asked_at(request, serving.snapshot), serving.currency(request)
    products = on_shelf(serving.products, [offer.sku for offer in request.offers], shelf)
    decision = as_asked(request, products, serving.policy, reason, currency=currency)
    return reply_of(serving, request, decision, decision.offers, request_id=request_id, as_of=as_of, currency=currency, arm=arm)
