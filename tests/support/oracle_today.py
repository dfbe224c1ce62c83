"""Every feature of today of a tiny shop's shoppers, spelled out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

from tests.support.oracle_facts import first_told, learned, product_of
from tests.support.oracle_past import NAN, Formula, Then, share
from tests.support.tiny_shops import Row, Rows

LEFT_S = 600
"""After so many seconds without a move the shopper has left the page."""


def moves(rows: Rows) -> list[Row]:
    """Everything that customers did, as the shop learned of it."""
    lines = {line["line_id"]: line for line in rows["order_lines"]}
    found = [_move(row, row["event_id"], row["kind"], learned(row, "at")) for row in rows.get("events", ())]
    found += [_move(line, line["line_id"], "order", line["ordered_at"]) for line in rows["order_lines"]]
    asked_back = [(lines[row["line_id"]], row) for row in first_told(rows["returns"])]
    return found + [_move(line, row["return_id"], "return_request", learned(row, "requested_at")) for line, row in asked_back]


def _move(about: Row, move_id: str, kind: str, known: dt.datetime) -> Row:
    return {**product_of(about["sku"]), "who": about["customer_id"], "id": move_id, "kind": kind, "known": known}


def of_today(t: Then) -> list[Row]:
    """The shopper's moves of the day before the row's moment, each with the seconds that were spent on it."""
    mine = [move for move in moves(t.rows) if move["who"] == t.row["customer_id"] and t.midnight <= move["known"] < t.row["at"]]
    mine = sorted(mine, key=lambda move: (move["known"], move["id"]))
    ends = [*(move["known"] for move in mine), t.row["at"]][1:]
    return [{**move, "dwell_s": _dwell_s(move, end)} for move, end in zip(mine, ends, strict=True)]


def _dwell_s(move: Row, end: dt.datetime) -> float:
    return min((end - move["known"]).total_seconds(), LEFT_S) if move["kind"] == "view" else 0.0


def known(formula: Callable[[Then, list[Row]], float], about: str | None = None) -> Formula:
    """Missing for an unknown shopper; what is about the offer, also for an unknown sku, or one without a brand."""

    def found(t: Then) -> float:
        if t.row["customer_id"] is None or (about and t.product.get(about) is None):
            return NAN
        todays = of_today(t)
        return float(formula(t, [move for move in todays if move.get(about) == t.product[about]] if about else todays))

    return found


def did(*kinds: str, about: str | None = None) -> Formula:
    """How often the shopper did something."""
    return known(lambda _, todays: sum(move["kind"] in kinds for move in todays), about)


def net(about: str) -> Formula:
    """How often it was put into the basket more than taken out."""
    return known(lambda _, todays: sum((move["kind"] == "basket") - (move["kind"] == "remove_from_basket") for move in todays), about)


def viewed(key: str, about: str | None = None) -> Formula:
    """How many different ones were viewed."""
    return known(lambda _, todays: len({move.get(key) for move in todays if move["kind"] == "view"} - {None}), about)


def minutes_since(position: int, t: Then, todays: list[Row]) -> float:
    """Minutes since the first or the last move."""
    return (t.row["at"] - todays[position]["known"]).total_seconds() / 60 if todays else NAN


def dwell(todays: list[Row]) -> float:
    """Seconds spent."""
    return float(sum(move["dwell_s"] for move in todays))


def share_of_dwell(t: Then, of_style: list[Row]) -> float:
    """The sku's share of the time spent on its style."""
    return share(dwell([move for move in of_style if move["sku"] == t.row["sku"]]), dwell(of_style))


def size_vs_dwelt(t: Then, of_style: list[Row]) -> float:
    """The offered size minus those looked at, by the time spent."""
    sized = [move for move in of_style if move["size_system"] == t.product["size_system"] and move["position"] is not None]
    return t.position() - share(sum(move["dwell_s"] * move["position"] for move in sized), dwell(sized))


TODAY: dict[str, Formula] = {
    "today_moves": known(lambda _, todays: len(todays)),
    "today_views": did("view"),
    "today_styles_viewed": viewed("style_id"),
    "today_searches": did("search"),
    "today_size_guides": did("size_guide"),
    "today_wishes": did("wishlist"),
    "today_basket_adds": did("basket"),
    "today_basket_removals": did("remove_from_basket"),
    "today_lines_ordered": did("order"),
    "today_returns_requested": did("return_request"),
    "today_minutes_since_first_move": known(partial(minutes_since, 0)),
    "today_minutes_since_last_move": known(partial(minutes_since, -1)),
    "today_category_views": did("view", about="category"),
    "today_brand_views": did("view", about="brand"),
    "today_style_views": did("view", about="style_id"),
    "today_style_sizes_viewed": viewed("sku", about="style_id"),
    "today_style_dwell_s": known(lambda _, todays: dwell(todays), "style_id"),
    "today_style_size_guided": did("size_guide", about="style_id"),
    "today_style_wished": did("wishlist", about="style_id"),
    "today_style_in_basket": net("style_id"),
    "today_style_ordered": did("order", about="style_id"),
    "today_sku_views": did("view", about="sku"),
    "today_sku_share_of_dwell": known(share_of_dwell, "style_id"),
    "today_sku_in_basket": net("sku"),
    "today_size_vs_dwelt": known(size_vs_dwelt, "style_id"),
}
