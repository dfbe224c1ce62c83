"""What a tiny shop knew at a moment, as slowly and plainly as possible: the state of things then, with no thought of sums by day."""

from __future__ import annotations

import datetime as dt

from tests.support.oracle_persons import body_then
from tests.support.tiny_shops import PRODUCTS, WINDOWS, Row, Rows, TinyShop, day_of

SIZES = {"38": 38.0, "40,5": 40.5, "M": 1.0, "L": 2.0}
REASONS = {
    "size": ("size", "too_small", "too_large"),
    "small": ("too_small",),
    "large": ("too_large",),
    "quality": ("quality", "damaged", "not_as_described", "wrong_item"),
    "taste": ("style", "changed_mind"),
}
_SPEAKS_FOR = {
    "organic": ("health", "planet"),
    "oeko_tex": ("health",),
    "vegan": ("planet",),
    "local": ("society",),
    "charity": ("society",),
    "designer": ("experience",),
    "new": ("experience",),
}


def product_of(sku: str | None) -> Row:
    """What follows from the sku; nothing of an unknown one."""
    found = next((row for row in PRODUCTS if row["sku"] == sku), None)
    if found is None:
        return {}
    tags = [tag.strip() for tag in found.get("value_tags", "").split(",")]
    values = {value for tag in tags for value in _SPEAKS_FOR.get(tag, ())}
    return {"size": None, "size_system": "-", **found, "position": SIZES.get(found.get("size") or ""), "values": values}


def known_before(tiny: TinyShop, moment: dt.datetime) -> dict[str, list[Row]]:
    """Everything the shop had learned before a moment, by kind: rows with their product, and the day on which it learned of them."""
    rows = tiny.rows
    found = {
        "ordered": _ordered(rows),
        "delivered": [{**line, "known": line["delivered_at"]} for line in _lines(rows) if line["delivered_at"]],
        "kept": _kept(rows, moment),
        "returned": _returned(rows, moment),
        "verdicts": [_verdict(rows, row) for row in rows.get("fit_feedback", ())],
        "tickets": [_ticket(rows, row) for row in rows.get("tickets", ())],
        "events": [{**row, **product_of(row["sku"]), "known": learned(row, "at")} for row in rows.get("events", ())],
    }
    return {
        kind: [{**fact, "day": day_of(fact["known"], tiny.zone)} for fact in facts if fact["known"] < moment]
        for kind, facts in found.items()
    }


def learned(row: Row, happened: str) -> dt.datetime:
    """When the shop knew of something that has happened."""
    moment: dt.datetime = row[happened]
    return max(moment, row["known_at"]) if row["known_at"] else moment


def first_told(returns: list[Row]) -> list[Row]:
    """Each return as it was told first."""
    return [versions_of(returns, return_id)[0] for return_id in sorted({row["return_id"] for row in returns})]


def versions_of(returns: list[Row], return_id: str) -> list[Row]:
    """What was told of a return, in the order in which it was told."""
    told = [row for row in returns if row["return_id"] == return_id]
    return sorted(told, key=lambda row: row["known_at"] or row["requested_at"])


def _lines(rows: Rows) -> list[Row]:
    return [{**line, **product_of(line["sku"])} for line in rows["order_lines"]]


def _ordered(rows: Rows) -> list[Row]:
    """Lines; an order counts at its first line, a bracket at the line that completes it."""
    lines = []
    for line in _lines(rows):
        order = [other for other in _lines(rows) if other["order_id"] == line["order_id"]]
        before = [other for other in order if other["ordered_at"] <= line["ordered_at"] and other["style_id"] == line["style_id"]]
        first = min(order, key=lambda other: (other["ordered_at"], other["line_id"]))
        told = {"known": line["ordered_at"], "opens_order": first["line_id"] == line["line_id"]}
        lines.append({**line, **told, "bracketed": any(other["sku"] != line["sku"] for other in before)})
    return lines


def window_ends(line: Row, moment: dt.datetime) -> dt.datetime:
    """When the window closes, as far as it could be told at a moment: a delivery opens it when it has come."""
    delivered = line["delivered_at"] if line["delivered_at"] and line["delivered_at"] < moment else None
    opens: dt.datetime = delivered or line["promised_at"] or line["ordered_at"]
    return opens + dt.timedelta(days=WINDOWS.get(line["country"] or "", WINDOWS[""]))


def _inside(rows: Rows, line: Row, moment: dt.datetime) -> list[Row]:
    """What was told of returns that were asked for inside the line's window."""
    return [row for row in rows["returns"] if row["line_id"] == line["line_id"] and row["requested_at"] <= window_ends(line, moment)]


def _kept(rows: Rows, moment: dt.datetime) -> list[Row]:
    """Lines whose window has closed, and of which the shop does not know by now that they were asked back in time."""
    if not rows["returns"]:
        return []
    settled = [line for line in _lines(rows) if not any(learned(row, "requested_at") < moment for row in _inside(rows, line, moment))]
    return [{**line, **body_then(rows, line["customer_id"], line["ordered_at"]), "known": window_ends(line, moment)} for line in settled]


def _returned(rows: Rows, moment: dt.datetime) -> list[Row]:
    """Lines of which a parcel has arrived, since the first one, with all parcels as they are told of by now."""
    found = []
    for line in _lines(rows):
        returns = _inside(rows, line, moment)
        parcels = [_arrived(line, versions_of(returns, return_id), moment) for return_id in sorted({row["return_id"] for row in returns})]
        arrived = [parcel for parcel in parcels if parcel]
        if arrived:
            units, reasons = sum(parcel["quantity"] for parcel in arrived), {parcel["reason"] for parcel in arrived}
            groups = {group for group, members in REASONS.items() if reasons & set(members)}
            found.append({**line, "known": min(parcel["known"] for parcel in arrived), "units": units, "groups": groups})
    return found


def _arrived(line: Row, versions: list[Row], moment: dt.datetime) -> Row | None:
    """A parcel as it is told of by a moment, since it is known to have arrived; a correction need not repeat the arrival.

    One that was asked for when the window seemed closed counts since the delivery that opened it again.
    """
    parcel: Row | None = None
    received_at: dt.datetime | None = None
    for version in versions:
        received_at = version["received_at"] or received_at
        if received_at is None:
            continue
        known = learned({**version, "received_at": received_at}, "received_at")
        if version["requested_at"] > window_ends({**line, "delivered_at": None}, moment):
            known = max(known, line["delivered_at"])
        if known < moment:
            parcel = {**version, "known": parcel["known"] if parcel else known}
    return parcel


def _verdict(rows: Rows, row: Row) -> Row:
    body = body_then(rows, row["customer_id"], row["given_at"])
    return {**row, **product_of(row["sku"]), **body, "known": learned(row, "given_at")}


def _ticket(rows: Rows, row: Row) -> Row:
    line = next((line for line in rows["order_lines"] if line["line_id"] == row["line_id"]), {})
    of_line = {name: line.get(name) for name in ("customer_id", "country", "channel", "payment_method")}
    return {**of_line, **product_of(row["sku"] or line.get("sku")), "topic": row["topic"], "known": learned(row, "opened_at")}
