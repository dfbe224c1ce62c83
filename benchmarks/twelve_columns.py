"""Twelve history columns of every order line, from tables on disk to arrays: in memory, in SQL, and by plain pandas the obvious way.

Of the customer, the style and the size of its brand: lines ordered and lines returned, ever and in the 90 days before the line's day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.generated import WINDOWS, ZONE
from benchmarks.measured import Clock
from features.build import aligned, define_facts, numbered_facts
from features.engine import Embedded, embedded
from features.entities import Wanted, wanted
from features.fact_text import KEYS, OF_A_PRODUCT, Said, lines_sql, listed
from features.histories import ASKED_KEYS, asked_keys_sql, history_sql
from features.prefix_sums import summed, summing
from features.relations import give, skus
from features.stored import Stored
from features.told import Told

Columns = Mapping[str, npt.NDArray[np.float64]]

ENTITIES: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer_id",),
    "style": ("style_id",),
    "brand_size": ("brand", "category", "size"),
}
MEASURES = ("ordered_lines", "returned_lines")
WINDOW_DAYS = 90
PLAN: tuple[Wanted, ...] = wanted(
    f"{entity}.{measure}{end}" for entity in ENTITIES for measure in MEASURES for end in ("", f"_{WINDOW_DAYS}d")
)


def by_prefix_sums(clock: Clock, tables: str, folder: str, memory_mb: int | None = None) -> dict[str, Any]:
    """The columns as `features.build` makes them by default, in the order of line_id."""
    with clock.phase("histories in memory"):
        shop = Stored.of(Path(tables), WINDOWS, ZONE)
        with embedded(memory_mb=memory_mb) as engine:
            said = _told(engine, shop)
            facts = numbered_facts(engine, said, PLAN, engine.fetch(_asked_sql(said)), skus(shop.tables["products"]))
        found: dict[str, npt.NDArray[np.float64]] = {}
        with summing(PLAN, lambda one: summed(one, facts)) as result:
            for one in PLAN:
                found |= {column: result(one).column(name) for name, column in zip(one.names, one.columns, strict=True)}
    return _saved(found, Path(folder))


def by_sql(clock: Clock, tables: str, folder: str, memory_mb: int | None = None) -> dict[str, Any]:
    """The columns by our SQL text, in the order of line_id."""
    with clock.phase("histories in SQL"):
        shop = Stored.of(Path(tables), WINDOWS, ZONE)
        with embedded(memory_mb=memory_mb) as engine:
            found = _asked_of(engine, _told(engine, shop))
    return _saved(found, Path(folder))


def by_pandas(clock: Clock, tables: str, folder: str) -> dict[str, Any]:
    """The same by pandas: group by day, cumsum and rolling windows, merge."""
    with clock.phase("histories in pandas"):
        lines = _lines(Path(tables))
        found: dict[str, npt.NDArray[np.float64]] = {}
        for entity, keys in ENTITIES.items():
            found |= _histories(lines, entity, list(keys))
    return _saved(found, Path(folder))


def same(clock: Clock, one: str, other: str) -> dict[str, Any]:
    """Compare the columns of two folders."""
    with clock.phase("comparison"):
        names = sorted(file.name for file in Path(other).glob("*.npy"))
        different = [name for name in names if not np.array_equal(np.load(Path(one) / name), np.load(Path(other) / name), equal_nan=True)]
    return {"columns": len(names), "different": different}


def _told(engine: Embedded, shop: Stored) -> Said:
    """Give the shop to an engine, as one that has no more than orders and returns."""
    said = give(engine, shop, Told.of(shop.tables))
    return Said(said.columns, {"order_lines", "returns"}, said.windows, said.day)


def _asked_of(engine: Embedded, said: Said) -> dict[str, npt.NDArray[np.float64]]:
    facts = define_facts(engine, said, PLAN)
    engine.define("asked", _asked_sql(said))
    engine.define(ASKED_KEYS, asked_keys_sql())
    rows = engine.fetch("SELECT COUNT(*) AS rows FROM asked")["rows"][0].as_py()
    found: dict[str, npt.NDArray[np.float64]] = {}
    for one in PLAN:
        found |= aligned(one, engine.fetch(history_sql(one, facts)), rows)
    return found


def _asked_sql(said: Said) -> str:
    given = ("customer_id", "sku", "country", "channel", "payment_method")
    nobody = [key for key in KEYS if key not in (*given, *OF_A_PRODUCT)]
    return f"""SELECT ROW_NUMBER() OVER (ORDER BY line_id) - 1 AS row_number, {said.day("ordered_us")} AS day, {listed(given)},
  {listed(f"CAST(NULL AS STRING) AS {key}" for key in nobody)} FROM ({lines_sql(said)})"""  # noqa: S608


def _lines(tables: Path) -> pd.DataFrame:
    """Order lines with their keys, the day of their order and of their return's arrival."""
    columns = ["line_id", "customer_id", "sku", "ordered_at", "delivered_at"]
    lines = pd.read_parquet(tables / "order_lines.parquet", columns=columns).sort_values("line_id", ignore_index=True)
    products = pd.read_parquet(tables / "products.parquet", columns=["sku", "style_id", "brand", "category", "size"])
    returns = pd.read_parquet(tables / "returns.parquet", columns=["line_id", "requested_at", "received_at"])
    lines = lines.merge(products, on="sku", how="left").merge(returns, on="line_id", how="left")
    in_time = lines["requested_at"] <= lines["delivered_at"] + pd.Timedelta(days=WINDOWS[""])
    lines["day"], lines["returned_on"] = _day(lines["ordered_at"]), _day(lines["received_at"].where(in_time))
    return lines


def _day(moments: pd.Series) -> pd.Series:
    days: pd.Series = moments.dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()
    return days


def _histories(lines: pd.DataFrame, entity: str, keys: list[str]) -> dict[str, npt.NDArray[np.float64]]:
    ordered = lines.groupby([*keys, "day"]).size().rename("ordered_lines")
    returned = lines.groupby([*keys, "returned_on"]).size().rename("returned_lines").rename_axis([*keys, "day"])
    daily = pd.concat([ordered, returned], axis=1).fillna(0).sort_index().reset_index()
    ever = daily.groupby(keys)[list(MEASURES)].cumsum() - daily[list(MEASURES)]
    lately = daily.groupby(keys).rolling(f"{WINDOW_DAYS}D", on="day", closed="left")[list(MEASURES)].sum().fillna(0)
    names = [f"{measure}_{WINDOW_DAYS}d" for measure in MEASURES]
    summed = daily[[*keys, "day"]].assign(**ever, **dict(zip(names, _values(lately), strict=True)))
    merged = lines[[*keys, "day"]].merge(summed, on=[*keys, "day"], how="left")
    return {f"{entity}.{name}": merged[name].to_numpy(dtype="float64") for name in (*MEASURES, *names)}


def _values(frame: pd.DataFrame) -> Sequence[npt.NDArray[np.float64]]:
    return [frame[name].to_numpy(dtype="float64") for name in MEASURES]


def _saved(found: Columns, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True)
    for name, values in found.items():
        np.save(folder / f"{name}.npy", values)
    return {"rows": len(next(iter(found.values()))), "columns": len(found)}
