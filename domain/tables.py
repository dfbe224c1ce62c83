"""The data contract: which tables a shop hands over, and what each column means.

Every timestamp is UTC, every amount of money is a whole number of minor units (cents), every id is text.
`docs/data-contract.md` is generated from this file; `domain.contract.check` enforces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from domain import columns
from domain.columns import MAX_AMOUNT as MAX_AMOUNT
from domain.columns import UTC as UTC
from domain.sizes import SIZE_REASONS

Tables = Mapping[str, pd.DataFrame]
"""A shop's tables by name, each as its schema says (see `TABLES`)."""

VERDICTS = ("small", "fits", "large")
"""What a customer says of a size: the item was too small, fitted, or was too large."""

RETURN_REASONS = (*SIZE_REASONS, "quality", "damaged", "not_as_described", "style", "late", "changed_mind", "wrong_item", "other")
EVENT_KINDS = ("view", "search", "size_guide", "wishlist", "basket", "remove_from_basket")
TICKET_TOPICS = ("product", "size", "delivery", "payment", "return", "other")
CONSENT_PURPOSES = ("personalisation", "measurements")


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    Attributes:
        name: the file's stem, or the DuckDB table's name.
        meaning: one sentence on what a row is.
        needed: whether a shop must have it; further tables add features.
        key: the columns that identify a row.
        known_at: the column that says when the row's fact reached the shop (its column `known_at` may say later); None for master data.
        schema: the pandera schema; it refuses unknown columns.
        repeats: whether a row may be told more than once; rows that are equal in every column are then one.
    """

    name: str
    meaning: str
    needed: bool
    key: tuple[str, ...]
    known_at: str | None
    schema: pa.DataFrameSchema
    repeats: bool = False


def _table(
    name: str,
    meaning: str,
    columns: dict[str, pa.Column],
    *,
    key: tuple[str, ...],
    known_at: str | None,
    needed: bool = False,
    repeats: bool = False,
) -> Table:
    return Table(name, meaning, needed, key, known_at, pa.DataFrameSchema(columns, name=name, strict=True, ordered=False), repeats)


_ALL = (
    _table(
        "products",
        "One sku: a product in one size and colour.",
        {
            "sku": columns.text("the sellable variant", needed=True),
            "style_id": columns.text("the product that the sku is a variant of", needed=True),
            "category": columns.text("the shop's own category, such as dress", needed=True),
            "brand": columns.text("brand"),
            "supplier_id": columns.text("who makes or delivers it"),
            "size": columns.text("the size as printed, such as 38 or M"),
            "size_system": columns.text("the system the size belongs to, such as EU or EU shoes; sizes of two systems are never compared"),
            "colour": columns.text("colour"),
            "material": columns.text("main material"),
            "looks": columns.looks(
                "coordinates in which goods that look alike lie close together, such as 0.31 -1.2 0.05: for example the first principal "
                "components of an image embedding; as many for every sku that has any"
            ),
            "price": columns.amount("list price per unit including VAT"),
            "unit_cost": columns.amount("what a unit costs the shop without VAT"),
            "currency": columns.currency(),
            "value_tags": columns.text("comma-separated value tags, such as organic,fair_trade,local"),
            "launched_at": columns.moment("when the sku was first offered"),
            "hidden": pa.Column(bool, nullable=False, required=False, description="true when the shop does not offer the sku"),
        },
        key=("sku",),
        known_at=None,
        needed=True,
    ),
    _table(
        "order_lines",
        "One sku in one order: the unit that is kept or returned.",
        {
            "line_id": columns.text("id of the line", needed=True),
            "order_id": columns.text("id of the order", needed=True),
            "customer_id": columns.text("who ordered", needed=True),
            "sku": columns.text("what was ordered", needed=True),
            "ordered_at": columns.moment("when it was ordered", needed=True),
            "promised_at": columns.moment("when delivery was promised for"),
            "delivered_at": columns.moment("when it was delivered; the return window opens"),
            "channel": columns.text("web, app, store, …"),
            "country": columns.country(),
            "payment_method": columns.text("invoice, card, …"),
            "quantity": columns.units("units"),
            "unit_price": columns.amount("price paid per unit including VAT, after discount"),
            "discount": columns.amount("discount per unit"),
            "currency": columns.currency(),
        },
        key=("line_id",),
        known_at="ordered_at",
        needed=True,
    ),
    _table(
        "returns",
        "Units of one order line that came back; a line may have several. A row that is told later corrects the earlier one of its return.",
        {
            "return_id": columns.text("id of the return", needed=True),
            "line_id": columns.text("the order line it belongs to", needed=True),
            "quantity": columns.units("units that came back"),
            "requested_at": columns.moment("when the customer asked for the return", needed=True),
            "received_at": columns.moment("when the units arrived; empty while they are on their way"),
            "reason": columns.text("why", one_of=RETURN_REASONS),
            "condition": columns.text("condition on arrival, such as as_new or worn"),
            "disposition": columns.text("what became of it, such as resold or destroyed"),
            "refund": columns.amount("what was paid back for these units including VAT, in the line's currency"),
            "recovered_value": columns.amount("what these units still brought without VAT, in the line's currency"),
            "known_at": columns.known_at(),
        },
        key=("return_id", "known_at"),
        known_at="received_at",
        needed=True,
    ),
    _table(
        "customers",
        "One customer account.",
        {
            "customer_id": columns.text("id of the account", needed=True),
            "joined_at": columns.moment("when the account was opened", needed=True),
            "country": columns.country(),
        },
        key=("customer_id",),
        known_at="joined_at",
    ),
    _table(
        "fit_feedback",
        "A customer's verdict on a size.",
        {
            "customer_id": columns.text("who said it", needed=True),
            "sku": columns.text("of which sku", needed=True),
            "line_id": columns.text("the order line it is about, where known; only these train the fit model"),
            "given_at": columns.moment("when it was said", needed=True),
            "verdict": columns.text("small, fits or large", needed=True, one_of=VERDICTS),
            "known_at": columns.known_at(),
        },
        key=("customer_id", "sku", "given_at"),
        known_at="given_at",
    ),
    _table(
        "events",
        "Something a shopper did in the shop; an event that is told twice, the same in every column, is one.",
        {
            "event_id": columns.text("id of the event", needed=True),
            "customer_id": columns.text("who, when known"),
            "session_id": columns.text("in which session"),
            "sku": columns.text("about which sku, if any"),
            "kind": columns.text("what was done", needed=True, one_of=EVENT_KINDS),
            "at": columns.moment("when", needed=True),
            "known_at": columns.known_at(),
        },
        key=("event_id",),
        known_at="at",
        repeats=True,
    ),
    _table(
        "preferences",
        "Something a customer declared: a size, a measurement, an occasion, a value, a budget.",
        {
            "customer_id": columns.text("who declared it", needed=True),
            "stated_at": columns.moment("when it was declared", needed=True),
            "attribute": columns.text(
                "what: height_cm, weight_kg, bust_band_in, bust_cup, body_shape, occasion, size:<category>, …", needed=True
            ),
            "value": columns.text("the declared value, as text", needed=True),
            "needed_on": columns.moment("the day it is needed for, such as a wedding's date"),
        },
        key=("customer_id", "attribute", "stated_at"),
        known_at="stated_at",
    ),
    _table(
        "impressions",
        "One offer shown to one shopper at one position.",
        {
            "request_id": columns.text("which reply it was part of", needed=True),
            "at": columns.moment("when it was shown", needed=True),
            "customer_id": columns.text("to whom, when known"),
            "session_id": columns.text("in which session"),
            "sku": columns.text("what was shown", needed=True),
            "position": columns.whole("position in the list, 1 at the top", needed=True, at_least=1),
            "propensity": columns.share("probability with which the policy put it there"),
            "policy": columns.text("which policy decided"),
            "price": columns.amount("price shown including VAT"),
            "clicked_at": columns.moment("when it was clicked"),
            "line_id": columns.text("the order line it led to"),
        },
        key=("request_id", "sku"),
        known_at="at",
    ),
    _table(
        "stock",
        "How many units of a sku a location holds, counted at a time.",
        {
            "sku": columns.text("what", needed=True),
            "location": columns.text("where", needed=True),
            "at": columns.moment("when it was counted", needed=True),
            "available": columns.whole("units that can be sold now", needed=True),
            "inbound": columns.whole("units on their way"),
            "inbound_at": columns.moment("when those arrive"),
        },
        key=("sku", "location", "at"),
        known_at="at",
    ),
    _table(
        "tickets",
        "A customer's complaint or question.",
        {
            "ticket_id": columns.text("id of the ticket", needed=True),
            "line_id": columns.text("the order line it is about"),
            "sku": columns.text("the sku it is about"),
            "opened_at": columns.moment("when it was opened", needed=True),
            "topic": columns.text("about what", needed=True, one_of=TICKET_TOPICS),
            "channel": columns.text("mail, chat, phone, …"),
            "known_at": columns.known_at(),
        },
        key=("ticket_id",),
        known_at="opened_at",
    ),
    _table(
        "consents",
        "A customer granted or withdrew consent to a purpose.",
        {
            "customer_id": columns.text("who", needed=True),
            "purpose": columns.text("for what", needed=True, one_of=CONSENT_PURPOSES),
            "granted": columns.flag("true when granted, false when withdrawn"),
            "at": columns.moment("when", needed=True),
            "notice_version": columns.text("which notice was shown (W3C DPV, ISO/IEC TS 27560)"),
        },
        key=("customer_id", "purpose", "at"),
        known_at="at",
    ),
    _table(
        "interventions",
        "Something the shop did to help a customer choose.",
        {
            "decision_id": columns.text("id of the decision", needed=True),
            "at": columns.moment("when", needed=True),
            "customer_id": columns.text("for whom", needed=True),
            "basket": columns.text("comma-separated skus in the basket"),
            "action": columns.text("what was done", needed=True),
            "propensity": columns.share("probability with which it was chosen", needed=True),
            "line_ids": columns.text("comma-separated order lines it led to"),
        },
        key=("decision_id",),
        known_at="at",
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _ALL}
"""Every table of the contract, by name."""

NEEDED = tuple(table.name for table in _ALL if table.needed)
