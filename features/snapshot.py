"""The online state: every history as it stood at the start of a day, ready to be looked up by the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import SnapshotRefused
from features.asked import require_asked
from features.build import FEATURE_SET_HASH, Track, assemble
from features.catalogue import Values
from features.clock import days, midnight
from features.consent import granted
from features.entities import ENTITIES, Entity
from features.facts import facts, subjects
from features.histories import history_columns, run
from features.sealed import read_sealed, write_sealed
from features.shop import Shop

_PRESENT = "present.json"


class Rows:
    """Finds row numbers by key.

    Attributes:
        keys: the columns that make up a key; none for the shop as a whole.
    """

    def __init__(self, frame: pd.DataFrame, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self._numbers = {label: number for number, label in enumerate(self._labels(frame))}

    def __contains__(self, label: object) -> bool:
        return label in self._numbers

    def find(self, about: pd.DataFrame) -> npt.NDArray[np.int64]:
        """The row number of each row's key; -1 where it is not there."""
        return np.array([self._numbers.get(label, -1) for label in self._labels(about)], dtype="int64")

    def _labels(self, frame: pd.DataFrame) -> list[Any]:
        columns = [frame[key].tolist() for key in self.keys]
        if len(columns) == 1:
            return columns[0]
        return list(zip(*columns, strict=True)) if columns else [()] * len(frame)


@dataclass(frozen=True, eq=False)
class Histories:
    """One entity's histories at the start of a day.

    Attributes:
        entity: whose.
        rows: finds an entry by key.
        values: one row per entry, one column per `features.histories.history_columns`.
        without_facts: the histories of an entry that nothing is known of: no orders, no first day.
    """

    entity: Entity
    rows: Rows
    values: Values
    without_facts: Values

    @classmethod
    def of(cls, entity: Entity, frame: pd.DataFrame) -> Histories:
        """Index what `take_snapshot` wrote."""
        names = history_columns(entity)
        nothing = np.array([np.nan if name.endswith("_day") else 0.0 for name in names])
        return cls(entity, Rows(frame, entity.keys), frame[names].to_numpy(dtype="float64"), nothing)

    def look_up(self, about: pd.DataFrame) -> dict[str, Values]:
        """Each history of each row; missing where a key is unknown, as in the SQL."""
        found = self.rows.find(about)
        values = np.where((found >= 0)[:, None], self.values[found] if len(self.values) else np.nan, self.without_facts)
        for key in self.entity.keys:
            values[about[key].isna().to_numpy()] = np.nan
        return {name: values[:, column] for column, name in enumerate(history_columns(self.entity))}


class Snapshot:
    """What the shop knew at the start of a day.

    Attributes:
        seal: identifies the content.
        day: days since 1970-01-01 (UTC); histories hold facts known before it.
        products: the assortment (the contract's table).
        stock: units that can be sold per sku, at the latest count; a sku that is not there is not counted.
    """

    def __init__(
        self, seal: str, day: int, present: set[str], histories: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]
    ) -> None:
        self.seal = seal
        self.day = day
        self.products = tables["products"]
        self.stock: dict[str, int] = _in_stock(tables.get("stock"))
        self._present = present
        self._histories = {entity.name: Histories.of(entity, histories[entity.name]) for entity in ENTITIES}
        self._skus = Rows(self.products, ("sku",))
        self._personal = {name: (frame, frame.groupby("customer_id").indices) for name, frame in tables.items() if name in _PERSONAL}

    @property
    def at(self) -> pd.Timestamp:
        """The snapshot's moment: the first of its day."""
        return midnight(self.day)

    def knows_customer(self, customer_id: str | None) -> bool:
        """Whether the customer has ordered or said anything before the day."""
        return customer_id is not None and customer_id in self._histories["customer"].rows

    def known_skus(self, skus: pd.Series) -> npt.NDArray[np.bool_]:
        """Which skus have been ordered before the day."""
        return self._histories["sku"].rows.find(pd.DataFrame({"sku": skus})) >= 0

    def offers(self, skus: pd.Series) -> pd.DataFrame:
        """The products' rows for each sku, by row number; unknown skus are absent."""
        found = self._skus.find(pd.DataFrame({"sku": skus}))
        known = np.flatnonzero(found >= 0)
        return self.products.iloc[found[known]].set_axis(known)

    def build(self, asked: pd.DataFrame) -> pd.DataFrame:
        """The features of each asked-for row: what `features.build` gives for the same rows on this day.

        Raises:
            FeaturesRefused: the rows are not as `features.asked.ASKED` says.
        """
        require_asked(asked)
        tables = {"products": self.offers(asked["sku"].drop_duplicates())}
        tables |= {name: self._of(name, asked["customer_id"]) for name in self._personal}
        about = subjects(tables, asked["customer_id"], asked["sku"], asked["at"], asked["country"])
        histories: dict[str, Values] = {}
        for history in self._histories.values():
            histories |= history.look_up(about)
        allowed = granted(tables.get("consents"), asked["customer_id"], asked["at"])
        return assemble(asked, about, days(asked["at"]), histories, self._present, allowed)

    def _of(self, name: str, customers: pd.Series) -> pd.DataFrame:
        frame, rows = self._personal[name]
        mine = [rows[customer] for customer in customers.dropna().unique() if customer in rows]
        return frame.iloc[np.concatenate(mine)] if mine else frame.iloc[:0]


_PERSONAL = ("preferences", "consents")


def take_snapshot(shop: Shop, folder: Path, *, day: int | None = None, track: Track = iter) -> str:
    """Write the shop's online state at the start of a day into `folder`, sealed.

    Args:
        shop: the shop.
        folder: where to.
        day: days since 1970-01-01 (UTC); the day after the shop's latest fact by default.
        track: wraps the loop over entities, to show progress.

    Returns:
        The snapshot's seal.
    """
    day = int(days(pd.Series([shop.now]))[0]) + 1 if day is None else day
    histories = _histories(shop, day, track)
    present = sorted(name for name in shop.tables if shop.has(name))

    def write(partial: Path) -> None:
        (partial / "histories").mkdir()
        for name, frame in histories.items():
            frame.to_parquet(partial / "histories" / f"{name}.parquet", index=False)
        for name in ("products", "stock", *_PERSONAL):
            if name in shop.tables:
                shop.tables[name].to_parquet(partial / f"{name}.parquet", index=False)
        (partial / _PRESENT).write_text(json.dumps(present) + "\n")

    return write_sealed(folder, write, {"kind": "snapshot", "day": day, "feature_set": FEATURE_SET_HASH})


def load_snapshot(folder: Path) -> Snapshot:
    """Load what `take_snapshot` wrote.

    Raises:
        SnapshotRefused: it is tampered with, incomplete, or made for another feature set.
    """
    seal, manifest = read_sealed(folder, SnapshotRefused)
    if manifest.get("feature_set") != FEATURE_SET_HASH:
        raise SnapshotRefused(
            f"the snapshot holds feature set {manifest.get('feature_set')}", expected=FEATURE_SET_HASH, advice="train anew"
        )
    histories = {entity.name: pd.read_parquet(folder / "histories" / f"{entity.name}.parquet") for entity in ENTITIES}
    tables = {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    present = set(json.loads((folder / _PRESENT).read_text()))
    return Snapshot(seal, int(manifest["day"]), present, histories, tables)


def _histories(shop: Shop, day: int, track: Track) -> dict[str, pd.DataFrame]:
    happened = facts(shop)
    frames: dict[str, pd.DataFrame] = {}
    with duckdb.connect() as connection:
        connection.register("facts", happened)
        for entity in track(ENTITIES):
            keys = list(entity.keys)
            known = happened[keys].dropna().drop_duplicates().reset_index(drop=True) if keys else pd.DataFrame(index=[0])
            spine = known.assign(day=day, row_number=np.arange(len(known)))
            connection.register("asked", spine)
            frames[entity.name] = known.join(run(entity, connection))
    return frames


def _in_stock(stock: pd.DataFrame | None) -> dict[str, int]:
    if stock is None:
        return {}
    latest = stock.sort_values("at").drop_duplicates(["sku", "location"], keep="last")
    return {str(sku): int(units) for sku, units in latest.groupby("sku")["available"].sum().items()}
