"""Random shops of a few rows, whose facts collide on few customers, skus and days: as plain rows, and as the contract's tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

from domain.conform import conform
from domain.tables import TABLES
from features.asked import ASKED
from features.shop import Shop
from tests.support.moments import moment

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""A shop's tables as plain rows."""

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
NOW = START + dt.timedelta(days=140)
WINDOWS = {"": 14, "GB": 5}

PRODUCTS: list[Row] = [
    {"sku": "s1-38", "style_id": "s1", "category": "dress", "brand": "b1", "supplier_id": "p1", "size": "38"},
    {"sku": "s1-40", "style_id": "s1", "category": "dress", "brand": "b1", "supplier_id": "p1", "size": "40,5"},
    {"sku": "s2-m", "style_id": "s2", "category": "dress", "brand": "b2", "supplier_id": None, "size": "M", "size_system": "letters"},
    {"sku": "s3", "style_id": "s3", "category": "bag", "brand": None, "supplier_id": "p1", "size": None},
]
SKUS = [row["sku"] for row in PRODUCTS]
CUSTOMERS = ["c1", "c2", "c3"]

QUICK = settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""For properties that build features: a failing shop is a handful of rows already, and shrinking it takes minutes."""


@dataclass(frozen=True)
class TinyShop:
    """A shop of a few rows.

    Attributes:
        rows: tables by name, as plain rows; a table may be absent.
        asked: rows that features are asked for.
    """

    rows: Rows
    asked: list[Row] = field(default_factory=list)

    def shop(self) -> Shop:
        """As the features see it."""
        return Shop.of(tables_of(self.rows), WINDOWS, now=NOW)

    def asked_rows(self) -> pd.DataFrame:
        """The asked-for rows as `ASKED` says."""
        return asked_of(self.asked)


def tables_of(rows: Rows) -> dict[str, pd.DataFrame]:
    """The contract's tables of plain rows."""
    tables = {}
    for name, given in rows.items():
        frame = pd.DataFrame(given, columns=None if given else list(TABLES[name].schema.columns))
        tables[name], violations = conform(TABLES[name], frame)
        assert [] == violations
    return tables


def asked_of(rows: list[Row]) -> pd.DataFrame:
    """Asked-for rows of plain rows: one unit alone in the basket unless told otherwise."""
    alone = {"country": None, "quantity": 1.0, "unit_price": np.nan, "basket_lines": 1.0, "basket_units": 1.0}
    alone |= {"basket_value": np.nan, "basket_same_style": 1.0, "basket_same_sku": 1.0}
    frame = pd.DataFrame([alone | row for row in rows], columns=list(ASKED))
    texts = dict.fromkeys(("customer_id", "sku", "country"), "str")
    numbers = dict.fromkeys(ASKED[4:], "float64")
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True)).astype({**texts, **numbers, "at": "datetime64[us, UTC]"})


_MOMENTS = st.builds(
    lambda day, hour: START + dt.timedelta(days=day, hours=hour),
    st.sampled_from([0, 1, 2, 5, 9, 10, 11, 90, 91, 92, 100]),
    st.sampled_from([0, 0, 7, 23]),
)
_LATER = st.builds(lambda days, hours: dt.timedelta(days=days, hours=hours), st.integers(0, 16), st.sampled_from([0, 0, 12]))
_WHO = st.sampled_from(CUSTOMERS)
_SKU = st.sampled_from(SKUS)
_COUNTRY = st.sampled_from(["DE", "GB", None])
_PRICE = st.sampled_from([1000, 2500, None])

LINES = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from(["o1", "o2", "o3"]),
        "customer_id": _WHO,
        "sku": _SKU,
        "ordered_at": _MOMENTS,
        "delivered_after": st.none() | _LATER,
        "country": _COUNTRY,
        "quantity": st.integers(1, 3),
        "unit_price": _PRICE,
        "currency": st.just("EUR"),
    }
)
RETURNS = st.fixed_dictionaries(
    {
        "line": st.integers(0, 11),
        "requested_after": _LATER,
        "received_after": st.none() | _LATER,
        "reason": st.sampled_from(["size", "too_small", "quality", None]),
        "quantity": st.integers(1, 2),
    }
)
VERDICTS = st.fixed_dictionaries(
    {"customer_id": _WHO, "sku": _SKU, "given_at": _MOMENTS, "verdict": st.sampled_from(["small", "fits", "large"])}
)
PREFERENCES = st.fixed_dictionaries(
    {"customer_id": _WHO, "stated_at": _MOMENTS, "attribute": st.sampled_from(["height_cm", "weight_kg", "occasion", "size:dress"])}
).flatmap(lambda row: st.sampled_from(_values(str(row["attribute"]))).map(lambda value: {**row, "value": value}))
CONSENTS = st.fixed_dictionaries(
    {
        "customer_id": _WHO,
        "purpose": st.sampled_from(["personalisation", "measurements"]),
        "granted": st.sampled_from([True, True, False]),
        "at": _MOMENTS,
    }
)
ASKED_ROWS = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from([*CUSTOMERS, "nobody", None]),
        "sku": st.sampled_from([*SKUS, "unheard-of"]),
        "at": st.builds(lambda at, days: at + dt.timedelta(days=days), _MOMENTS, st.sampled_from([0, 1, 15, 30])),
        "country": _COUNTRY,
        "unit_price": st.sampled_from([1200.0, float("nan")]),
    }
)


def _values(attribute: str) -> list[str]:
    return {"height_cm": ["168", "170.5", "tall"], "weight_kg": ["60", "61.5", "inf"], "occasion": ["wedding", "work"]}.get(
        attribute, ["38"]
    )


@st.composite
def tiny_shops(draw: st.DrawFn, *, further: bool = True) -> TinyShop:
    """A shop with up to 12 lines; `further` adds the optional tables."""
    lines = [_delivered(row, f"l{number}") for number, row in enumerate(draw(st.lists(LINES, min_size=2, max_size=12)))]
    returns = [_sent_back(row, lines, f"r{number}") for number, row in enumerate(draw(st.lists(RETURNS, min_size=1, max_size=5)))]
    rows: Rows = {"products": [{**row, "currency": "EUR"} for row in PRODUCTS], "order_lines": lines, "returns": returns}
    if further:
        verdicts = draw(st.lists(VERDICTS, min_size=1, max_size=6, unique_by=_key("customer_id", "sku", "given_at")))
        stated = draw(st.lists(PREFERENCES, min_size=1, max_size=6, unique_by=_key("customer_id", "stated_at", "attribute")))
        rows |= {"fit_feedback": verdicts, "preferences": stated}
        if draw(st.booleans()):
            consents = draw(st.lists(CONSENTS, max_size=5, unique_by=_key("customer_id", "purpose", "at")))
            everyone = {"granted": True, "at": START - dt.timedelta(days=1)}
            early = [{"customer_id": "c1", "purpose": purpose, **everyone} for purpose in ("personalisation", "measurements")]
            rows["consents"] = [*early, *consents]
    return TinyShop(rows, draw(st.lists(ASKED_ROWS, min_size=1, max_size=12)))


def _key(*columns: str) -> Any:
    return lambda row: tuple(row[column] for column in columns)


def _delivered(row: Row, line_id: str) -> Row:
    after = row["delivered_after"]
    delivered_at = None if after is None else row["ordered_at"] + after
    return {"line_id": line_id, **{name: row[name] for name in row if name != "delivered_after"}, "delivered_at": delivered_at}


def _sent_back(row: Row, lines: list[Row], return_id: str) -> Row:
    line = lines[row["line"] % len(lines)]
    requested_at = (line["delivered_at"] or line["ordered_at"]) + row["requested_after"]
    received_at = None if row["received_after"] is None else requested_at + row["received_after"]
    times = {"requested_at": requested_at, "received_at": received_at}
    return {"return_id": return_id, "line_id": line["line_id"], **times, "reason": row["reason"], "quantity": row["quantity"]}


def day_of(at: dt.datetime) -> int:
    """Days since 1970-01-01 (UTC)."""
    return (pd.Timestamp(at) - moment("1970-01-01")).days
