"""Large made-up tables for measuring speed and memory: plausible in shape, meaningless in content, written without being held in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import duckdb

from domain.tables import TABLES
from features.source import mark

FIRST, DAYS = dt.date(2023, 1, 1), 3 * 365
LAST_DAY = (FIRST - dt.date(1970, 1, 1)).days + DAYS - 1
"""Since 1970-01-01: the last day with orders; deliveries and returns go on."""

WINDOWS: Mapping[str, int] = {"": 30}
"""Days of the return window."""

ZONE = "Europe/Berlin"
LINES_A_CUSTOMER, LINES_A_SKU = 12, 200

_START = f"TIMESTAMPTZ '{FIRST} 00:00:00+00'"
_SECONDS = DAYS * 86_400
_MEASURES = {"height_cm": (155, 40), "weight_kg": (50, 45), "bust_band_in": (30, 10)}
"""What customers declare: the least, and how many whole numbers from there on."""


def generate_tables(folder: Path, lines: int) -> None:
    """Write three years of a shop, in order of time, with everything that any feature asks for.

    Two lines an order, 12 a customer, 200 a sku, most of them of few customers and skus; 30 % are returned; one event a line, a verdict
    on 5 %, a ticket on 2 %; a fifth of the customers declare their measures. The same number of lines gives the same tables.

    Args:
        folder: a new one.
        lines: order lines.
    """
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        for name, select in _tables(lines).items():
            told = {row[0] for row in connection.execute(f"DESCRIBE {select}").fetchall()}
            columns = [f'"{one}"' if one in told else f'CAST(NULL AS {_type(name, one)}) AS "{one}"' for one in TABLES[name].schema.columns]
            connection.execute(f"COPY (SELECT {', '.join(columns)} FROM ({select})) TO '{folder / name}.parquet' (FORMAT parquet)")  # noqa: S608
    mark(folder)


def _tables(lines: int) -> dict[str, str]:
    skus, customers = max(lines // LINES_A_SKU, 50), max(lines // LINES_A_CUSTOMER, 50)
    order_lines = _order_lines(lines, skus, customers)
    return {
        "products": _products(skus),
        "order_lines": order_lines,
        "returns": _returns(order_lines),
        "customers": _customers(customers),
        "preferences": _preferences(customers),
        "fit_feedback": _verdicts(lines // 20, skus, customers),
        "events": _events(lines, skus, customers),
        "tickets": _tickets(lines // 50, skus),
    }


def _products(skus: int) -> str:
    style = "number // 5"
    tags = _one_of(("organic,local", "recycled", "designer", None), style, 51)
    return f"""SELECT {_text("k", "number")} AS sku, {_text("s", style)} AS style_id, 'category ' || ({style} % 20) AS category,
  'brand ' || ({style} % 97) AS brand, 'supplier ' || ({style} % 41) AS supplier_id,
  'material ' || ({style} % 13) AS material, CAST(36 + 2 * (number % 5) AS VARCHAR) AS size,
  'EU' AS size_system, {_whole(8_000, style, 52)} + 2000 AS price, 'EUR' AS currency, {tags} AS value_tags, FALSE AS hidden
FROM range({skus}) AS numbers(number)"""  # noqa: S608


def _order_lines(lines: int, skus: int, customers: int) -> str:
    order = "(number // 2)"
    who, at = _few(customers, order, 2), _moment(order, -(-lines // 2), 1)
    return f"""SELECT {_text("l", "number")} AS line_id, {_text("o", order)} AS order_id, {_text("c", who)} AS customer_id,
  {_text("k", _few(skus, "number", 3))} AS sku, {at} AS ordered_at, {at} + to_hours(96) AS promised_at,
  {at} + to_hours(24 + {_whole(96, order, 4)}) AS delivered_at, {_one_of(("app", "app", "web"), order, 5)} AS channel,
  {_one_of(("DE", "DE", "AT"), order, 6)} AS country, {_one_of(("invoice", "card"), order, 7)} AS payment_method,
  CAST(1 AS BIGINT) AS quantity, {_whole(8_000, "number", 8)} + 1500 AS unit_price,
  CAST(CASE WHEN {_draw("number", 9)} < 0.2 THEN 500 ELSE 0 END AS BIGINT) AS discount, 'EUR' AS currency
FROM range({lines}) AS numbers(number)"""  # noqa: S608


def _returns(order_lines: str) -> str:
    asked = f"delivered_at + to_hours(24 + {_whole(240, 'line_id', 10)})"
    reason = _one_of(("too_small", "too_large", "quality", "style"), "line_id", 11)
    return f"""SELECT 'r' || line_id AS return_id, line_id, quantity, {asked} AS requested_at, {asked} + to_hours(96) AS received_at,
  {reason} AS reason FROM ({order_lines}) WHERE {_draw("line_id", 12)} < 0.3"""  # noqa: S608


def _customers(customers: int) -> str:
    joined = f"{_START} - to_days(CAST(1 + {_whole(700, 'number', 31)} AS INTEGER))"
    return f"SELECT {_text('c', 'number')} AS customer_id, {joined} AS joined_at FROM range({customers}) AS numbers(number)"  # noqa: S608


def _preferences(customers: int) -> str:
    """Measures as whole numbers, and an occasion with its day."""
    measures = [f"('{name}', CAST({least} + {_whole(most, 'number', 41)} AS VARCHAR))" for name, (least, most) in _MEASURES.items()]
    occasion = f"('occasion', {_one_of(('wedding', 'work', 'party'), 'number', 42)})"
    at = f"{_START} + to_seconds({_whole(_SECONDS, 'number', 43)})"
    needed_on = f"CASE WHEN stated[1] = 'occasion' THEN {at} + to_days(30) END"
    return f"""SELECT {_text("c", "number")} AS customer_id, {at} AS stated_at, stated[1] AS attribute, stated[2] AS value,
  {needed_on} AS needed_on
FROM (SELECT number, unnest([{", ".join([*measures, occasion])}]) AS stated FROM range({customers}) AS numbers(number)
  WHERE {_draw("number", 44)} < 0.2)"""  # noqa: S608


def _verdicts(rows: int, skus: int, customers: int) -> str:
    verdict = _one_of(("small", "fits", "fits", "large"), "number", 25)
    return f"""SELECT {_about(skus, customers)}, {_moment("number", rows, 21)} AS given_at, {verdict} AS verdict
FROM range({rows}) AS numbers(number)"""  # noqa: S608


def _events(rows: int, skus: int, customers: int) -> str:
    kind = _one_of(("view", "view", "view", "size_guide", "basket", "wishlist", "search"), "number", 24)
    return f"""SELECT {_text("e", "number")} AS event_id, {_about(skus, customers)}, {kind} AS kind, {_moment("number", rows, 26)} AS "at"
FROM range({rows}) AS numbers(number)"""  # noqa: S608


def _tickets(rows: int, skus: int) -> str:
    topic = _one_of(("size", "product", "delivery"), "number", 27)
    return f"""SELECT {_text("t", "number")} AS ticket_id, {_text("k", _few(skus, "number", 28))} AS sku,
  {_moment("number", rows, 29)} AS opened_at, {topic} AS topic
FROM range({rows}) AS numbers(number)"""  # noqa: S608


def _about(skus: int, customers: int) -> str:
    return f"{_text('c', _few(customers, 'number', 22))} AS customer_id, {_text('k', _few(skus, 'number', 23))} AS sku"


def _moment(number: str, rows: int, stream: int) -> str:
    """The moment of a row, later than those of all rows with a lower number."""
    return f"{_START} + to_seconds(CAST(floor(({number} + {_draw(number, stream)}) * {_SECONDS} / {max(rows, 1)}) AS BIGINT))"


def _draw(seed: str, stream: int) -> str:
    """A number in [0, 1) that looks random and is always the same."""
    return f"((hash({seed}, {stream}) >> 11) / {2.0**53})"


def _whole(below: int, seed: str, stream: int) -> str:
    """A whole number in [0, below), each as likely."""
    return f"CAST(hash({seed}, {stream}) % {below} AS BIGINT)"


def _few(below: int, seed: str, stream: int) -> str:
    """A whole number in [0, below); low ones are far more likely, by the square of a draw."""
    return f"CAST(floor(pow({_draw(seed, stream)}, 2) * {below}) AS BIGINT)"


def _one_of(words: tuple[str | None, ...], seed: str, stream: int) -> str:
    told = ", ".join("NULL" if word is None else f"'{word}'" for word in words)
    return f"list_extract([{told}], 1 + {_whole(len(words), seed, stream)})"


def _text(letter: str, number: str) -> str:
    return f"'{letter}' || lpad(CAST({number} AS VARCHAR), 8, '0')"


def _type(table: str, column: str) -> str:
    dtype = str(TABLES[table].schema.columns[column].dtype)
    return "TIMESTAMPTZ" if "datetime" in dtype else "VARCHAR" if "str" in dtype else "BIGINT"
