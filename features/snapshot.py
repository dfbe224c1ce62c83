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
from features.lookup import Histories, Persons, Products, persons, texts
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
        self.stock: dict[str, int] = dict(zip(tables["stock"]["sku"].tolist(), tables["stock"]["available"].tolist(), strict=True))
        self._present = present
        self._histories = {entity.name: Histories.of(entity, histories[entity.name]) for entity in ENTITIES}
        self._products = Products(self.products)
        self._persons = Persons(tables["persons"])

    @property
    def at(self) -> pd.Timestamp:
        """The snapshot's moment: the first of its day."""
        return midnight(self.day)

    def knows_customer(self, customer_id: str | None) -> bool:
        """Whether the customer has ordered or said anything before the day, and consents to the use of it."""
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


def take_snapshot(shop: Shop, folder: Path, *, day: int | None = None, track: Track = iter) -> str:
    """Write the shop's online state at the start of a day into `folder`, sealed.

    Of customers it holds what their consent allows and nothing else.

    Args:
        shop: the shop.
        folder: where to.
        day: days since 1970-01-01 (UTC); by default the day that has begun at the shop's `now`.
        track: wraps the loop over entities, to show progress.

    Returns:
        The snapshot's seal.

    Raises:
        SnapshotRefused: the day begins after the shop's `now`: nobody knows yet what was kept by then.
    """
    today = int(days(pd.Series([shop.now]))[0])
    day = today if day is None else day
    if day > today:
        raise SnapshotRefused(f"a snapshot of {midnight(day):%Y-%m-%d}", expected=f"a day up to the shop's now, {shop.now:%Y-%m-%d}")
    at = midnight(day)
    known = persons(shop.tables, at)
    histories = _histories(Shop.of(shop.tables, shop.windows, now=at.to_pydatetime()), day, known, track)
    present = sorted(name for name in shop.tables if shop.has(name))

    def write(partial: Path) -> None:
        (partial / "histories").mkdir()
        for name, frame in histories.items():
            frame.to_parquet(partial / "histories" / f"{name}.parquet", index=False)
        shop.tables["products"].to_parquet(partial / "products.parquet", index=False)
        known.to_parquet(partial / "persons.parquet", index=False)
        _in_stock(shop.tables.get("stock"), at).to_parquet(partial / "stock.parquet", index=False)
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


def _histories(shop: Shop, day: int, known: pd.DataFrame, track: Track) -> dict[str, pd.DataFrame]:
    happened = _permitted(facts(shop), known)
    before = happened[happened["day"] < day]
    frames: dict[str, pd.DataFrame] = {}
    with duckdb.connect() as connection:
        connection.register("facts", before)
        for entity in track(ENTITIES):
            keys = list(entity.keys)
            entries = before[keys].dropna().drop_duplicates().reset_index(drop=True) if keys else pd.DataFrame(index=[0])
            spine = entries.assign(day=day, row_number=np.arange(len(entries)))
            connection.register("asked", spine)
            frames[entity.name] = entries.join(run(entity, connection))
    return frames


def _permitted(happened: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The facts, without the names of customers who have not consented to the use of their history."""
    told, everybody_else = known.iloc[:-1], bool(known["personalisation"].iloc[-1])
    yes, no = (told.loc[told["personalisation"] == answer, "customer_id"] for answer in (True, False))
    allowed = ~happened["customer_id"].isin(no) if everybody_else else happened["customer_id"].isin(yes)
    return happened.assign(customer_id=happened["customer_id"].where(allowed))


def _in_stock(stock: pd.DataFrame | None, at: pd.Timestamp) -> pd.DataFrame:
    """Units that can be sold per sku, at each location's latest count before a moment."""
    if stock is None:
        return pd.DataFrame({"sku": pd.Series([], dtype="str"), "available": pd.Series([], dtype="int64")})
    latest = stock[stock["at"] < at].sort_values("at").drop_duplicates(["sku", "location"], keep="last")
    return latest.groupby("sku")["available"].sum().astype("int64").reset_index()
