"""The online state: every history as it stood at the start of a day, ready to be looked up by the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from domain.errors import SnapshotRefused
from features.asked import require_asked
from features.build import FEATURE_SET_HASH, Track, assemble
from features.clock import days, midnight
from features.consent import granted
from features.entities import ENTITIES, Entity
from features.facts import KEYS, facts, subjects
from features.histories import history_columns, run
from features.sealed import read_sealed, write_sealed
from features.shop import Shop

_PRESENT = "present.json"


@dataclass(frozen=True)
class Looked:
    """A table that finds its rows by key.

    Attributes:
        frame: the rows.
        rows: row numbers by key (a text, or a tuple of texts).
    """

    frame: pd.DataFrame
    rows: Mapping[Any, Any]

    @classmethod
    def by(cls, frame: pd.DataFrame, keys: tuple[str, ...]) -> Looked:
        """Index a frame by unique keys."""
        columns = [frame[key].tolist() for key in keys]
        labels = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True)) if columns else [()] * len(frame)
        return cls(frame, {label: row for row, label in enumerate(labels)})

    def find(self, about: pd.DataFrame, keys: tuple[str, ...]) -> pd.DataFrame:
        """The frame's rows for each row of `about`, by its row number; unknown keys are absent."""
        columns = [about[key].tolist() for key in keys]
        labels = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True)) if columns else [()] * len(about)
        found = np.array([self.rows.get(label, -1) for label in labels], dtype="int64")
        known = np.flatnonzero(found >= 0)
        return self.frame.iloc[found[known]].set_axis(known)


class Snapshot:
    """What the shop knew at the start of a day.

    Attributes:
        seal: identifies the content.
        day: days since 1970-01-01 (UTC); histories hold facts known before it.
        products: the assortment (the contract's table).
        stock: units that can be sold per sku, at the latest count; a sku that is not there is not counted.
    """

    def __init__(self, seal: str, day: int, present: set[str], histories: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]) -> None:
        self.seal = seal
        self.day = day
        self.products = tables["products"]
        self.stock: dict[str, int] = _in_stock(tables.get("stock"))
        self._present = present
        self._histories = {entity.name: Looked.by(histories[entity.name], entity.keys) for entity in ENTITIES}
        self._products = Looked.by(self.products, ("sku",))
        self._personal = {name: (frame, frame.groupby("customer_id").indices) for name, frame in tables.items() if name in _PERSONAL}

    @property
    def at(self) -> pd.Timestamp:
        """The snapshot's moment: the first of its day."""
        return midnight(self.day)

    def knows_customer(self, customer_id: str | None) -> bool:
        """Whether the customer has ordered or said anything before the day."""
        return customer_id in self._histories["customer"].rows

    def known_skus(self, skus: pd.Series) -> np.ndarray:
        """Which skus have been ordered before the day."""
        rows = self._histories["sku"].rows
        return np.array([sku in rows for sku in skus], dtype=bool)

    def offers(self, skus: pd.Series) -> pd.DataFrame:
        """The products' rows for each sku, by row number; unknown skus are absent."""
        return self._products.find(pd.DataFrame({"sku": skus}), ("sku",))

    def build(self, asked: pd.DataFrame) -> pd.DataFrame:
        """The features of each asked-for row: what `features.build` gives for the same rows on this day.

        Raises:
            FeaturesRefused: the rows are not as `features.asked.ASKED` says.
        """
        require_asked(asked)
        tables = {"products": self._products.frame.iloc[sorted({self._products.rows[sku] for sku in asked["sku"] if sku in self._products.rows})]}
        tables |= {name: self._of(name, asked["customer_id"]) for name in self._personal}
        about = subjects(tables, asked["customer_id"], asked["sku"], asked["at"], asked["country"])
        histories = {entity.name: self._known(entity, about) for entity in ENTITIES}
        allowed = granted(tables.get("consents"), asked["customer_id"], asked["at"])
        return assemble(asked, about, days(asked["at"]), histories, self._present, allowed)

    def _known(self, entity: Entity, about: pd.DataFrame) -> pd.DataFrame:
        """Histories of every row whose keys are known; one that is known but has no facts yet counts zero, as in the SQL."""
        names = history_columns(entity)
        complete = about[list(entity.keys)].notna().all(axis=1).to_numpy()
        counts = [name for name in names if not name.endswith("_day")]
        found = self._histories[entity.name].find(about, entity.keys)[names].reindex(np.flatnonzero(complete))
        return found.fillna(dict.fromkeys(counts, 0.0))

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
        raise SnapshotRefused(f"the snapshot holds feature set {manifest.get('feature_set')}", expected=FEATURE_SET_HASH, advice="train anew")
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
