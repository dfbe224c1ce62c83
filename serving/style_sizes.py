"""The sizes of a style as the shop sells them, or as somebody describes a style that the shop does not sell yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.sizes import size_positions
from features.snapshot import Snapshot
from serving.reading import RequestRefused
from serving.wire import FieldError

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_NO_SYSTEM, _BREAK = "", "\n"


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
    """A style's skus that have a size, in the order of their sizes.

    Attributes:
        category: its category.
        skus: one row per sku: sku, style_id, size, size_system (empty where the shop names none), position (missing where a size has
            none) and price (missing where unknown).
        snapshot: a state that knows these skus.
    """

    category: str
    skus: pd.DataFrame
    snapshot: Snapshot

    @cached_property
    def systems(self) -> dict[str, Rows]:
        """The rows of each size system."""
        names = self.skus["size_system"].to_numpy()
        return {name: np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())}

    @cached_property
    def position(self) -> Floats:
        """Place of each sku's size in its system; NaN where it has none."""
        return self.skus["position"].to_numpy(dtype="float64")

    @cached_property
    def step(self) -> Floats:
        """By how much the places of neighbouring sizes differ in each sku's system."""
        systems = self.skus["size_system"]
        return np.asarray(systems.map(_steps(self.snapshot)).to_numpy(dtype="float64"))


def style_sizes(snapshot: Snapshot, style_id: str, described: Described | None = None) -> StyleSizes:
    """The sizes of a style that the snapshot holds, or else of one that is described.

    Raises:
        RequestRefused: the shop has no such style and it is not described, or the style has no sizes.
    """
    goods = snapshot.products[snapshot.products["style_id"] == style_id]
    if len(goods) == 0 and described is None:
        advice = "what to do: describe it by its category, and sizes, brand and material where known"
        raise _refused(f"{style_id!r} is no style of this shop; expected: one of its style_ids; {advice}")
    if len(goods) == 0 and described is not None:
        goods = _new(snapshot.products, style_id, described)
        snapshot = _with(snapshot, goods)
    sized = goods[goods["size"].notna()]
    if len(sized) == 0:
        raise _refused(f"{style_id!r} comes without sizes: there is none to advise")
    skus = sized[["sku", "style_id", "size"]].assign(
        size_system=sized["size_system"].fillna(_NO_SYSTEM).astype(str),
        position=size_positions(sized["size"]),
        price=sized["price"].astype("float64"),
    )
    return StyleSizes(str(goods["category"].iloc[0]), skus.sort_values(["size_system", "position", "size"], ignore_index=True), snapshot)


def steps(products: pd.DataFrame) -> dict[str, float]:
    """By how much the places of neighbouring sizes differ in each size system of some products.

    A style may skip sizes or come in long ones, too (36, 37, 40, 41), so a system's step is the median over styles of each one's median
    gap; 1 where no style has two sizes.
    """
    sized = pd.DataFrame({"system": products["size_system"].fillna(_NO_SYSTEM).astype(str), "style": products["style_id"]})
    places = sized.assign(at=size_positions(products["size"])).dropna(subset="at").drop_duplicates().sort_values(["system", "style", "at"])
    gaps = places.assign(gap=places.groupby(["system", "style"])["at"].diff())
    usual = gaps.groupby(["system", "style"])["gap"].median().groupby("system").median().fillna(1.0)
    return {system: float(usual.get(system, 1.0)) for system in sized["system"].unique()}


@lru_cache(maxsize=2)
def _steps(snapshot: Snapshot) -> dict[str, float]:
    """The same of a snapshot, which does not change."""
    return steps(snapshot.products)


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


def _with(snapshot: Snapshot, goods: pd.DataFrame) -> Snapshot:
    """The same state with further goods: what is known of their brand and category tells of them, too."""
    manifest = {"day": snapshot.day, "zone": snapshot.zone, "present": sorted(snapshot.present)}
    counted = pd.DataFrame({"sku": list(snapshot.stock), "available": list(snapshot.stock.values())})
    tables = {"products": pd.concat([snapshot.products, goods], ignore_index=True), "stock": counted}
    return Snapshot(snapshot.seal, manifest, snapshot.state, snapshot.people, tables)


def _refused(message: str) -> RequestRefused:
    return RequestRefused(FieldError(field="/style_id", message=message))
