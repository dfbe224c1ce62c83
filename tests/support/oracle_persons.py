"""What a customer of a tiny shop had declared and allowed by a moment, looked up as slowly and plainly as possible."""

from __future__ import annotations

import datetime as dt
import math

from tests.support.tiny_shops import Row, Rows

OWN, BODY = "personalisation", "measurements"


def granted(rows: Rows, purpose: str, who: str | None, at: dt.datetime) -> bool:
    """Whether the customer's latest word before `at` was yes; a shop without the table answers for itself."""
    if "consents" not in rows:
        return True
    words = [row for row in rows["consents"] if row["customer_id"] == who and row["purpose"] == purpose and row["at"] < at]
    return bool(words) and bool(max(words, key=lambda row: row["at"])["granted"])


def stated(rows: Rows, attribute: str, who: str | None, at: dt.datetime) -> Row | None:
    """The customer's latest statement on an attribute before `at`."""
    words = [row for row in rows.get("preferences", ()) if row["customer_id"] == who and row["attribute"] == attribute]
    return max((row for row in words if row["stated_at"] < at), key=lambda row: row["stated_at"], default=None)


def usable(rows: Rows, attribute: str, who: str | None, at: dt.datetime, midnight: dt.datetime) -> Row | None:
    """What may be used of it: a statement of today at once, an older one if that was allowed at midnight."""
    latest = stated(rows, attribute, who, at)
    if latest is None or latest["stated_at"] >= midnight or granted(rows, BODY, who, midnight):
        return latest
    return None


def body_then(rows: Rows, who: str | None, at: dt.datetime) -> Row:
    """The body and the occasion of who did something at `at`, as far as they had told it by then and allow it."""
    told = {name: stated(rows, name, who, at) for name in ("height_cm", "weight_kg", "occasion")}
    allowed = granted(rows, BODY, who, at)
    return body_of({name: row if allowed else None for name, row in told.items()})


def body_of(told: dict[str, Row | None]) -> Row:
    """Measurements, their bands, and the occasion."""
    height, weight = number(told["height_cm"]), number(told["weight_kg"])
    return {
        "height_cm": height,
        "weight_kg": weight,
        "height_band": None if height is None else math.floor(height / 5),
        "weight_band": None if weight is None else math.floor(weight / 3),
        "occasion": told["occasion"] and told["occasion"]["value"],
    }


def number(told: Row | None) -> float | None:
    """What was stated, if it is a measurement."""
    return None if told is None or told["value"] in ("tall", "inf") else float(told["value"])
