"""The histories and some features of a tiny shop, computed as slowly and plainly as possible: loops over plain rows."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from features.entities import Entity
from features.facts import KEYS
from tests.support.tiny_shops import NOW, WINDOWS, Row, Rows, day_of

_SIZES = {"38": 38.0, "40,5": 40.5, "M": 1.0}
_SIZE_REASONS = ("size", "too_small", "too_large")


def consented(rows: Rows, purpose: str, customer: str | None, at: dt.datetime) -> bool:
    """Whether the customer's latest word before `at` was yes."""
    if "consents" not in rows:
        return True
    words = [row for row in rows["consents"] if row["customer_id"] == customer and row["purpose"] == purpose and row["at"] < at]
    return bool(words) and max(words, key=lambda row: row["at"])["granted"]


def stated(rows: Rows, attribute: str, customer: str | None, at: dt.datetime) -> str | None:
    """What the customer last declared before `at`, if its use is allowed."""
    words = [r for r in rows.get("preferences", []) if r["customer_id"] == customer and r["attribute"] == attribute and r["stated_at"] < at]
    if not words or not consented(rows, "measurements", customer, at):
        return None
    return str(max(words, key=lambda row: row["stated_at"])["value"])


def measured(rows: Rows, attribute: str, customer: str | None, at: dt.datetime) -> float | None:
    """The same as a number, if it is one."""
    text = stated(rows, attribute, customer, at)
    return float(text) if text not in (None, "tall", "inf") else None


def about(rows: Rows, customer: str | None, sku: str, at: dt.datetime, country: str | None) -> Row:
    """The keys of an asked-for row or of a fact."""
    product = next((row for row in rows["products"] if row["sku"] == sku), {})
    height, weight = measured(rows, "height_cm", customer, at), measured(rows, "weight_kg", customer, at)
    known = {name: product.get(name) for name in ("style_id", "category", "brand", "supplier_id", "size")}
    system = (product.get("size_system") or "-") if product else None
    bands = {
        "height_band": None if height is None else str(math.floor(height / 5)),
        "weight_band": None if weight is None else str(math.floor(weight / 3)),
    }
    keys = {"customer_id": customer, "sku": sku, "country": country, **known, "size_system": system, **bands}
    keys["occasion"] = stated(rows, "occasion", customer, at)
    assert set(KEYS) == set(keys)
    return {**keys, "height_cm": height, "weight_kg": weight, "size_position": _SIZES.get(product.get("size") or "")}


def facts(rows: Rows) -> list[Row]:
    """Every fact with its keys, its day, and the measures that are not zero."""
    found: list[Row] = []
    seen_orders = set()
    for line in sorted(rows["order_lines"], key=lambda line: (line["ordered_at"], line["line_id"])):
        keys = about(rows, line["customer_id"], line["sku"], line["ordered_at"], line["country"])
        value = line["quantity"] * (line["unit_price"] or 0)
        opens = line["order_id"] not in seen_orders
        seen_orders.add(line["order_id"])
        ordered = {"orders": int(opens), "ordered_lines": 1, "ordered_units": line["quantity"], "ordered_value": value}
        found.append({**keys, "day": day_of(line["ordered_at"]), **ordered})
        if rows["returns"]:
            found += _what_became_of(line, keys, value, rows["returns"])
    for verdict in rows.get("fit_feedback", []):
        keys = about(rows, verdict["customer_id"], verdict["sku"], verdict["given_at"], None)
        found.append({**keys, "day": day_of(verdict["given_at"]), f"said_{verdict['verdict']}": 1, **_if_fits(verdict, keys)})
    return found


def _what_became_of(line: Row, keys: Row, value: int, returns: list[Row]) -> list[Row]:
    ends = (line["delivered_at"] or line["ordered_at"]) + dt.timedelta(days=WINDOWS.get(line["country"] or "", WINDOWS[""]))
    inside = [back for back in returns if back["line_id"] == line["line_id"] and back["requested_at"] <= min(ends, NOW)]
    arrived = sorted((back for back in inside if back["received_at"] and back["received_at"] <= NOW), key=lambda back: back["received_at"])
    if not inside and ends <= NOW:
        return [{**keys, "day": day_of(ends), "kept_lines": 1, **_good_size(keys)}]
    found = [{**keys, "day": day_of(back["received_at"]), "returned_units": back["quantity"]} for back in arrived]
    found += [{**keys, "day": day_of(back["received_at"]), "returned_lines": 1, "returned_value": value} for back in arrived[:1]]
    of_size = [back for back in arrived if back["reason"] in _SIZE_REASONS]
    return found + [{**keys, "day": day_of(back["received_at"]), "returned_for_size": 1} for back in of_size[:1]]


def _good_size(keys: Row) -> Row:
    position = keys["size_position"]
    return {} if position is None else {"good_sized_lines": 1, "good_size_tenths": round(position * 10)}


def _if_fits(verdict: Row, keys: Row) -> Row:
    if verdict["verdict"] != "fits":
        return {}
    weight, height = keys["weight_kg"], keys["height_cm"]
    weighed = {} if weight is None else {"fits_weighed": 1, "fits_weight_hg": round(weight * 10)}
    tall = {} if height is None else {"fits_measured": 1, "fits_height_mm": round(height * 10)}
    return {**_good_size(keys), **weighed, **tall}


def histories(all_facts: list[Row], entity: Entity, keys: Row, day: int) -> dict[str, float]:
    """An entity's histories on a day; all NaN when a key is unknown."""
    known = all(keys[key] is not None for key in entity.keys)
    mine = [fact for fact in all_facts if known and all(fact[key] == keys[key] for key in entity.keys) and fact["day"] < day]
    lately = [fact for fact in mine if fact["day"] >= day - 90]
    orders = [fact["day"] for fact in mine if "ordered_lines" in fact]
    sums = {name: sum(fact.get(name, 0) for fact in mine) for name in entity.measures}
    sums |= {f"{name}_90d": sum(fact.get(name, 0) for fact in lately) for name in entity.recent}
    found = {**sums, "first_day": min(orders, default=math.nan), "last_day": max(orders, default=math.nan)}
    return {f"{entity.name}.{name}": float(value) if known else math.nan for name, value in found.items()}


def features(v: dict[str, float], row: Row, keys: Row, day: int, *, own: bool, body: bool) -> dict[str, float]:
    """Some features, spelled out.

    Args:
        v: histories by name.
        row: the asked-for row.
        keys: what `about` says of it.
        day: its day.
        own: whether the customer consents to personalisation.
        body: whether to the use of measurements.
    """
    shop = (v["shop.returned_lines"] + 5) / (v["shop.ordered_lines"] + 100)
    category = (v["category.returned_lines"] + 200 * shop) / (v["category.ordered_lines"] + 200)
    style = (v["style.returned_lines"] + 50 * category) / (v["style.ordered_lines"] + 50)
    customer = (v["customer.returned_lines"] + 30 * shop) / (v["customer.ordered_lines"] + 30)
    position = _number(keys["size_position"])
    public = {
        "category_return_rate": category,
        "style_return_rate": style,
        "sku_return_rate": (v["sku.returned_lines"] + 50 * style) / (v["sku.ordered_lines"] + 50),
        "style_lines_90d": v["style.ordered_lines_90d"],
        "style_age_days": day - v["style.first_day"],
        "style_returned_units_share": _ratio(v["style.returned_units"], v["style.ordered_units"]),
        "price_vs_style": _log(_ratio(row["unit_price"], _ratio(v["style.ordered_value"], v["style.ordered_units"]))),
        "size_vs_style": position - _ratio(v["style_sizes.good_size_tenths"], v["style_sizes.good_sized_lines"]) / 10,
    }
    personal = {
        "customer_orders": v["customer.orders"],
        "customer_pending_lines": v["customer.ordered_lines"] - v["customer.kept_lines"] - v["customer.returned_lines"],
        "customer_days_since_order": day - v["customer.last_day"],
        "customer_return_rate": customer,
        "customer_mean_price": _ratio(v["customer.ordered_value"], v["customer.ordered_units"]),
        "customer_style_kept_lines": v["customer_style.kept_lines"],
        "customer_brand_return_rate": (v["customer_brand.returned_lines"] + 5 * customer) / (v["customer_brand.ordered_lines"] + 5),
        "size_vs_customer_category": position
        - _ratio(v["customer_category_sizes.good_size_tenths"], v["customer_category_sizes.good_sized_lines"]) / 10,
    }
    fits = _ratio(v["style_size.fits_weight_hg"], v["style_size.fits_weighed"]) / 10
    bodily = {
        "customer_height_cm": _number(keys["height_cm"]),
        "weight_vs_style_size": _number(keys["weight_kg"]) - fits,
        "body_sized_lines": v["body.good_sized_lines"],
    }
    return public | (personal if own else _missing(personal)) | (bodily if body else _missing(bodily))


def _missing(values: dict[str, float]) -> dict[str, float]:
    return dict.fromkeys(values, math.nan)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _log(value: float) -> float:
    return math.log(value) if value > 0 else math.nan
