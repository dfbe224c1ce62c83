"""The vocabulary of facts: what they are about, and the words of the SQL that tells them.

The text reads the contract's tables and two small relations of `features.relations`, `skus` and `told`; it names no engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass

KEYS = (
    "customer_id",
    "sku",
    "style_id",
    "category",
    "brand",
    "supplier_id",
    "material",
    "size",
    "size_system",
    "country",
    "channel",
    "payment_method",
    "height_band",
    "weight_band",
    "occasion",
)
"""What a fact, or an asked-for row, is about."""

OF_A_PRODUCT = ("style_id", "category", "brand", "supplier_id", "material", "size", "size_system")
"""Keys that follow from the sku."""

OF_A_PERSON = ("height_band", "weight_band", "occasion")
"""Keys that follow from what the customer declared."""

OF_A_LINE = ("customer_id", "sku", "country", "channel", "payment_method")

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Kind:
    """A kind of facts.

    Attributes:
        name: the relation that holds them.
        keys: which of `KEYS` it has, without those of the product.
        measures: which of `MEASURES` it has.
        select: the portable SELECT; it returns the keys, `day` and the measures.
    """

    name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    select: str


@dataclass(frozen=True)
class Said:
    """What the text depends on.

    Attributes:
        columns: the columns of each table of the shop.
        present: tables and columns with a value (`features.shop.Shop.present`).
        windows: return window in days by country; "" is the default.
        day: turns an SQL expression of UTC microseconds into one of days.
        named: also tell the id of the row that each fact comes from, as `id`; for explanations.
        spans: only facts of these spans of UTC microseconds, [first, last); None for all.
        people: only facts of customers of whom this condition on `customer_id` holds; None for all facts.
    """

    columns: Mapping[str, Set[str]]
    present: Set[str]
    windows: Mapping[str, int]
    day: Callable[[str], str]
    named: bool = False
    spans: tuple[tuple[int, int], ...] | None = None
    people: str | None = None

    def during(self, *moments: str) -> str:
        """The condition that one of these moments lies in the spans."""
        if self.spans is None:
            return "1 = 1"
        return f"({' OR '.join(f'{one} >= {first} AND {one} < {last}' for one in moments for first, last in self.spans)})"

    def of_people(self) -> str:
        """The condition on a row's customer."""
        return self.people or "1 = 1"

    def id(self, expression: str) -> str:
        """The id of the row that a fact comes from, if it is wanted."""
        return f", {expression} AS id" if self.named else ""

    def column(self, table: str, name: str, kind: str) -> str:
        """A column of a table, or NULL where the shop has none."""
        return f"{table}.{name}" if name in self.columns.get(table, ()) else f"CAST(NULL AS {kind})"

    def micros(self, table: str, name: str) -> str:
        """A moment of a table in UTC microseconds, or NULL where the shop has none."""
        return f"unix_micros({table}.{name})" if name in self.columns.get(table, ()) else "CAST(NULL AS BIGINT)"

    def known(self, table: str, name: str) -> str:
        """When the shop learned of a moment: at it, or later."""
        happened = self.micros(table, name)
        return f"GREATEST({happened}, COALESCE({self.micros(table, 'known_at')}, {happened}))"


def lines_sql(said: Said) -> str:
    """Order lines with their moments in microseconds and the end of their return window.

    `first_us` is when the window ends as far as can be told before the delivery, `ends_us` when it does with it.
    """
    opens = f"COALESCE({said.micros('order_lines', 'promised_at')}, {ORDERED_US})"
    by_country = " ".join(f"WHEN '{country}' THEN {days}" for country, days in sorted(said.windows.items()) if country)
    country = said.column("order_lines", "country", "STRING")
    days = f"CASE {country} {by_country} ELSE {said.windows['']} END" if by_country else str(said.windows[""])
    return f"""SELECT line_id, order_id, customer_id, sku, {country} AS country,
  {said.column("order_lines", "channel", "STRING")} AS channel, {said.column("order_lines", "payment_method", "STRING")} AS payment_method,
  {ORDERED_US} AS ordered_us, {said.micros("order_lines", "promised_at")} AS promised_us,
  {said.micros("order_lines", "delivered_at")} AS delivered_us, {opens} + CAST({days} AS BIGINT) * {DAY_US} AS first_us,
  COALESCE({said.micros("order_lines", "delivered_at")}, {opens}) + CAST({days} AS BIGINT) * {DAY_US} AS ends_us,
  CAST(quantity AS BIGINT) AS quantity,
  CAST(quantity * COALESCE({said.column("order_lines", "unit_price", "BIGINT")}, 0) AS BIGINT) AS value,
  CAST(quantity * COALESCE({said.column("order_lines", "discount", "BIGINT")}, 0) AS BIGINT) AS discount
FROM order_lines WHERE {said.of_people()}"""  # noqa: S608  (every name in it is declared in our own code)


ORDERED_US = "unix_micros(order_lines.ordered_at)"


def kind_of(name: str, keys: tuple[str, ...], counted: Mapping[str, str], select: str) -> Kind:
    """A kind of facts with these measures."""
    return Kind(name, keys, tuple(counted), select)


def told_before(relation: str, moment: str) -> str:
    """Join what the customer had declared before a moment, as far as it may be used."""
    return (
        f"LEFT JOIN told ON {relation}.customer_id = told.customer_id "
        f"AND told.from_us < {relation}.{moment} AND {relation}.{moment} <= told.until_us"
    )


def one_if(condition: str) -> str:
    """1 where a condition holds, else 0."""
    return number_if(condition, "1")


def number_if(condition: str, value: str) -> str:
    """A whole number where a condition holds, else 0."""
    return f"CAST(CASE WHEN {condition} THEN {value} ELSE 0 END AS BIGINT)"


def listed(parts: Iterable[str]) -> str:
    """Parts of a SELECT, with commas between them."""
    return ", ".join(parts)
