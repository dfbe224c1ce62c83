"""What the shop tells the service between two nights: one small record for each thing that became known.

Facts are identified by `id`: the same fact told twice is one. What they say is in the words of the data contract's tables, so a fact
told today and the row that a night's tables hold of it mean the same.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from serving.wire import Amount, Channel, ConsentPurpose, Count, Country, Currency, Id, Moment, MoveKind, ReturnReason, TicketTopic, Units


class Moved(Struct, tag_field="type", tag="event", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A shopper did something: looked at a sku, put it into the basket."""

    id: Id
    customer_id: Id
    kind: MoveKind
    sku: Annotated[Id | None, Meta(description="What it was about, if anything.")] = None
    at: Moment


class Ordered(Struct, tag_field="type", tag="order", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One sku was ordered; `id` is the order line's."""

    id: Annotated[Id, Meta(description="The line's id, as `line_id` in order_lines.")]
    order_id: Id
    customer_id: Id
    sku: Id
    quantity: Units = 1
    unit_price: Amount | None = None
    country: Country | None = None
    channel: Channel | None = None
    payment_method: Id | None = None
    at: Annotated[Moment, Meta(description="When it was ordered.")]


class ReturnRequested(Struct, tag_field="type", tag="return", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer asked to send units of an order line back, or they arrived."""

    id: Annotated[Id, Meta(description="The return's id, as `return_id` in returns, and, once the units have arrived, another one.")]
    customer_id: Id
    line_id: Id
    sku: Annotated[Id, Meta(description="What the line was about.")]
    reason: ReturnReason | None = None
    received: Annotated[bool, Meta(description="True once the units have arrived.")] = False
    at: Annotated[Moment, Meta(description="When it was asked for, or arrived.")]


class Kept(Struct, tag_field="type", tag="keep", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer said that a line is kept, before its window has closed."""

    id: Id
    customer_id: Id
    line_id: Id
    at: Moment


class Exchanged(Struct, tag_field="type", tag="exchange", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer exchanged a line's sku for another one, mostly another size."""

    id: Id
    customer_id: Id
    line_id: Id
    sku: Annotated[Id, Meta(description="What the line was about.")]
    for_sku: Annotated[Id, Meta(description="What the customer wants instead.")]
    at: Moment


class Declared(Struct, tag_field="type", tag="preference", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer declared a size, a measurement, an occasion."""

    id: Id
    customer_id: Id
    attribute: Annotated[Id, Meta(description="height_cm, weight_kg, bust_band_in, bust_cup, occasion, or size:<category>.")]
    value: Annotated[Id, Meta(description="The declared value, as text.")]
    needed_on: Annotated[Moment | None, Meta(description="The day of the occasion.")] = None
    at: Moment


class Consented(Struct, tag_field="type", tag="consent", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer granted a purpose, or withdrew it."""

    id: Id
    customer_id: Id
    purpose: ConsentPurpose
    granted: Annotated[bool, Meta(description="False withdraws.")]
    notice_version: Annotated[Id | None, Meta(description="Which notice was shown (W3C DPV, ISO/IEC TS 27560).")] = None
    at: Moment


class TicketOpened(Struct, tag_field="type", tag="ticket", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A customer asked or complained."""

    id: Id
    customer_id: Id
    topic: TicketTopic
    line_id: Id | None = None
    sku: Id | None = None
    channel: Channel | None = None
    at: Moment


class StockChanged(Struct, tag_field="type", tag="stock", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """So many units of a sku can be sold now, over all locations; the latest `at` holds."""

    id: Id
    sku: Id
    available: Count
    at: Moment


class PriceChanged(Struct, tag_field="type", tag="price", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A sku's list price is another one now; the latest `at` holds."""

    id: Id
    sku: Id
    price: Annotated[Amount, Meta(description="List price per unit including VAT, minor units.")]
    currency: Currency
    at: Moment


OfCustomer = Moved | Ordered | ReturnRequested | Kept | Exchanged | Declared | Consented | TicketOpened
"""Facts about a customer: they are erased with him."""

OfSku = StockChanged | PriceChanged
"""Facts about a sku: they concern nobody."""

Fact = OfCustomer | OfSku
