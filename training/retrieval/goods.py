"""What can be recommended: the shop's styles with their skus, sizes and looks, and which of them are sold at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.looks import coordinates
from domain.sizes import size_positions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]

NOWHERE = -1
"""The row of a name that is not there."""

_ALWAYS = np.iinfo("int64").min


@dataclass(frozen=True, eq=False)
class Goods:
    """The assortment in arrays, found by sorted ids.

    Attributes:
        skus: (skus,) ids, ascending.
        style: (skus,) row of each sku's style.
        size: (skus,) row of its size in `sizes`; `NOWHERE` without one.
        launched_us: (skus,) when it was first offered, UTC microseconds; long ago where unknown.
        hidden: (skus,) whether the shop does not offer it.
        styles: (styles,) ids, ascending.
        category, brand: (styles,) row of each style's category and brand, those of its first sku; `NOWHERE` where unknown.
        looks: (styles, coordinates) what it looks like, those of its first sku; NaN where unknown.
        price: (styles,) log of its price over its category's median, that of its first sku; NaN where unknown.
        categories, brands: their names, ascending.
        sizes: (sizes, 3) category, size system and printed size of every size that there is, ascending.
        position: (sizes,) where it stands among those of its category and system (`domain.sizes`); NaN where it has no order.
    """

    skus: Names
    style: Ints
    size: Ints
    launched_us: Ints
    hidden: Flags
    styles: Names
    category: Ints
    brand: Ints
    looks: Floats
    price: Floats
    categories: Names
    brands: Names
    sizes: Names
    position: Floats

    @classmethod
    def of(cls, products: pd.DataFrame) -> Goods:
        """Read the contract's table products."""
        frame = products.sort_values("sku", kind="stable").reset_index(drop=True)
        styles, style = np.unique(_texts(frame, "style_id"), return_inverse=True)
        first = np.unique(style, return_index=True)[1]
        categories, category = _coded(_texts(frame, "category")[first])
        brands, brand = _coded(_texts(frame, "brand")[first])
        sizes, size = _sizes(frame)
        return cls(
            skus=_texts(frame, "sku"),
            style=style.astype("int64"),
            size=size,
            launched_us=_launched(frame),
            hidden=frame["hidden"].to_numpy(dtype=bool) if "hidden" in frame.columns else np.zeros(len(frame), dtype=bool),
            styles=styles,
            category=category,
            brand=brand,
            looks=_looks(frame, first),
            price=_relative_price(frame, first),
            categories=categories,
            brands=brands,
            sizes=sizes,
            position=size_positions(pd.Series(sizes[:, 2], dtype="str")),
        )

    @cached_property
    def launched_style_us(self) -> Ints:
        """(styles,) when the first of a style's skus was first offered."""
        earliest = np.full(len(self.styles), np.iinfo("int64").max)
        np.minimum.at(earliest, self.style, self.launched_us)
        return earliest

    def sold(self, at_us: int, stock: pd.Series | None = None) -> Flags:
        """(skus,) which are offered at a moment: launched, not hidden, and not counted out of stock.

        Args:
            at_us: the moment, UTC microseconds.
            stock: units by sku; one that is not there is not counted, and sold.
        """
        offered = ~self.hidden & (self.launched_us <= at_us)
        if stock is None or not len(stock):
            return np.asarray(offered)
        gone = find(self.skus, stock.index[stock.to_numpy() <= 0].to_numpy(dtype="str"))
        offered[gone[gone != NOWHERE]] = False
        return np.asarray(offered)


def find(names: Names, wanted: Names) -> Ints:
    """The row of each wanted name among ascending ones; `NOWHERE` for those that are not there.

    >>> find(np.array(["a", "c"]), np.array(["c", "b"])).tolist()
    [1, -1]
    """
    if not len(names):
        return np.full(len(wanted), NOWHERE)
    rows = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[rows] == wanted, rows, NOWHERE).astype("int64")


def in_stock(stock: pd.DataFrame | None, at: pd.Timestamp) -> pd.Series:
    """Units by sku as last counted before a moment, all locations together; empty without a table."""
    if stock is None:
        return pd.Series([], index=pd.Index([], dtype="str"), dtype="int64")
    latest = stock[stock["at"] < at].sort_values("at", kind="stable").drop_duplicates(["sku", "location"], keep="last")
    units: pd.Series = latest.groupby("sku")["available"].sum()
    return units


def _texts(frame: pd.DataFrame, column: str) -> Names:
    """A column of texts, "" where it is missing."""
    if column not in frame.columns:
        return np.full(len(frame), "", dtype="str")
    return frame[column].astype("str").fillna("").to_numpy(dtype="str")


def _coded(texts: Names) -> tuple[Names, Ints]:
    names = np.unique(texts[texts != ""])
    return names, find(names, texts)


def _sizes(frame: pd.DataFrame) -> tuple[Names, Ints]:
    parts = np.column_stack([_texts(frame, name) for name in ("category", "size_system", "size")])
    sized = parts[:, 2] != ""
    rows = np.full(len(frame), NOWHERE, dtype="int64")
    if not sized.any():
        return np.empty((0, 3), dtype="str"), rows
    sizes, inverse = np.unique(parts[sized], axis=0, return_inverse=True)
    rows[sized] = inverse.reshape(-1)
    return sizes, rows


def _looks(frame: pd.DataFrame, first: Ints) -> Floats:
    """The coordinates that the shop tells; (styles, 0) where it tells none."""
    if "looks" not in frame.columns:
        return np.empty((len(first), 0))
    told = coordinates(frame["looks"].iloc[first])
    return np.asarray(told[:, ~np.isnan(told).all(axis=0)])


def _relative_price(frame: pd.DataFrame, first: Ints) -> Floats:
    """Prices of two currencies are not compared: each has its own median."""
    if "price" not in frame.columns:
        return np.full(len(first), np.nan)
    styles = frame.iloc[first]
    price = styles["price"].astype("float64")
    log_price = pd.Series(np.log(price.where(price > 0)), index=styles.index)
    groups = [styles["category"], styles["currency"].fillna("") if "currency" in styles.columns else ""]
    return np.asarray((log_price - log_price.groupby(groups).transform("median")).to_numpy(dtype="float64"))


def _launched(frame: pd.DataFrame) -> Ints:
    if "launched_at" not in frame.columns:
        return np.full(len(frame), _ALWAYS)
    known = frame["launched_at"].notna().to_numpy()
    launched = np.full(len(frame), _ALWAYS)
    launched[known] = frame.loc[known, "launched_at"].dt.as_unit("us").astype("int64").to_numpy()
    return launched
