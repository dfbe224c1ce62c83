"""What the storefront sends to `POST /v1/basket`, and what it gets back: the risk of every line, and what would help most."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from serving.wire import (
    Amount,
    Channel,
    Country,
    Currency,
    Degraded,
    Fit,
    Id,
    Moment,
    Money,
    Probability,
    RequestId,
    ReturnRange,
    SignedAmount,
    Units,
)

MAX_LINES = 30

Action = Literal["none", "keep_one_size", "other_size"]


class Line(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A line of the basket."""

    sku: Id
    quantity: Units = 1
    price: Annotated[Amount | None, Meta(description="Price per unit including VAT, minor units; default: the list price.")] = None
    discount: Annotated[Amount | None, Meta(description="By how much the price is reduced, per unit, minor units; 0: not at all.")] = None


class BasketRequest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is likely to come back of this basket, and what would help?"""

    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=MAX_LINES, description="The basket; no sku twice.")]
    customer_id: Annotated[Id | None, Meta(description="Who shops; null or unknown is a new customer.")] = None
    session_id: Annotated[Id | None, Meta(description="Names the visit; nothing is learned from it.")] = None
    country: Country | None = None
    currency: Annotated[Currency | None, Meta(description="Default: the currency of the shop's products.")] = None
    channel: Channel | None = None
    payment_method: Id | None = None
    promised_at: Moment | None = None
    at: Annotated[Moment | None, Meta(description="The moment asked about; default: now.")] = None
    personalization: Annotated[bool, Meta(description="False: as for somebody whom nobody knows.")] = True
    request_id: RequestId | None = None


class AssessedLine(Struct, frozen=True, kw_only=True):
    """A line with what is expected of it beside the others."""

    sku: str
    quantity: int
    p_return: Probability
    p_return_interval: ReturnRange | None
    fit: Fit | None
    money: Annotated[Money, Meta(description="Per unit and order.")]
    other_sizes: Annotated[list[str], Meta(description="Skus of the basket that are other sizes of the same style: some will come back.")]


class Intervention(Struct, frozen=True, kw_only=True):
    """Something that the shop may do to help the shopper choose; it never refuses anything."""

    action: Action
    skus: Annotated[list[str], Meta(description="The lines that it is about.")]
    instead: Annotated[str | None, Meta(description="The sku to keep, or to take instead.")] = None
    expected_value: Annotated[
        SignedAmount,
        Meta(
            description="Minor units of expected kept margin that the basket gains if the shopper follows it. It is what the models expect "
            "of the other basket, no measured effect of saying so."
        ),
    ]
    sentence: Annotated[str, Meta(description="In words for the storefront.")]


class BasketReply(Struct, frozen=True, kw_only=True):
    """The basket, assessed."""

    request_id: str
    release: str
    snapshot: str
    policy: str
    currency: Currency
    lines: Annotated[list[AssessedLine], Meta(description="In the order of the request.")]
    excluded: Annotated[list[str], Meta(description="Skus that the shop hides, or whose price nobody knows: nothing is said of them.")]
    expected_returns: Annotated[float, Meta(ge=0.0, description="Units that are expected to come back.")]
    expected_kept_margin: Annotated[SignedAmount, Meta(description="Minor units, of the whole basket, if it is ordered.")]
    best: Annotated[Intervention, Meta(description="The most valuable of what was considered; none where nothing is worth more than 0.")]
    considered: list[Intervention]
    degraded: Annotated[
        list[Degraded], Meta(description="What could not be asked: without customer_state, everybody is assessed as a stranger.")
    ] = []
