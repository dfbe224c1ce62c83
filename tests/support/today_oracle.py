"""What shoppers did today, computed as slowly and plainly as possible from plain rows; and the same rows as codes."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from features import today
from features.catalogue import Values
from features.today import KINDS, Askers, Moves
from tests.support.tiny_shops import Row

PRODUCTS: dict[str, Row] = {
    "s1-38": {"style": "s1", "category": "dress", "brand": "b1", "system": "EU", "position": 38.0},
    "s1-40,5": {"style": "s1", "category": "dress", "brand": "b1", "system": "EU", "position": 40.5},
    "s1-m": {"style": "s1", "category": "dress", "brand": "b1", "system": "letters", "position": 1.0},
    "s1-one": {"style": "s1", "category": "dress", "brand": "b1", "system": "EU", "position": None},
    "s2-m": {"style": "s2", "category": "dress", "brand": "b2", "system": "letters", "position": 1.0},
    "s2b": {"style": "s2b", "category": None, "brand": None, "system": None, "position": 36.0},
    "s3": {"style": "s3", "category": "bag", "brand": "b1", "system": "-", "position": 8.0},
}
_NOTHING: Row = dict.fromkeys(("style", "category", "brand", "system", "position"))
_COUNTED = {
    "views": "view",
    "searches": "search",
    "size_guides": "size_guide",
    "wishes": "wishlist",
    "basket_adds": "basket",
    "basket_removals": "remove_from_basket",
    "ordered_lines": "order",
    "return_requests": "return_request",
}


def slowly(moves: list[Row], rows: list[Row]) -> dict[str, Values]:
    """Every input of the today family, row by row."""
    values = [_of_row(moves, row) for row in rows]
    return {name: np.array([found[name] for found in values]) for name in values[0]}


def coded(moves: list[Row], rows: list[Row]) -> tuple[Moves, Askers]:
    """Plain rows as the today family sees them."""
    people = sorted({row["customer"] for row in [*moves, *rows]} - {None})
    ids = sorted(move["id"] for move in moves)
    kind, tie = _whole([KINDS.index(move["kind"]) for move in moves]), _whole([ids.index(move["id"]) for move in moves])
    midnight_us = _whole([row["midnight_us"] for row in rows])
    return Moves(kind=kind, tie=tie, **_subjects(moves, people)), Askers(midnight_us=midnight_us, **_subjects(rows, people))


def _subjects(rows: list[Row], people: list[str]) -> dict[str, Any]:
    products = [PRODUCTS.get(row["sku"], _NOTHING) for row in rows]
    codes = {
        name: sorted({product[name] for product in PRODUCTS.values()} - {None}).index for name in ("style", "category", "brand", "system")
    }
    return {
        "who": _whole([-1 if row["customer"] is None else people.index(row["customer"]) for row in rows]),
        "us": _whole([row["us"] for row in rows]),
        "sku": _whole([list(PRODUCTS).index(row["sku"]) if row["sku"] in PRODUCTS else -1 for row in rows]),
        **{name: _whole([-1 if product[name] is None else code(product[name]) for product in products]) for name, code in codes.items()},
        "position": np.array([product["position"] for product in products], dtype="float64"),
    }


def _whole(values: list[int]) -> today.Whole:
    return np.array(values, dtype="int64")


def _of_row(moves: list[Row], row: Row) -> dict[str, float]:
    mine = [move for move in moves if move["customer"] == row["customer"] and row["midnight_us"] <= move["us"] < row["us"]]
    latest = sorted(mine, key=lambda move: (move["us"], move["id"]))[-today.LATEST :]
    told = _told(latest, row["us"])
    found = {**_of_day(told, row), **_of_offer(told, {**PRODUCTS.get(row["sku"], _NOTHING), "sku": row["sku"]})}
    return {f"today.{name}": math.nan if row["customer"] is None else float(value) for name, value in found.items()}


def _told(moves: list[Row], asked_us: int) -> list[Row]:
    """The moves with what they were about, and how long the views lasted."""
    told = []
    for number, move in enumerate(moves):
        until = moves[number + 1]["us"] if number + 1 < len(moves) else asked_us
        dwell = min(until - move["us"], today.DWELL_CAP_S * 1_000_000) if move["kind"] == "view" else 0
        told.append({**PRODUCTS.get(move["sku"], _NOTHING), **move, "dwell_us": dwell})
    return told


def _of_day(told: list[Row], row: Row) -> dict[str, float]:
    kinds = Counter(move["kind"] for move in told)
    since = [(row["us"] - move["us"]) / 60_000_000 for move in told] or [math.nan]
    return {
        "moves": len(told),
        **{name: kinds[kind] for name, kind in _COUNTED.items()},
        "styles_viewed": len({move["style"] for move in told if move["kind"] == "view"} - {None}),
        "minutes_since_first_move": since[0],
        "minutes_since_last_move": since[-1],
    }


def _of_offer(told: list[Row], offer: Row) -> dict[str, float]:
    about = {name: [move for move in told if move[name] == offer[name]] for name in ("style", "category", "brand", "sku")}
    style, sku, category, brand = (_sums(about[name]) for name in ("style", "sku", "category", "brand"))
    found = {
        "style_views": style["view"],
        "style_skus_viewed": len({move["sku"] for move in about["style"] if move["kind"] == "view"}),
        "style_dwell_s": style["dwell_s"],
        "style_size_guides": style["size_guide"],
        "style_wishes": style["wishlist"],
        "style_basket_net": style["net"],
        "style_ordered_lines": style["order"],
        "sku_views": sku["view"],
        "sku_dwell_s": sku["dwell_s"],
        "sku_basket_net": sku["net"],
        "category_views": category["view"] if offer["category"] else math.nan,
        "brand_views": brand["view"] if offer["brand"] else math.nan,
        "size_vs_dwelt": _size_vs_dwelt(about["style"], offer),
    }
    return dict.fromkeys(found, math.nan) if offer["style"] is None else found


def _sums(moves: list[Row]) -> Row:
    kinds = Counter(move["kind"] for move in moves)
    net = kinds["basket"] - kinds["remove_from_basket"]
    return {**{kind: kinds[kind] for kind in KINDS}, "net": net, "dwell_s": sum(move["dwell_us"] for move in moves) / 1_000_000}


def _size_vs_dwelt(of_style: list[Row], offer: Row) -> float:
    sized = [move for move in of_style if move["system"] == offer["system"] and move["position"] is not None]
    dwell = sum(move["dwell_us"] for move in sized)
    if None in (offer["position"], offer["system"]) or dwell == 0:
        return math.nan
    tenths = sum(move["dwell_us"] * round(move["position"] * 10) for move in sized)
    return float(offer["position"] - tenths / dwell / 10)
