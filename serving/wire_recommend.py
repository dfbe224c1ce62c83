"""What the storefront sends to `POST /v1/recommend`, and what it gets back: a ranking without offers to rank."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from serving.wire import BasketLine, Channel, Country, Currency, Id, Moment, RankReply, RequestId

MAX_RECOMMENDED = 100
CANDIDATES = 200
"""How many skus are ranked to recommend a few of them."""


class RecommendRequest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which skus of the whole assortment for this shopper?"""

    customer_id: Annotated[Id | None, Meta(description="Who shops; null or unknown is a new customer.")] = None
    session_id: Annotated[Id | None, Meta(description="Names the visit; nothing is learned from it.")] = None
    country: Country | None = None
    currency: Annotated[Currency | None, Meta(description="Default: the currency of the shop's products.")] = None
    channel: Channel | None = None
    payment_method: Id | None = None
    at: Annotated[Moment | None, Meta(description="The moment asked about; default: now.")] = None
    basket: Annotated[
        tuple[BasketLine, ...], Meta(max_length=100, description="What lies in the basket already; it is not recommended.")
    ] = ()
    categories: Annotated[tuple[Id, ...], Meta(max_length=50, description="Only skus of these categories; empty: of all.")] = ()
    without: Annotated[tuple[Id, ...], Meta(max_length=1_000, description="Skus that are not wanted.")] = ()
    one_per_style: Annotated[bool, Meta(description="True recommends the best sku of a style only.")] = True
    limit: Annotated[int, Meta(ge=1, le=MAX_RECOMMENDED, description="Most skus to recommend.")] = 20
    explain: bool = False
    personalization: Annotated[bool, Meta(description="False: as for somebody whom nobody knows.")] = True
    request_id: Annotated[RequestId | None, Meta(description="Echoed in the reply; made up when not given.")] = None


class Named(Struct, frozen=True, kw_only=True):
    """Who named a recommended sku."""

    sku: str
    sources: Annotated[
        dict[str, int],
        Meta(description="Which sources named its style, and at which rank: kept_together, popular_in_segment, familiar_brand, …"),
    ]


class RecommendReply(Struct, frozen=True, kw_only=True):
    """The recommended skus, ranked like offers."""

    request_id: str
    candidates: Annotated[int, Meta(ge=0, description="How many skus of the assortment were ranked.")]
    known: Annotated[bool, Meta(description="Whether anything that the shopper did spoke for any of them.")]
    ranking: Annotated[RankReply | None, Meta(description="Null where nothing that is wanted is sold.")]
    named: Annotated[list[Named], Meta(description="The recommended skus in their order, with who named them.")]
