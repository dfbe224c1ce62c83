"""The shop's products as rows are looked up in them: what an offer inherits from its sku."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Values
from features.fact_text import OF_A_PRODUCT
from features.measures import LOOKS, VALUES
from features.persons import Texts, texts
from features.relations import skus

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Offers:
    """What is known of the skus of some rows, one entry per row.

    Attributes:
        row: the sku's row in the assortment; -1 when it is not there.
        keys: the keys that follow from the sku, as texts.
        codes: the same keys as whole numbers, -1 where unknown, and the sku's own.
        inputs: size_position, `LOOKS`, and 1 or 0 for each group of values; missing for unknown skus.
    """

    row: Ints
    keys: Mapping[str, Texts]
    codes: Mapping[str, Ints]
    inputs: Mapping[str, Values]


_NOTHING = np.array([None], dtype=object)


class Assortment:
    """Finds products by sku.

    Attributes:
        looks: `LOOKS` of each product, and at the end of an unknown sku; None where the shop tells none.
    """

    def __init__(self, products: pd.DataFrame, *, pictured: bool) -> None:
        """Index the products (the contract's table); `pictured` says whether the shop tells how any of its products looks."""
        frame = skus(products)
        self._rows = {sku: row for row, sku in enumerate(frame["sku"].tolist())}
        self._keys: dict[str, Texts] = {key: np.append(texts(frame[key]), _NOTHING) for key in OF_A_PRODUCT}
        self._codes = {key: np.append(pd.factorize(frame[key])[0].astype("int64"), -1) for key in OF_A_PRODUCT}
        self._codes["sku"] = np.append(np.arange(len(frame), dtype="int64"), -1)
        numbers = {name: frame[name].to_numpy(dtype="float64") for name in VALUES}
        numbers |= {name: frame[name].to_numpy(dtype="float64", na_value=np.nan) for name in LOOKS}
        numbers["size_position"] = frame["size_tenths"].to_numpy(dtype="float64", na_value=np.nan) / 10.0
        self._inputs = {name: np.append(values, np.nan) for name, values in numbers.items()}
        self.looks: Values | None = np.column_stack([self._inputs[name] for name in LOOKS]) if pictured else None

    def column(self, key: str) -> Texts:
        """A key of every product, and at the end None for an unknown sku."""
        return self._keys[key]

    def look_up(self, wanted: Sequence[str | None]) -> Offers:
        """What is known of each sku."""
        rows = self._rows
        found = np.fromiter((rows.get(sku, -1) for sku in wanted), dtype="int64", count=len(wanted))
        keys, codes, inputs = (
            {name: column[found] for name, column in columns.items()} for columns in (self._keys, self._codes, self._inputs)
        )
        return Offers(found, keys, codes, inputs)
