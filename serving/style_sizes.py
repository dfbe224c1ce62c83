"""The sizes of a style as the shop sells them, or as somebody describes a style that the shop does not sell yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.shopper import position
from features.snapshot import Snapshot
from serving.assortment import Product, assortment
from serving.reading import RequestRefused
from serving.size_steps import NO_SYSTEM, steps
from serving.state import Serving
from serving.wire import FieldError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_BREAK = "\n"


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


def style_sizes(serving: Serving, style_id: str, described: Described | None = None) -> StyleSizes:
    """The sizes of a style that the shop sells, or else of one that is described.

    Raises:
        RequestRefused: the shop has no such style and it is not described, or the style has no sizes.
    """
    skus = serving.styles.get(style_id, ())
    if skus:
        return _sizes(style_id, {sku: serving.products[sku] for sku in skus}, serving.size_steps, serving.snapshot)
    if described is None:
        advice = "what to do: describe it by its category, and sizes, brand and material where known"
        raise _refused(f"{style_id!r} is no style of this shop; expected: one of its style_ids; {advice}")
    goods = _new(serving.snapshot.products, style_id, described)
    return _sizes(style_id, assortment(goods, {}), {**steps(goods), **serving.size_steps}, serving.snapshot.of_other_goods(goods))


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


def _new(products: pd.DataFrame, style_id: str, described: Described) -> pd.DataFrame:
    """Rows of the products table for a described style: what is not known of it is missing."""
    system, usual = _usual(products, described)
    sizes = described.sizes or usual
    if not sizes:
        raise _refused(f"nothing is sold in sizes in category {described.category!r}; expected: the sizes of {style_id!r}")
    told = {"style_id": style_id, "category": described.category, "brand": described.brand, "material": described.material}
    own = {"sku": [f"{style_id}-{size}" for size in sizes], "size": list(sizes), "size_system": [system] * len(sizes)}
    rows = pd.DataFrame({**{name: told.get(name) for name in products.columns}, **own}, columns=products.columns, index=range(len(sizes)))
    known = rows.assign(hidden=False) if "hidden" in products.columns else rows
    return known.astype(products.dtypes.to_dict())


def _usual(products: pd.DataFrame, described: Described) -> tuple[str | None, tuple[str, ...]]:
    """The system of a category's styles, and the sizes that most of its styles come in."""
    alike = products[(products["category"] == described.category) & products["size"].notna()]
    systems = alike["size_system"].dropna().value_counts()
    system = described.size_system or (str(systems.index[0]) if len(systems) else None)
    alike = alike if system is None else alike[alike["size_system"] == system]
    runs = alike.groupby("style_id")["size"].agg(_run)
    usual = str(runs.value_counts().index[0]) if len(runs) else ""
    return system, tuple(usual.split(_BREAK)) if usual else ()


def _run(sizes: pd.Series) -> str:
    """A style's sizes, each once, as one text."""
    return _BREAK.join(dict.fromkeys(sizes.tolist()))


def _refused(message: str) -> RequestRefused:
    return RequestRefused(FieldError(field="/style_id", message=message))
