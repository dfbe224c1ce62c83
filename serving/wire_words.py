"""The words of the interface: what an id, an amount, a moment is wherever it is told, with its limits."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta

from domain.economics import MAX_AMOUNT

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

Fallback = Literal["none", "new_customer", "new_offer", "new_customer_and_offer", "prior", "deadline"]
"""What a score had to do without: nothing, the customer's history, the sku's, both, the return model altogether, or time: then the offers
are in the caller's own order."""

FallbackLevel = Literal["none", "customer_and_item", "all", "unknown"]
