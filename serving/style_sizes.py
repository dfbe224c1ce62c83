"""The sizes of a style as the shop sells them, or as somebody describes a style that the shop does not sell yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.shopper import position
from features.snapshot import Snapshot
from serving.assortment import Product, assortment, by_style
from serving.reading import RequestRefused
from serving.size_steps import NO_SYSTEM, steps
from serving.usual_sizes import Usual, usual_sizes
from serving.wire import FieldError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_KEPT = 32
"""Described styles that are kept."""


@dataclass(frozen=True)
class Described:
    """A style that the snapshot does not hold.

    Attributes:
        category: the shop's own category.
        sizes: as printed; by default those in which the shop sells most styles of the category.
        size_system: the system they belong to; by default the one of most styles of the category.
        brand: if known.
        material: main material, if known.
    """

    category: str
    sizes: tuple[str, ...] = ()
    size_system: str | None = None
    brand: str | None = None
    material: str | None = None


@dataclass(frozen=True, eq=False)
class StyleSizes:
    """A style's skus that have a size, in columns, in the order of their sizes.

    Attributes:
        category: its category.
        skus: which they are.
        size: of each, as printed.
        system: the size system of each; empty where the shop names none.
        position: place of each one's size in its system; NaN where it has none.
        step: by how much the places of neighbouring sizes differ in each one's system.
        price: of each, minor units; NaN where unknown.
        snapshot: a state that knows these skus.
    """

    category: str
    skus: Sequence[str]
    size: Sequence[str]
    system: Sequence[str]
    position: Floats
    step: Floats
    price: Floats
    snapshot: Snapshot

    @cached_property
    def systems(self) -> dict[str, Rows]:
        """The rows of each size system."""
        names = np.array(self.system, dtype=object)
        return {name: np.flatnonzero(names == name) for name in dict.fromkeys(self.system)}


class Styles:
    """The styles of a shop.

    Attributes:
        skus: of every style.
    """

    def __init__(self, snapshot: Snapshot, products: Mapping[str, Product]) -> None:
        """Find out what is usual among them: the snapshot's assortment, by sku."""
        self.skus = by_style(products)
        self._snapshot, self._products, self._steps = snapshot, products, steps(snapshot.products)
        # a page of a style that is not sold yet is asked for again and again
        self._described = lru_cache(maxsize=_KEPT)(partial(_of_described, snapshot, usual_sizes(products.values()), self._steps))

    def sizes(self, style_id: str, described: Described | None = None) -> StyleSizes:
        """The sizes of a style that the shop sells, or else of one that is described.

        Raises:
            RequestRefused: the shop has no such style and it is not described, or the style has no sizes.
        """
        if skus := self.skus.get(style_id):
            return _sizes(style_id, {sku: self._products[sku] for sku in skus}, self._steps, self._snapshot)
        if described is not None:
            return self._described(style_id, described)
        advice = "what to do: describe it by its category, and sizes, brand and material where known"
        raise _refused(f"{style_id!r} is no style of this shop; expected: one of its style_ids; {advice}")


def _of_described(
    snapshot: Snapshot, usual: Mapping[str, Usual], known_steps: Mapping[str, float], style_id: str, described: Described
) -> StyleSizes:
    of_category = usual.get(described.category, Usual(None, {}))
    system = described.size_system or of_category.system
    sizes = described.sizes or of_category.runs.get(system, ())
    if not sizes:
        raise _refused(f"nothing is sold in sizes in category {described.category!r}; expected: the sizes of {style_id!r}")
    goods = _goods(snapshot.products, style_id, described, system, sizes)
    step = known_steps if (system or NO_SYSTEM) in known_steps else steps(goods)
    return _sizes(style_id, assortment(goods, {}), step, snapshot.of_other_goods(goods))


def _sizes(style_id: str, goods: Mapping[str, Product], step: Mapping[str, float], snapshot: Snapshot) -> StyleSizes:
    sized = [(sku, product.size, product.size_system or NO_SYSTEM, product) for sku, product in goods.items() if product.size is not None]
    if not sized:
        raise _refused(f"{style_id!r} comes without sizes: there is none to advise")
    at = {size: position(size) for _, size, _, _ in sized}
    rows = sorted(sized, key=lambda row: (row[2], np.isnan(at[row[1]]), np.nan_to_num(at[row[1]]), row[1]))
    systems = [system for _, _, system, _ in rows]
    return StyleSizes(
        category=str(rows[0][3].category),
        skus=[sku for sku, _, _, _ in rows],
        size=[size for _, size, _, _ in rows],
        system=systems,
        position=np.array([at[size] for _, size, _, _ in rows]),
        step=np.array([step[system] for system in systems]),
        price=np.array([np.nan if product.price is None else product.price for _, _, _, product in rows], dtype="float64"),
        snapshot=snapshot,
    )


def _goods(products: pd.DataFrame, style_id: str, described: Described, system: str | None, sizes: Sequence[str]) -> pd.DataFrame:
    """Rows like those of the products table for a described style: what is not known of it is missing."""
    told = {"style_id": style_id, "category": described.category, "brand": described.brand, "material": described.material}
    own = {"sku": [f"{style_id}-{size}" for size in sizes], "size": list(sizes), "size_system": [system] * len(sizes)}
    rows = pd.DataFrame({**{name: told.get(name) for name in products.columns}, **own}, columns=products.columns, index=range(len(sizes)))
    known = rows.assign(hidden=False) if "hidden" in products.columns else rows
    return known.astype(products.dtypes.to_dict())


def _refused(message: str) -> RequestRefused:
    return RequestRefused(FieldError(field="/style_id", message=message))
