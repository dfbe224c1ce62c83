"""Finds what a snapshot knows of an offer, a customer or a pair of them, fast enough for a page view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.sizes import size_positions
from domain.tables import CONSENT_PURPOSES, UTC, Tables
from features.catalogue import Inputs, Values
from features.consent import granted
from features.declared import MEASUREMENTS, declared
from features.entities import Entity
from features.facts import ONE_SYSTEM
from features.histories import history_columns

Texts = Sequence[str | None]
About = Mapping[str, Texts]
"""Keys of asked-for rows (`features.facts.KEYS`) by name; None is unknown."""

_OF_A_PRODUCT = ("style_id", "category", "brand", "supplier_id", "size", "size_system")
_OF_A_PERSON = ("occasion", "height_band", "weight_band")


def texts(values: pd.Series) -> list[str | None]:
    """A column of texts, with None where it is missing."""
    return [value if isinstance(value, str) else None for value in values.tolist()]


class Rows:
    """Finds row numbers by key.

    Attributes:
        keys: the names that make up a key; none for the shop as a whole.
    """

    def __init__(self, about: About, keys: tuple[str, ...], rows: int) -> None:
        self.keys = keys
        self._numbers = {label: number for number, label in enumerate(self._labels(about, rows))}

    def __contains__(self, label: object) -> bool:
        return label in self._numbers

    def find(self, about: About, rows: int) -> npt.NDArray[np.int64]:
        """The row number of each row's key; -1 where it is not there."""
        numbers = self._numbers
        return np.fromiter((numbers.get(label, -1) for label in self._labels(about, rows)), dtype="int64", count=rows)

    def _labels(self, about: About, rows: int) -> Sequence[object]:
        if len(self.keys) == 1:
            return about[self.keys[0]]
        return list(zip(*(about[key] for key in self.keys), strict=True)) if self.keys else [()] * rows


@dataclass(frozen=True, eq=False)
class Histories:
    """One entity's histories at the start of a day.

    Attributes:
        entity: whose.
        rows: finds an entry by key.
        values: one column per entry, one row per `features.histories.history_columns`; behind the entries come one that nothing
            is known of (no orders, no first day) and one with an unknown key (missing, as in the SQL).
    """

    entity: Entity
    rows: Rows
    values: Values

    @classmethod
    def of(cls, entity: Entity, frame: pd.DataFrame) -> Histories:
        """Index the entries of a snapshot."""
        names = history_columns(entity)
        nothing = np.array([np.nan if name.endswith("_day") else 0.0 for name in names])
        values = np.column_stack([frame[names].to_numpy(dtype="float64").T, nothing, np.full(len(names), np.nan)])
        return cls(entity, Rows({key: texts(frame[key]) for key in entity.keys}, entity.keys, len(frame)), values)

    def look_up(self, about: About, rows: int) -> Inputs:
        """Each history of each row."""
        found = self.rows.find(about, rows)
        nothing_known, unknown_key = self.values.shape[1] - 2, self.values.shape[1] - 1
        found = np.where(found < 0, nothing_known, found)
        for key in self.entity.keys:
            found[[value is None for value in about[key]]] = unknown_key
        return dict(zip(history_columns(self.entity), self.values[:, found], strict=True))


class Products:
    """The assortment by sku."""

    def __init__(self, products: pd.DataFrame) -> None:
        self.frame = products
        self.rows = Rows({"sku": texts(products["sku"])}, ("sku",), len(products))
        named = products.assign(size_system=products["size_system"].fillna(ONE_SYSTEM))
        self._keys = {key: [*texts(named[key]), None] for key in _OF_A_PRODUCT}
        self._size_position = np.append(size_positions(products["size"]), np.nan)

    def look_up(self, skus: Texts) -> tuple[About, Values]:
        """Each sku's keys, and the position of its size; missing for unknown skus."""
        found = self.rows.find({"sku": skus}, len(skus))
        return {key: [column[row] for row in found] for key, column in self._keys.items()}, self._size_position[found]


def persons(tables: Tables, at: pd.Timestamp) -> pd.DataFrame:
    """What may be known of each customer who declared or consented to anything, as of a moment.

    Returns:
        customer_id, the `MEASUREMENTS`, occasion and body bands as far as consent allows, and a flag for each purpose; the last
        row has no id and stands for everybody else.
    """
    told = [tables[name]["customer_id"] for name in ("preferences", "consents") if name in tables]
    customers = pd.concat([*told, pd.Series([None])], ignore_index=True).astype("str").drop_duplicates(keep="last")
    customers = customers.sort_values(na_position="last").reset_index(drop=True)
    moments = pd.Series([at] * len(customers), dtype=UTC)
    allowed = pd.DataFrame(granted(tables.get("consents"), customers, moments))
    return pd.concat([customers.rename("customer_id"), declared(tables, customers, moments), allowed], axis=1)


class Persons:
    """Finds what `persons` says of a customer."""

    def __init__(self, known: pd.DataFrame) -> None:
        self._rows = Rows({"customer_id": texts(known["customer_id"])[:-1]}, ("customer_id",), len(known) - 1)
        self._measurements = {name: known[name].to_numpy(dtype="float64") for name in MEASUREMENTS}
        self._keys = {key: texts(known[key]) for key in _OF_A_PERSON}
        self._allowed = {purpose: known[purpose].to_numpy(dtype=bool) for purpose in CONSENT_PURPOSES}

    def look_up(self, customers: Texts) -> tuple[About, Inputs, dict[str, npt.NDArray[np.bool_]]]:
        """Each customer's keys, measurements and consents; nobody's for unknown customers."""
        found = self._rows.find({"customer_id": customers}, len(customers))
        keys = {key: [column[row] for row in found] for key, column in self._keys.items()}
        measurements = {name: values[found] for name, values in self._measurements.items()}
        return keys, measurements, {purpose: allowed[found] for purpose, allowed in self._allowed.items()}
