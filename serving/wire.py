"""What the storefront sends to `POST /v1/rank`: every field with its meaning, unit and limits; and the door to the words and the reply."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from serving.wire_reply import ExcludedOffer as ExcludedOffer
from serving.wire_reply import FieldError as FieldError
from serving.wire_reply import Fit as Fit
from serving.wire_reply import IntervalTerms as IntervalTerms
from serving.wire_reply import Money as Money
from serving.wire_reply import Problem as Problem
from serving.wire_reply import RankedOffer as RankedOffer
from serving.wire_reply import RankReply as RankReply
from serving.wire_reply import Reason as Reason
from serving.wire_reply import ReleaseInfo as ReleaseInfo
from serving.wire_reply import ReturnRange as ReturnRange
from serving.wire_words import Amount as Amount
from serving.wire_words import Arm as Arm
from serving.wire_words import Channel as Channel
from serving.wire_words import ConsentPurpose as ConsentPurpose
from serving.wire_words import Count as Count
from serving.wire_words import Country as Country
from serving.wire_words import Currency as Currency
from serving.wire_words import Degraded as Degraded
from serving.wire_words import Fallback as Fallback
from serving.wire_words import FallbackLevel as FallbackLevel
from serving.wire_words import Id as Id
from serving.wire_words import Moment as Moment
from serving.wire_words import MoveKind as MoveKind
from serving.wire_words import Probability as Probability
from serving.wire_words import RequestId as RequestId
from serving.wire_words import ReturnReason as ReturnReason
from serving.wire_words import SignedAmount as SignedAmount
from serving.wire_words import TicketTopic as TicketTopic
from serving.wire_words import Units as Units

MAX_OFFERS = 500
MAX_MOVES = 500
MAX_SAID = 100
"""Statements and decisions of one day."""


class Offer(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """One sku at a price.

    A price that is not given is the shop's list price, a unit cost that is not given the shop's own, or a share of the price.
    """

    sku: Id
    price: Annotated[Amount | None, Meta(description="Price per unit including VAT, minor units; default: the list price.")] = None
    discount: Annotated[Amount | None, Meta(description="By how much the price is reduced, per unit, minor units; 0: not at all.")] = None
    unit_cost: Annotated[Amount | None, Meta(description="What a unit costs the shop without VAT, minor units.")] = None
    quantity: Units = 1
    p_order: Annotated[
        Probability | None,
        Meta(description="The caller's P(order | shown), for all offers or for none; default: what the order model says."),
    ] = None
    available: Annotated[Count | None, Meta(description="Units that can be sold; default: the snapshot's count.")] = None
    hidden: Annotated[bool, Meta(description="True leaves the offer out.")] = False


class BasketLine(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """Something that lies in the basket already."""

    sku: Id
    quantity: Units
    price: Annotated[Amount | None, Meta(description="Price per unit including VAT, minor units; default: the list price.")] = None


class Move(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Something that the shopper did today."""

    id: Annotated[Id, Meta(description="The event's id; a move that is sent twice counts once.")]
    kind: MoveKind
    sku: Annotated[Id | None, Meta(description="What it was about, if anything.")] = None
    at: Annotated[Moment, Meta(description="When; from the snapshot's moment on and before the moment asked about.")]


class Statement(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Something that the customer declared today."""

    attribute: Annotated[Id, Meta(description="What: height_cm, weight_kg, bust_band_in, bust_cup, occasion, or size:<category>.")]
    value: Annotated[Id, Meta(description="The declared value, as text.")]
    at: Annotated[Moment, Meta(description="When; from the snapshot's moment on and before the moment asked about.")]
    needed_on: Annotated[Moment | None, Meta(description="The day of the occasion.")] = None


class Consent(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the customer granted or withdrew today."""

    purpose: ConsentPurpose
    granted: Annotated[bool, Meta(description="False withdraws.")]
    at: Annotated[Moment, Meta(description="When; from the snapshot's moment on and before the moment asked about.")]


class RankRequest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Rank these offers for this shopper."""

    offers: Annotated[list[Offer], Meta(min_length=1, max_length=MAX_OFFERS, description="What to rank; no sku twice.")]
    customer_id: Annotated[Id | None, Meta(description="Who shops; null or unknown is a new customer.")] = None
    country: Country | None = None
    currency: Annotated[Currency | None, Meta(description="Default: the currency of the shop's products.")] = None
    channel: Annotated[Id | None, Meta(description="Where it is sold: web, app, store, …, as in the shop's order lines.")] = None
    payment_method: Annotated[Id | None, Meta(description="How it will be paid, if chosen, as in the shop's order lines.")] = None
    promised_at: Annotated[Moment | None, Meta(description="When it will be delivered, if promised.")] = None
    at: Annotated[Moment | None, Meta(description="The moment asked about; default: now, or the last that the snapshot serves.")] = None
    today: Annotated[
        tuple[Move, ...],
        Meta(max_length=MAX_MOVES, description="What the customer did since the snapshot's moment; unused without customer_id."),
    ] = ()
    stated: Annotated[tuple[Statement, ...], Meta(max_length=MAX_SAID, description="What the customer declared since then.")] = ()
    consents: Annotated[
        tuple[Consent, ...], Meta(max_length=MAX_SAID, description="What the customer granted or withdrew since then.")
    ] = ()
    basket: Annotated[tuple[BasketLine, ...], Meta(max_length=100, description="What lies in the basket already.")] = ()
    limit: Annotated[int, Meta(ge=1, le=MAX_OFFERS, description="Most offers to return.")] | None = None
    explain: Annotated[
        bool | Literal["spoken"],
        Meta(
            description="True adds the reasons of each score, for the first 20 offers returned; spoken adds a sentence on the best offer "
            "that an assistant can say."
        ),
    ] = False
    personalization: Annotated[
        bool, Meta(description="False ranks as for a shopper whom nobody knows: without history, and without what happened since.")
    ] = True
    session_id: Annotated[Id | None, Meta(description="Names the visit, for logs and experiments; nothing is learned from it.")] = None
    request_id: Annotated[RequestId | None, Meta(description="Echoed in the reply; made up when not given.")] = None
