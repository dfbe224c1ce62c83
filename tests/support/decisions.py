"""Decisions to log: two offers, shown in this order to whoever it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from serving.assortment import Shelf
from serving.decision_log.decision import LoggedDecision, logged
from serving.facts import OfCustomer
from serving.wire import Fallback, Money, Offer, RankedOffer, RankReply, RankRequest
from serving.wire_releases import Arm

MORNING = dt.datetime(2026, 10, 2, 8, 0, tzinfo=dt.UTC)


def pseudonym(customer_id: str) -> str:
    """Stands for a customer; unlike a real one, it can be told from the id."""
    return f"p{customer_id.encode().hex()}"


def decided(
    request_id: str,
    customer: str | None = "anna",
    *,
    minute: int = 0,
    release: str = "0123456789ab",
    arm: Arm = "champion",
    shown: bool = True,
    facts: Sequence[OfCustomer] = (),
    shelf: Mapping[str, Shelf] | None = None,
    p_order: float | None = 0.1,
    fallback: Fallback = "none",
) -> LoggedDecision:
    """A decision, so many minutes after the morning."""
    at = MORNING + dt.timedelta(minutes=minute)
    question = RankRequest(offers=[Offer(sku="blue-38"), Offer(sku="red-38")], customer_id=customer, session_id="visit-1", at=at)
    reply = answer(question, request_id=request_id, release=release, p_order=p_order, fallback=fallback)
    return logged(
        question,
        reply,
        msgspec.json.encode(reply),
        served_at=at,
        settings="s1",
        features_hash="f1",
        facts=facts,
        shelf=shelf,
        arm=arm,
        shown=shown,
    )


def answer(
    question: RankRequest, *, request_id: str, release: str = "0123456789ab", p_order: float | None = 0.1, fallback: Fallback = "none"
) -> RankReply:
    """The offers in the order they came in, each a little less likely to stay there."""
    return RankReply(
        request_id=request_id,
        as_of=question.at or MORNING,
        release=release,
        snapshot="ba9876543210",
        snapshot_at=MORNING,
        stale_seconds=0,
        policy="p1",
        country=None,
        vat_rate=0.19,
        currency="EUR",
        per="order" if p_order is None else "view",
        fallback=fallback,
        intervals=None,
        objective="kept_margin",
        order_bonus=7,
        offers=[_placed(offer.sku, place, p_order) for place, offer in enumerate(question.offers, start=1)],
        excluded=[],
        unknown_offers=[],
        cut_by_limit=0,
    )


def _placed(sku: str, position: int, p_order: float | None) -> RankedOffer:
    money = Money(
        price_net=840,
        unit_cost=400,
        unit_cost_assumed=False,
        outbound_shipping=0,
        payment_fee=0,
        margin_if_kept=440,
        payment_fee_kept=0,
        return_handling=100,
        resale_loss=0,
        return_fee=0,
        loss_if_returned=100,
        expected_kept_margin=40 - position,
        break_even_p_return=0.8,
    )
    return RankedOffer(
        sku=sku,
        position=position,
        propensity=1 / position,
        price=999 + position,
        p_order=p_order,
        p_return=0.25,
        p_return_interval=None,
        fit=None,
        money=money,
        fallback="none",
    )
