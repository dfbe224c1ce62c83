"""The online state: every history as it stood at the start of a day, ready to be looked up by the service."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from domain.errors import FeaturesRefused, SnapshotRefused
from domain.tables import Tables
from features.answering import Answer, Answering, Night
from features.asked import require_asked
from features.asking import Asking
from features.assembly import assemble
from features.assortment import Assortment, Offers
from features.build import Rows
from features.catalogue import Values
from features.clock import day_starts, micros, midnight
from features.entities import Wanted
from features.fact_text import OF_A_PERSON, OF_A_PRODUCT
from features.feature_set import FEATURE_SET_HASH, existing, needed
from features.keyed import MISSING, Hashes, Layer, Stack, fold, hash_texts
from features.moves import moves, today
from features.people import People
from features.persons import OWN, Flags, persons, texts, where
from features.sealed import read_sealed
from features.state import nothing_of
from features.told import Told

PROBE = int(hash_texts(["Keeprank"])[0])
"""How this version hashes keys: a snapshot made with other hashes would find nothing."""


class Snapshot:
    """What the shop knew at the start of a day.

    Attributes:
        seal: identifies the content.
        day: days since 1970-01-01 on the shop's clock; histories hold facts known before it.
        zone: the time zone of the shop's clock.
        present: the tables and columns that the shop has: they decide which features exist.
        products: the assortment (the contract's table).
        stock: units that can be sold per sku, at the latest count; a sku that is not there is not counted.
    """

    def __init__(
        self, seal: str, manifest: Mapping[str, Any], state: Mapping[str, Stack], people: People, tables: Mapping[str, pd.DataFrame]
    ) -> None:
        self.seal = seal
        self.day, self.zone = int(manifest["day"]), str(manifest["zone"])
        self.present = frozenset(manifest["present"])
        self.stock: dict[str, int] = dict(zip(tables["stock"]["sku"].tolist(), tables["stock"]["available"].tolist(), strict=True))
        self.features = existing(self.present)
        self.people = people
        self.state = dict(state)
        self._plan = needed(self.features)
        self._midnight_us = int(day_starts(self.day, self.day, self.zone)[0])
        self._sell(tables["products"])

    @cached_property
    def at(self) -> pd.Timestamp:
        """The snapshot's moment: the first of its day."""
        return midnight(self.day, self.zone)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features that it can tell."""
        return tuple(feature.name for feature in self.features)

    def knows_customer(self, customer_id: str | None) -> bool:
        """Whether the customer has ordered or said anything before the day, and consents to the use of it."""
        return customer_id is not None and self._has_entry("customer", hash_texts([customer_id]))[0]

    def known_skus(self, skus: pd.Series) -> Flags:
        """Which skus have been ordered before the day."""
        return self._has_entry("sku", hash_texts(texts(skus)))

    @cached_property
    def answering(self) -> Answering:
        """Answers askings; made when first asked for, and then kept: it computes what it can before anybody asks."""
        skus = self.products["sku"].tolist()
        at = (self.day, self._midnight_us)
        return Answering(Night(*at, self.features, self._plan, self.state, self.people, skus, self._assortment, self._hashes))

    def of_other_goods(self, products: pd.DataFrame) -> Snapshot:
        """What is known of the same shoppers and the same past, and these goods (the contract's table) instead of the assortment.

        What is known of their brand and their category tells of goods that the shop has never sold, too.
        """
        other = copy.copy(self)
        other.stock = {}
        other._sell(products)
        other.answering = self.answering.of_other_goods(products["sku"].tolist(), other._assortment, other._hashes)
        return other

    def answer(self, asking: Asking) -> Answer:
        """The features of what one shopper is offered at one moment: what `build` gives for the same rows, much quicker.

        Raises:
            FeaturesRefused: it asks about a time before the snapshot's.
        """
        return self.answering.answer(asking)

    def build(self, asked: pd.DataFrame, since: Tables | None = None) -> pd.DataFrame:
        """The features of each asked-for row: what `features.build` gives for the same rows.

        Args:
            asked: rows as `features.asked.ASKED` says, at moments from the snapshot's on.
            since: what became known from the snapshot's moment on, as tables of the contract: events, order_lines and returns (with
                the lines they are about), preferences, consents.

        Raises:
            FeaturesRefused: the rows are not as `ASKED` says, or ask about a time before the snapshot's.
        """
        require_asked(asked)
        rows = self._rows(asked, since or {})
        day = np.full(len(asked), self.day, dtype="int64")
        inputs: dict[str, Values] = rows.inputs(day)
        keys = self._keys(rows)
        for wanted in self._plan:
            inputs |= self._look_up(wanted, keys, len(asked))
        return assemble(self.features, inputs, rows.persons.allowed)

    def _sell(self, products: pd.DataFrame) -> None:
        self.products = products
        self._assortment = Assortment(products, pictured="products.looks" in self.present)
        self._hashes = {key: hash_texts(self._assortment.column(key)) for key in OF_A_PRODUCT}

    def _rows(self, asked: pd.DataFrame, since: Tables) -> Rows:
        at_us = micros(asked["at"])
        if len(at_us) and int(at_us.min()) < self._midnight_us:
            raise FeaturesRefused(f"rows ask about {asked['at'].min():%Y-%m-%d %H:%M}", expected=f"times from {self.at:%Y-%m-%d %H:%M} on")
        offers = self._assortment.look_up(texts(asked["sku"]).tolist())
        midnight_us = np.full(len(asked), self._midnight_us)
        customers = hash_texts(texts(asked["customer_id"]))
        night = self.people.night(customers, hash_texts(offers.keys["category"]))
        known = persons(night, _told(since), _about(asked, offers, since), at_us, midnight_us)
        withheld = known.with_customers(where(night.allowed[OWN], texts(asked["customer_id"]), None))
        done = today(moves(since), self._assortment, asked["customer_id"], offers, at_us, midnight_us)
        return Rows(asked, offers, withheld, np.full(len(asked), self.day), at_us, midnight_us, done)

    def _keys(self, rows: Rows) -> dict[str, Hashes]:
        """The hash of every key of every row; 0 where it is unknown."""
        given = {name: hash_texts(texts(rows.asked[name])) for name in ("sku", "country", "channel", "payment_method")}
        own = {name: hash_texts(rows.persons.keys[name]) for name in ("customer_id", *OF_A_PERSON)}
        return {**given, **own, **{key: column[rows.offers.row] for key, column in self._hashes.items()}}

    def _look_up(self, wanted: Wanted, keys: Mapping[str, Hashes], rows: int) -> dict[str, Values]:
        parts = [keys[key] for key in wanted.entity.keys]
        found = self.state[wanted.entity.name].look_up(fold(parts, rows), nothing_of(wanted))
        values = np.where(found == MISSING, np.nan, found.astype("float64"))
        for part in parts:
            values[part == 0] = np.nan
        return dict(zip(wanted.columns, values.T, strict=True))

    def _has_entry(self, entity: str, hashed: Hashes) -> Flags:
        keys = fold([hashed], len(hashed))
        wanted = next(one for one in self._plan if one.entity.name == entity)
        first = self.state[entity].look_up(keys, np.full(len(wanted.names), _NO_ENTRY))[:, 0]
        known: Flags = (first != _NO_ENTRY) & (hashed != 0)
        return known


_NO_ENTRY = MISSING + 2
_NOTHING_TOLD = Told.of({})


def load_snapshot(folder: Path) -> Snapshot:
    """Load what `features.taking` wrote; its numbers are mapped into memory, not read.

    Raises:
        SnapshotRefused: it is tampered with, incomplete, or made for another feature set.
    """
    seal, manifest = read_sealed(folder, SnapshotRefused)
    if manifest.get("kind") != "snapshot" or not isinstance(manifest.get("day"), int):
        raise SnapshotRefused(f"{folder} holds a {manifest.get('kind')}", expected="a snapshot with its day")
    if manifest.get("feature_set") != FEATURE_SET_HASH:
        raise SnapshotRefused(
            f"the snapshot holds feature set {manifest.get('feature_set')}", expected=FEATURE_SET_HASH, advice="take it anew"
        )
    if manifest.get("probe") != PROBE:
        raise SnapshotRefused("the snapshot's keys were hashed by another version of pandas", advice="take it anew")
    tables = {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    state = {entry.name: load_stack(entry) for entry in sorted((folder / "histories").iterdir())}
    return Snapshot(seal, manifest, state, People.load(folder / "people"), tables)


def load_stack(folder: Path) -> Stack:
    """The layers of one entity's histories."""
    return Stack(tuple(Layer.load(layer) for layer in sorted(folder.iterdir())))


def _told(since: Tables) -> Told:
    """What was declared and decided today; mostly nothing, which need not be looked for."""
    return Told.of(since) if {"preferences", "consents"} & set(since) else _NOTHING_TOLD


def _about(asked: pd.DataFrame, offers: Offers, since: Tables) -> pd.DataFrame:
    """customer_id and category of each row; only read when something was declared or decided today."""
    if not {"preferences", "consents"} & set(since):
        return asked
    return pd.DataFrame({"customer_id": asked["customer_id"].to_numpy(), "category": offers.keys["category"]}, dtype="str")
