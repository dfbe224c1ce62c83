"""What a service agent sends to `POST /v1/explain`, and gets back: the evidence behind one score, in words and numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from serving.wire import Amount, BasketLine, Channel, Country, Currency, Degraded, Fallback, Id, Moment, RankedOffer, RequestId


class ExplainRequest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Why does this offer score as it does for this customer?"""

    sku: Id
    customer_id: Annotated[Id | None, Meta(description="Who shops; null or unknown is a new customer.")] = None
    price: Annotated[Amount | None, Meta(description="Price per unit including VAT, minor units; default: the list price.")] = None
    discount: Annotated[Amount | None, Meta(description="By how much the price is reduced, per unit, minor units; 0: not at all.")] = None
    country: Country | None = None
    currency: Annotated[Currency | None, Meta(description="Default: the currency of the shop's products.")] = None
    channel: Channel | None = None
    payment_method: Id | None = None
    promised_at: Moment | None = None
    at: Annotated[Moment | None, Meta(description="The moment asked about; default: now.")] = None
    basket: Annotated[tuple[BasketLine, ...], Meta(max_length=100)] = ()
    most: Annotated[int, Meta(ge=1, le=50, description="Most pieces of evidence.")] = 12
    request_id: RequestId | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """One input of P(return), and what it does to it."""

    feature: str
    meaning: str
    value: Annotated[float | None, Meta(description="Null: not known, not allowed, or it does not apply.")]
    unit: str
    about: Annotated[Literal["customer", "offer", "cross", "today"], Meta(description="What it depends on.")]
    effect: Literal["raises", "lowers"]
    log_odds: Annotated[float, Meta(description="Its share of the log-odds before calibration (Shapley value of the trees).")]
    words: Annotated[str, Meta(description="The same in a sentence.")]


class ExplainReply(Struct, frozen=True, kw_only=True):
    """A score and the evidence behind it."""

    request_id: str
    as_of: Moment
    release: str
    snapshot: str
    policy: str
    summary: Annotated[str, Meta(description="In a few sentences.")]
    offer: Annotated[RankedOffer | None, Meta(description="The offer as it would be ranked; null where a hard rule leaves it out.")]
    excluded: Annotated[str | None, Meta(description="Which rule, if any.")]
    fallback: Fallback
    evidence: Annotated[list[Evidence], Meta(description="What moves P(return) most, the strongest first.")]
    withheld: Annotated[
        list[str],
        Meta(description="Purposes that the customer does not allow, of nobody all of them; what they would tell is not looked at."),
    ]
    degraded: Annotated[
        list[Degraded], Meta(description="What could not be asked: without customer_state, everybody is explained as a stranger.")
    ] = []
