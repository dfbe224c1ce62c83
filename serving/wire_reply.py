"""What the storefront gets back from `POST /v1/rank`: every field with its meaning and unit.

Structs of which a reply holds hundreds cannot lie in a cycle, and Python's collector need not look at them (`gc=False`). They can be made
of columns, too (`map(Fit, small, fits, large)`), which is quicker than one by one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from domain.policy import Objective
from serving.wire_words import Amount, Arm, Country, Currency, Degraded, Fallback, FallbackLevel, Moment, Probability, SignedAmount


class Money(Struct, frozen=True, gc=False):
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


class Fit(Struct, frozen=True, gc=False):
    """How the size is expected to fit."""

    small: Probability
    fits: Probability
    large: Probability


class ReturnRange(Struct, frozen=True, gc=False):
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


class Reason(Struct, frozen=True, kw_only=True, gc=False):
    """One of the features that moved P(return) most."""

    feature: str
    meaning: str
    effect: Literal["raises", "lowers"]
    log_odds: Annotated[float, Meta(description="Its share of the log-odds before calibration (Shapley value of the trees).")]


class RankedOffer(Struct, frozen=True, gc=False):
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


class ExcludedOffer(Struct, frozen=True, kw_only=True, gc=False):
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
    degraded: Annotated[
        list[Degraded], Meta(description="What could not be asked: without customer_state, everybody is served as a stranger.")
    ] = []
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
    arm: Annotated[Arm | None, Meta(description="Which of two releases answered; null where there is only one.")] = None
    stale_seconds: Annotated[int, Meta(ge=0, description="The age of the snapshot at the moment asked about: as_of - snapshot_at.")]
    spoken: Annotated[
        str | None,
        Meta(description="The best offer in a sentence, for an assistant to say; null unless asked for, or where no offer is left."),
    ] = None


class ReleaseInfo(Struct, frozen=True, kw_only=True):
    """What serves."""

    release: str
    snapshot: str
    snapshot_at: Annotated[Moment, Meta(description="The snapshot's moment (UTC): it holds what the shop knew before.")]
    policy: str
    feature_set: str
    models: list[str]
    trees: Annotated[
        dict[str, str],
        Meta(description="How each model's trees are evaluated: compiled, or why they are left to LightGBM, which is slower."),
    ]
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
