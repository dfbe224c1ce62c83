"""The online state: every history as it stood at the start of a day, ready to be looked up by the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import SnapshotRefused
from features.asked import asked_numbers, require_asked
from features.build import FEATURE_SET_HASH, Track, assemble
from features.catalogue import Values
from features.clock import days, midnight
from features.entities import ENTITIES
from features.facts import facts
from features.histories import run
from features.lookup import Histories, Persons, Products, texts
from features.sealed import read_sealed, write_sealed
from features.shop import Shop

_PRESENT = "present.json"


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
        self._products = Products(self.products)
        self._persons = Persons({name: tables[name] for name in _PERSONAL if name in tables}, self.at)

    @property
    def at(self) -> pd.Timestamp:
        """The snapshot's moment: the first of its day."""
        return midnight(self.day)

    def knows_customer(self, customer_id: str | None) -> bool:
        """Whether the customer has ordered or said anything before the day."""
        return customer_id is not None and customer_id in self._histories["customer"].rows

    def known_skus(self, skus: pd.Series) -> npt.NDArray[np.bool_]:
        """Which skus have been ordered before the day."""
        return self._histories["sku"].rows.find({"sku": texts(skus)}, len(skus)) >= 0

    def build(self, asked: pd.DataFrame) -> pd.DataFrame:
        """The features of each asked-for row: what `features.build` gives for the same rows at the snapshot's moment.

        Raises:
            FeaturesRefused: the rows are not as `features.asked.ASKED` says.
        """
        require_asked(asked)
        rows, customers, skus = len(asked), texts(asked["customer_id"]), texts(asked["sku"])
        of_product, size_position = self._products.look_up(skus)
        of_person, measurements, allowed = self._persons.look_up(customers)
        about = {"customer_id": customers, "sku": skus, "country": texts(asked["country"]), **of_product, **of_person}
        inputs: dict[str, Values] = {"day": np.full(rows, float(self.day)), "size_position": size_position}
        inputs |= {**measurements, **asked_numbers(asked)}
        for history in self._histories.values():
            inputs |= history.look_up(about, rows)
        return assemble(inputs, self._present, allowed)


_PERSONAL = ("preferences", "consents")


def take_snapshot(shop: Shop, folder: Path, *, day: int | None = None, track: Track = iter) -> str:
    """Write the shop's online state at the start of a day into `folder`, sealed.

    Args:
        shop: the shop.
        folder: where to.
        day: days since 1970-01-01 (UTC); by default the day that has begun at the shop's `now`.
        track: wraps the loop over entities, to show progress.

    Returns:
        The snapshot's seal.
    """
    day = int(days(pd.Series([shop.now]))[0]) if day is None else day
    histories = _histories(Shop.of(shop.tables, shop.windows, now=midnight(day).to_pydatetime()), day, track)
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
    if manifest.get("kind") != "snapshot" or not isinstance(manifest.get("day"), int):
        raise SnapshotRefused(f"{folder} holds a {manifest.get('kind')}", expected="a snapshot with its day")
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
