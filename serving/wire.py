"""What the storefront sends to `POST /v1/rank`, and what it gets back: every field with its meaning, unit and limits."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from domain.economics import MAX_AMOUNT
from domain.policy import Objective

MAX_OFFERS = 500
MAX_MOVES = 500
MAX_SAID = 100
"""Statements and decisions of one day."""

_END = r"(?![\s\S])"
"""The end of the text in Python and in ECMAScript alike; `$` would let a line break pass in Python."""

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}" + _END, description="ISO 3166-1 alpha-2 code of the market.", examples=["DE"])]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}" + _END, description="ISO 4217 code of every amount.", examples=["EUR"])]
RequestId = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]+" + _END, max_length=64, description="Names the request.")]
Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT, description="Minor units (cents) of the currency.")]
SignedAmount = Annotated[int, Meta(description="Minor units (cents) of the currency; may be negative.")]
Units = Annotated[int, Meta(ge=1, le=10_000, description="Units of the sku.")]
Count = Annotated[int, Meta(ge=0, le=10**9, description="Units that can be sold.")]
Channel = Annotated[str, Meta(min_length=1, max_length=200, description="Where it is sold: web, app, store, …, in the shop's own words.")]
Moment = Annotated[dt.datetime, Meta(tz=True, description="RFC 3339, with its zone.", examples=["2026-10-02T09:30:00+02:00"])]
Probability = Annotated[float, Meta(ge=0.0, le=1.0, description="A probability, rounded to 6 decimals.")]

MoveKind = Literal["view", "search", "size_guide", "wishlist", "basket", "remove_from_basket"]
ConsentPurpose = Literal["personalisation", "measurements"]
ReturnReason = Literal[
    "too_small", "too_large", "quality", "damaged", "not_as_described", "style", "late", "changed_mind", "wrong_item", "other"
]
TicketTopic = Literal["product", "size", "delivery", "payment", "return", "other"]

Fallback = Literal["none", "new_customer", "new_offer", "new_customer_and_offer", "prior"]
"""What a score had to do without: nothing, the customer's history, the sku's, both, or the return model altogether."""

FallbackLevel = Literal["none", "customer_and_item", "all", "unknown"]


class Offer(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
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


class BasketLine(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
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
    at: Annotated[Moment | None, Meta(description="The moment asked about; default: the snapshot's.")] = None
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
    explain: Annotated[bool, Meta(description="True adds the reasons of each score, for the first 20 offers returned.")] = False
    request_id: Annotated[RequestId | None, Meta(description="Echoed in the reply; made up when not given.")] = None


class Money(Struct, frozen=True, kw_only=True):
    """What one unit leaves or costs without VAT, in minor units.

    margin_if_kept = price_net - unit_cost - outbound_shipping - payment_fee;
    loss_if_returned = outbound_shipping + payment_fee_kept + return_handling + resale_loss - return_fee.
    """

    price_net: SignedAmount
    unit_cost: SignedAmount
    unit_cost_assumed: Annotated[bool, Meta(description="True where nobody knows the cost and the policy's share stands in.")]
    outbound_shipping: SignedAmount
    payment_fee: SignedAmount
    margin_if_kept: SignedAmount
    payment_fee_kept: SignedAmount
    return_handling: SignedAmount
    resale_loss: SignedAmount
    return_fee: SignedAmount
    loss_if_returned: SignedAmount
    expected_kept_margin: Annotated[
        int, Meta(description="p_order * ((1 - p_return) * margin_if_kept - p_return * loss_if_returned), rounded half-even once.")
    ]
    break_even_p_return: Annotated[Probability | None, Meta(description="Above it an order is expected to lose money; null: none.")]


class Fit(Struct, frozen=True, kw_only=True):
    """How the size is expected to fit."""

    small: Probability
    fits: Probability
    large: Probability


class ReturnRange(Struct, frozen=True, kw_only=True):
    """Between which rates orders like this one come back; `intervals` in the reply says of how many at once, and how often that holds."""

    low: Probability
    high: Probability
    segment: Annotated[str, Meta(description="Whose past says so.", examples=["customer:known item:new risk:middle"])]
    fallback_level: Annotated[
        FallbackLevel,
        Meta(
            description="Whose width it is: none: the segment's own; customer_and_item: all risks of such customers and items; "
            "all: all orders; unknown: too few were seen, so low is 0 and high is 1."
        ),
    ]


class IntervalTerms(Struct, frozen=True, kw_only=True):
    """What the intervals promise: of so many orders like one, the share that comes back lies inside, so often."""

    orders: Annotated[int, Meta(ge=1, description="Orders of a batch.")]
    coverage: Annotated[float, Meta(gt=0.0, lt=1.0, description="Share of batches whose rate lies inside, such as 0.9.")]


class Reason(Struct, frozen=True, kw_only=True):
    """One of the features that moved P(return) most."""

    feature: str
    meaning: str
    effect: Literal["raises", "lowers"]
    log_odds: Annotated[float, Meta(description="Its share of the log-odds before calibration (Shapley value of the trees).")]


class RankedOffer(Struct, frozen=True, kw_only=True):
    """An offer with its place and why."""

    sku: str
    position: Annotated[int, Meta(ge=1, description="1 is the best.")]
    propensity: Annotated[
        float, Meta(gt=0.0, le=1.0, description="P(it lies here | what lies above it); below 1 where the policy explores.")
    ]
    price: Amount
    p_order: Annotated[
        Probability | None,
        Meta(
            description="P(order | shown) as given by the caller, else the model's of an offer at the top; null where values are per order."
        ),
    ]
    p_return: Annotated[Probability, Meta(description="P(return | ordered), rounded to 6 decimals.")]
    p_return_interval: Annotated[ReturnRange | None, Meta(description="Null without a return model.")]
    fit: Annotated[Fit | None, Meta(description="Null without a fit model, or for a sku without a size.")]
    money: Money
    fallback: Fallback
    reasons: list[Reason] = []
    p_return_for: Annotated[
        dict[str, Probability] | None,
        Meta(
            description="With explain, for the first 20 offers: p_return shared out over size, quality, taste and other, the reasons it "
            "would come back for; null without a reason model."
        ),
    ] = None


class ExcludedOffer(Struct, frozen=True, kw_only=True):
    """An offer that was not ranked."""

    sku: str
    reason: Literal["hidden", "out_of_stock", "price_unknown"]


class RankReply(Struct, frozen=True, kw_only=True):
    """The offers in the order of the policy's objective within its guard-rail, best first."""

    request_id: str
    as_of: Annotated[Moment, Meta(description="The moment asked about (UTC).")]
    release: Annotated[str, Meta(description="Seal of the release that scored.")]
    snapshot: Annotated[str, Meta(description="Seal of the snapshot that was read.")]
    snapshot_at: Annotated[Moment, Meta(description="The snapshot's moment (UTC): it holds what the shop knew before.")]
    policy: Annotated[str, Meta(description="Version of the business settings that the money was computed with.")]
    country: Annotated[Country | None, Meta(description="The market as asked; null where none was given.")]
    vat_rate: Annotated[
        float, Meta(ge=0.0, description="The market's VAT rate, such as 0.19: price_net = price / (1 + vat_rate), rounded half-even.")
    ]
    currency: Currency
    per: Annotated[
        Literal["view", "order"],
        Meta(description="order: no p_order was given and the release has no order model, so every offer is ranked as if ordered."),
    ]
    fallback: Annotated[Fallback, Meta(description="What every score had to do without; offers carry their own.")]
    intervals: Annotated[IntervalTerms | None, Meta(description="What p_return_interval is of; null without a return model.")]
    objective: Annotated[Objective, Meta(description="What the policy takes an order to be worth.")]
    order_bonus: Annotated[
        int,
        Meta(
            ge=0,
            description="Minor units that the guard-rail added to the worth of every order: offers are ranked by p_order * (worth + it).",
        ),
    ]
    offers: list[RankedOffer]
    excluded: list[ExcludedOffer]
    unknown_offers: Annotated[list[str], Meta(description="Skus that are not in the assortment.")]
    cut_by_limit: Annotated[int, Meta(ge=0, description="Ranked offers that the limit left out.")]


class ReleaseInfo(Struct, frozen=True, kw_only=True):
    """What serves."""

    release: str
    snapshot: str
    snapshot_at: Annotated[Moment, Meta(description="The snapshot's moment (UTC): it holds what the shop knew before.")]
    policy: str
    feature_set: str
    models: list[str]
    currencies: list[str]
    about: Annotated[dict[str, Any], Meta(description="What the release says of its making.")]


class FieldError(Struct, frozen=True, kw_only=True):
    """One field that was refused."""

    field: Annotated[str, Meta(description="JSON pointer, such as /offers/3/price; empty for the document itself.")]
    message: str


class Problem(Struct, frozen=True, kw_only=True):
    """A refusal as a problem document (RFC 9457)."""

    type: Annotated[str, Meta(description="Stable code, such as /problems/invalid-request.")]
    title: str
    status: int
    detail: str
    errors: list[FieldError]
    request_id: str
