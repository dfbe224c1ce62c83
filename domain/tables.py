"""The data contract: which tables a shop hands over, and what each column means.

Every timestamp is UTC, every amount of money is a whole number of minor units (cents), every id is text.
`docs/data-contract.md` is generated from this file; `domain.contract.check` enforces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

Tables = Mapping[str, pd.DataFrame]
"""A shop's tables by name, each as its schema says (see `TABLES`)."""

VERDICTS = ("small", "fits", "large")
"""What a customer says of a size: the item was too small, fitted, or was too large."""

SIZE_REASONS = ("too_small", "too_large", "size")
"""Return reasons that count as size-related."""

RETURN_REASONS = (*SIZE_REASONS, "quality", "damaged", "not_as_described", "style", "late", "changed_mind", "wrong_item", "other")
EVENT_KINDS = ("view", "search", "size_guide", "wishlist", "basket", "remove_from_basket")
TICKET_TOPICS = ("product", "size", "delivery", "payment", "return", "other")
CONSENT_PURPOSES = ("personalisation", "measurements")

UTC = pd.DatetimeTZDtype("us", "UTC")

MAX_AMOUNT = 10**12
"""The largest amount in minor units that stays exact in 64 bits when a share is applied."""

MAX_UNITS = 10**6
"""The most units of one line: their value in minor units stays exact in 64 bits."""


def _text(meaning: str, *, needed: bool = False, one_of: tuple[str, ...] = ()) -> pa.Column:
    checks = [pa.Check.str_length(min_value=1, error="must not be empty")]
    if one_of:
        checks.append(pa.Check.isin(one_of, error=f"must be one of: {', '.join(one_of)}"))
    return pa.Column(str, checks, nullable=not needed, required=needed, description=meaning)


def _moment(meaning: str, *, needed: bool = False) -> pa.Column:
    return pa.Column(UTC, nullable=not needed, required=needed, description=meaning)


def _whole(meaning: str, *, needed: bool = False, at_least: int = 0, at_most: int | None = None) -> pa.Column:
    checks = [pa.Check.ge(at_least, error=f"must be at least {at_least}")]
    if at_most is not None:
        checks.append(pa.Check.le(at_most, error=f"must be at most {at_most:,}"))
    return pa.Column("int64" if needed else "Int64", checks, nullable=not needed, required=needed, description=meaning)


def _amount(meaning: str) -> pa.Column:
    return _whole(f"{meaning}, minor units", at_most=MAX_AMOUNT)


def _units(meaning: str) -> pa.Column:
    return _whole(meaning, needed=True, at_least=1, at_most=MAX_UNITS)


def _share(meaning: str, *, needed: bool = False) -> pa.Column:
    check = pa.Check.in_range(0.0, 1.0, include_min=False, error="must be above 0 and at most 1")
    return pa.Column("float64", check, nullable=not needed, required=needed, description=meaning)


def _flag(meaning: str) -> pa.Column:
    return pa.Column(bool, nullable=False, required=True, description=meaning)


_CURRENCY = pa.Check.str_matches(r"^[A-Z]{3}$", error="must be an ISO 4217 code such as EUR")


def _currency() -> pa.Column:
    return pa.Column(str, _CURRENCY, nullable=False, required=True, description="ISO 4217 code of every amount in the row")


def _country(*, needed: bool = False) -> pa.Column:
    check = pa.Check.str_matches(r"^[A-Z]{2}$", error="must be an ISO 3166-1 alpha-2 code such as DE")
    return pa.Column(str, check, nullable=True, required=needed, description="market: ISO 3166-1 alpha-2 code")


@dataclass(frozen=True)
class Table:
    """One table of the contract.

    Attributes:
        name: the file's stem, or the DuckDB table's name.
        meaning: one sentence on what a row is.
        needed: whether a shop must have it; further tables add features.
        key: the columns that identify a row.
        known_at: the column that says when the row's fact reached the shop; None for master data.
        schema: the pandera schema; it refuses unknown columns.
    """

    name: str
    meaning: str
    needed: bool
    key: tuple[str, ...]
    known_at: str | None
    schema: pa.DataFrameSchema


def _table(
    name: str, meaning: str, columns: dict[str, pa.Column], *, key: tuple[str, ...], known_at: str | None, needed: bool = False
) -> Table:
    return Table(name, meaning, needed, key, known_at, pa.DataFrameSchema(columns, name=name, strict=True, ordered=False))


_ALL = (
    _table(
        "products",
        "One sku: a product in one size and colour.",
        {
            "sku": _text("the sellable variant", needed=True),
            "style_id": _text("the product that the sku is a variant of", needed=True),
            "category": _text("the shop's own category, such as dress", needed=True),
            "brand": _text("brand"),
            "supplier_id": _text("who makes or delivers it"),
            "size": _text("the size as printed, such as 38 or M"),
            "size_system": _text("the system the size belongs to, such as EU"),
            "colour": _text("colour"),
            "material": _text("main material"),
            "price": _amount("list price per unit including VAT"),
            "unit_cost": _amount("what a unit costs the shop without VAT"),
            "currency": _currency(),
            "value_tags": _text("comma-separated value tags, such as organic,fair_trade,local"),
            "launched_at": _moment("when the sku was first offered"),
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
            "line_id": _text("id of the line", needed=True),
            "order_id": _text("id of the order", needed=True),
            "customer_id": _text("who ordered", needed=True),
            "sku": _text("what was ordered", needed=True),
            "ordered_at": _moment("when it was ordered", needed=True),
            "promised_at": _moment("when delivery was promised for"),
            "delivered_at": _moment("when it was delivered; the return window opens"),
            "channel": _text("web, app, store, …"),
            "country": _country(),
            "payment_method": _text("invoice, card, …"),
            "quantity": _units("units"),
            "unit_price": _amount("price paid per unit including VAT, after discount"),
            "discount": _amount("discount per unit"),
            "currency": _currency(),
        },
        key=("line_id",),
        known_at="ordered_at",
        needed=True,
    ),
    _table(
        "returns",
        "Units of one order line that came back; a line may have several.",
        {
            "return_id": _text("id of the return", needed=True),
            "line_id": _text("the order line it belongs to", needed=True),
            "quantity": _units("units that came back"),
            "requested_at": _moment("when the customer asked for the return", needed=True),
            "received_at": _moment("when the units arrived; empty while they are on their way"),
            "reason": _text("why", one_of=RETURN_REASONS),
            "condition": _text("condition on arrival, such as as_new or worn"),
            "disposition": _text("what became of it, such as resold or destroyed"),
            "refund": _amount("what was paid back for these units including VAT, in the line's currency"),
            "recovered_value": _amount("what these units still brought without VAT, in the line's currency"),
        },
        key=("return_id",),
        known_at="received_at",
        needed=True,
    ),
    _table(
        "customers",
        "One customer account.",
        {
            "customer_id": _text("id of the account", needed=True),
            "joined_at": _moment("when the account was opened", needed=True),
            "country": _country(),
        },
        key=("customer_id",),
        known_at="joined_at",
    ),
    _table(
        "fit_feedback",
        "A customer's verdict on a size.",
        {
            "customer_id": _text("who said it", needed=True),
            "sku": _text("of which sku", needed=True),
            "line_id": _text("the order line it is about, where known; only these train the fit model"),
            "given_at": _moment("when it was said", needed=True),
            "verdict": _text("small, fits or large", needed=True, one_of=VERDICTS),
        },
        key=("customer_id", "sku", "given_at"),
        known_at="given_at",
    ),
    _table(
        "events",
        "Something a shopper did in the shop.",
        {
            "event_id": _text("id of the event", needed=True),
            "customer_id": _text("who, when known"),
            "session_id": _text("in which session"),
            "sku": _text("about which sku, if any"),
            "kind": _text("what was done", needed=True, one_of=EVENT_KINDS),
            "at": _moment("when", needed=True),
        },
        key=("event_id",),
        known_at="at",
    ),
    _table(
        "preferences",
        "Something a customer declared: a size, a measurement, an occasion, a value, a budget.",
        {
            "customer_id": _text("who declared it", needed=True),
            "stated_at": _moment("when it was declared", needed=True),
            "attribute": _text("what: height_cm, weight_kg, bust_band_in, bust_cup, body_shape, occasion, size:<category>, …", needed=True),
            "value": _text("the declared value, as text", needed=True),
            "needed_on": _moment("the day it is needed for, such as a wedding's date"),
        },
        key=("customer_id", "attribute", "stated_at"),
        known_at="stated_at",
    ),
    _table(
        "impressions",
        "One offer shown to one shopper at one position.",
        {
            "request_id": _text("which reply it was part of", needed=True),
            "at": _moment("when it was shown", needed=True),
            "customer_id": _text("to whom, when known"),
            "session_id": _text("in which session"),
            "sku": _text("what was shown", needed=True),
            "position": _whole("position in the list, 1 at the top", needed=True, at_least=1),
            "propensity": _share("probability with which the policy put it there"),
            "policy": _text("which policy decided"),
            "price": _amount("price shown including VAT"),
            "clicked_at": _moment("when it was clicked"),
            "line_id": _text("the order line it led to"),
        },
        key=("request_id", "sku"),
        known_at="at",
    ),
    _table(
        "stock",
        "How many units of a sku a location holds, counted at a time.",
        {
            "sku": _text("what", needed=True),
            "location": _text("where", needed=True),
            "at": _moment("when it was counted", needed=True),
            "available": _whole("units that can be sold now", needed=True),
            "inbound": _whole("units on their way"),
            "inbound_at": _moment("when those arrive"),
        },
        key=("sku", "location", "at"),
        known_at="at",
    ),
    _table(
        "tickets",
        "A customer's complaint or question.",
        {
            "ticket_id": _text("id of the ticket", needed=True),
            "line_id": _text("the order line it is about"),
            "sku": _text("the sku it is about"),
            "opened_at": _moment("when it was opened", needed=True),
            "topic": _text("about what", needed=True, one_of=TICKET_TOPICS),
            "channel": _text("mail, chat, phone, …"),
        },
        key=("ticket_id",),
        known_at="opened_at",
    ),
    _table(
        "consents",
        "A customer granted or withdrew consent to a purpose.",
        {
            "customer_id": _text("who", needed=True),
            "purpose": _text("for what", needed=True, one_of=CONSENT_PURPOSES),
            "granted": _flag("true when granted, false when withdrawn"),
            "at": _moment("when", needed=True),
            "notice_version": _text("which notice was shown (W3C DPV, ISO/IEC TS 27560)"),
        },
        key=("customer_id", "purpose", "at"),
        known_at="at",
    ),
    _table(
        "interventions",
        "Something the shop did to help a customer choose.",
        {
            "decision_id": _text("id of the decision", needed=True),
            "at": _moment("when", needed=True),
            "customer_id": _text("for whom", needed=True),
            "basket": _text("comma-separated skus in the basket"),
            "action": _text("what was done", needed=True),
            "propensity": _share("probability with which it was chosen", needed=True),
            "line_ids": _text("comma-separated order lines it led to"),
        },
        key=("decision_id",),
        known_at="at",
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _ALL}
"""Every table of the contract, by name."""

NEEDED = tuple(table.name for table in _ALL if table.needed)
