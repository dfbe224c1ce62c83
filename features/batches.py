"""Training rows of a shop that does not fit into memory: the features of every order line, part by part, in bounded memory.

The histories of all lines are summed first, and stay on disk; then each part of the lines gets its histories, what customers
declared, and what they did that day, and goes through the same formulas.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from domain.tables import UTC
from features.asked import NUMBERS, TEXTS
from features.assembly import assemble
from features.build import Background, Progress, aligned, define_facts, numbered_facts, rows_of, spine
from features.catalogue import Feature, Values
from features.engine import Embedded
from features.entities import Wanted
from features.fact_text import Said, lines_sql
from features.feature_set import existing, needed
from features.histories import ASKED_KEYS, asked_keys_sql, history_sql
from features.moves import moves
from features.prefix_sums import Summed, summed, summing
from features.relations import give, skus
from features.sealed import write_whole
from features.stored import AnyShop

ROWS = 250_000
"""Order lines of a part; parts follow each other in time, so that each needs few days' moves."""


def asked_lines_sql(said: Said) -> str:
    """Every order line as the customer was about to order it, numbered by time: what `features.asked.of_order_lines` says, in SQL."""
    price = said.column("order_lines", "unit_price", "BIGINT")
    discount = said.column("order_lines", "discount", "BIGINT")
    order = "OVER (PARTITION BY lines.order_id, lines.ordered_us)"
    return f"""WITH lines AS ({lines_sql(said)}), priced AS (
  SELECT line_id, CAST({price} AS BIGINT) AS unit_price, CAST({discount} AS BIGINT) AS discount FROM order_lines
)
SELECT ROW_NUMBER() OVER (ORDER BY lines.ordered_us, lines.line_id) - 1 AS row_number, lines.line_id, lines.ordered_us AS at_us,
  lines.promised_us, {", ".join(f"lines.{name}" for name in TEXTS)}, lines.quantity, priced.unit_price, priced.discount,
  COUNT(*) {order} AS basket_lines, SUM(lines.quantity) {order} AS basket_units,
  CASE WHEN COUNT(priced.unit_price) {order} = COUNT(*) {order} THEN SUM(lines.value) {order} END AS basket_value,
  COUNT(*) OVER (PARTITION BY lines.order_id, lines.ordered_us, skus.style_id) AS basket_same_style,
  COUNT(*) OVER (PARTITION BY lines.order_id, lines.ordered_us, lines.sku) AS basket_same_sku
FROM lines JOIN priced ON lines.line_id = priced.line_id LEFT JOIN skus ON lines.sku = skus.sku"""  # noqa: S608


def write_features(
    shop: AnyShop,
    folder: Path,
    engine: Embedded,
    scratch: Path,
    *,
    rows: int = ROWS,
    in_memory: bool = True,
    progress: Progress | None = None,
) -> int:
    """Write the features of every order line, in order of time.

    Args:
        shop: the shop.
        folder: where to: parts of Parquet with line_id and a column per feature; appears whole or not at all.
        engine: where the SQL runs.
        scratch: an empty folder for what is in between; several times the size of the result.
        rows: order lines of a part.
        in_memory: hold the facts in memory to sum them; otherwise they are summed in SQL, which takes several times as long and spills
            to disk what is above the engine's bound.
        progress: wraps each loop, with a sentence on what it does.

    Returns:
        How many rows were written.
    """
    work = Work.of(shop, engine, scratch, rows)
    shown = progress or (lambda steps, sentence: steps)  # noqa: ARG005
    work.ask(shown(range(work.parts), "looking up the lines"))
    sum_up = summed_in_memory if in_memory else summed_in_sql
    histories = sum_up(work, shown(work.plan, "summing up histories"))

    def write(partial: Path) -> None:
        for part in shown(range(work.parts), "writing features"):
            work.features(part, histories).to_parquet(partial / f"part-{part:05d}.parquet", index=False)

    write_whole(folder, write)
    return work.lines


@dataclass(frozen=True, eq=False)
class Work:
    """What there is to do.

    Attributes:
        shop: the shop.
        engine: where the SQL runs.
        scratch: a folder for what is in between.
        background: what rows are looked up in.
        chosen: the features that the shop has.
        said: the shop's words.
        rows: order lines of a part.
        lines: of the shop.
    """

    shop: AnyShop
    engine: Embedded
    scratch: Path
    background: Background
    chosen: tuple[Feature, ...]
    said: Said
    rows: int
    lines: int

    @classmethod
    def of(cls, shop: AnyShop, engine: Embedded, scratch: Path, rows: int) -> Work:
        """Number the lines by time."""
        background = Background.of(shop)
        said = give(engine, shop, background.told)
        engine.write(asked_lines_sql(said) + " ORDER BY row_number", scratch / "lines.parquet")
        lines = pq.read_metadata(scratch / "lines.parquet").num_rows
        return cls(shop, engine, scratch, background, existing(shop.present), said, rows, lines)

    @property
    def parts(self) -> int:
        """How many there are."""
        return -(-self.lines // self.rows)

    @property
    def plan(self) -> tuple[Wanted, ...]:
        """The histories that the features read."""
        return needed(self.chosen)

    def ask(self, parts: Iterable[int]) -> None:
        """Write the relation `asked`."""
        (self.scratch / "asked").mkdir()
        for part in parts:
            asked, number = self._asked(part)
            found = rows_of(self.background, asked, moves({}))
            table = spine(found, found.day, first=number)
            pq.write_table(table, self.scratch / "asked" / f"{part}.parquet")

    def features(self, part: int, histories: Histories) -> pd.DataFrame:
        """The features of a part of the lines, with their line_id."""
        asked, first = self._asked(part)
        found = rows_of(self.background, asked, moves(self._since(asked)))
        built = assemble(self.chosen, {**histories(first, first + len(asked)), **found.inputs(found.day)}, found.persons.allowed)
        built.insert(0, "line_id", asked["line_id"].to_numpy())
        return built

    def _asked(self, part: int) -> tuple[pd.DataFrame, int]:
        first = part * self.rows
        last = first + self.rows
        found = self.engine.fetch(
            f"SELECT * FROM '{self.scratch / 'lines.parquet'}' WHERE row_number >= {first} AND row_number < {last} ORDER BY row_number"  # noqa: S608
        ).to_pandas()
        frame = found[["line_id", *TEXTS]].astype("str")
        times = {
            "at": pd.to_datetime(found["at_us"], unit="us", utc=True),
            "promised_at": pd.to_datetime(found["promised_us"], unit="us", utc=True),
        }
        return frame.assign(**{name: moment.astype(UTC) for name, moment in times.items()}, **found[list(NUMBERS)].astype("float64")), first

    def _since(self, asked: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """What customers did on the days of some rows, as tables of the contract."""
        first, last = (int(moment.timestamp() * 1e6) for moment in (asked["at"].min() - pd.Timedelta(days=2), asked["at"].max()))
        return dict(self._slices(first, last))

    def _slices(self, first: int, last: int) -> Iterator[tuple[str, pd.DataFrame]]:
        during = f"BETWEEN {first} AND {last}"
        if "events" in self.said.present:
            yield "events", self._fetched("events", f"{self.said.known('events', 'at')} {during}")
        if "returns" in self.said.present:  # a whole line's, for only what was told first of a return is its request
            of_lines = f"line_id IN (SELECT line_id FROM returns WHERE {self.said.known('returns', 'requested_at')} {during})"  # noqa: S608
            yield "returns", self._fetched("returns", of_lines)
            yield "order_lines", self._fetched("order_lines", f"unix_micros(ordered_at) {during} OR {of_lines}")
        else:
            yield "order_lines", self._fetched("order_lines", f"unix_micros(ordered_at) {during}")

    def _fetched(self, table: str, where: str) -> pd.DataFrame:
        frame: pd.DataFrame = self.engine.fetch(f"SELECT * FROM {table} WHERE {where}").to_pandas()  # noqa: S608
        moments = [name for name in frame.columns if name.endswith("_at") or name == "at"]
        in_utc = {name: pd.to_datetime(frame[name], utc=True).astype(UTC) for name in moments}
        return frame.assign(**in_utc)


Histories = Callable[[int, int], Mapping[str, Values]]
"""Tells every history of the lines [first, last)."""


def summed_in_memory(work: Work, plan: Iterable[Wanted]) -> Histories:
    """Sum up in memory, and keep on disk what is found: a file for each column, mapped only while it is looked up."""
    facts = numbered_facts(work.engine, work.said, work.plan, work.scratch / "asked", skus(work.shop.tables["products"]))

    def of(one: Wanted) -> Summed:
        folder = work.scratch / "histories" / one.entity.name
        folder.mkdir(parents=True)
        found = summed(one, facts, lambda name, column: _kept(column, folder / f"{name}.npy"))
        return replace(found, rows=_kept(found.rows, folder / "rows.npy"))

    with summing(work.plan, of) as result:
        for one in plan:
            result(one)

    def tell(first: int, last: int) -> dict[str, Values]:
        told: dict[str, Values] = {}
        for one in work.plan:
            folder = work.scratch / "histories" / one.entity.name
            rows = np.load(folder / "rows.npy", mmap_mode="r")[first:last]
            for name, column in zip(one.names, one.columns, strict=True):
                told[column] = np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")[rows])
        return told

    return tell


def summed_in_sql(work: Work, plan: Iterable[Wanted]) -> Histories:
    """Sum up in SQL, to a folder of Parquet for each part."""
    facts = define_facts(work.engine, work.said, work.plan)
    work.engine.give("asked", work.scratch / "asked")
    work.engine.define(ASKED_KEYS, asked_keys_sql())
    for one in plan:
        numbered = f"SELECT *, CAST(row_number // {work.rows} AS BIGINT) AS part FROM ({history_sql(one, facts)})"  # noqa: S608
        work.engine.write_parts(numbered, work.scratch / "histories" / one.entity.name, by="part")

    def tell(first: int, last: int) -> dict[str, Values]:
        told: dict[str, Values] = {}
        for one in work.plan:
            folder = work.scratch / "histories" / one.entity.name / f"part={first // work.rows}"
            told |= aligned(one, _read(one, folder), last - first, first=first)
            shutil.rmtree(folder, ignore_errors=True)  # each part is told once
        return told

    return tell


def _read(one: Wanted, folder: Path) -> pa.Table:
    if folder.exists():
        return pq.read_table(folder, partitioning=None)
    return pa.table({name: pa.array([], type=pa.int64()) for name in ("row_number", *one.names)})  # no row of the part has all keys


def _kept(array: npt.NDArray[Any], file: Path) -> npt.NDArray[Any]:
    """The same array, from a file."""
    np.save(file, array)
    return np.asarray(np.load(file, mmap_mode="r"))
