"""What happened in the shop, as whole numbers on the day it became known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.outcomes import KEPT, RETURNED, arrivals
from domain.sizes import size_positions
from domain.tables import Tables
from features.clock import days
from features.declared import declared
from features.shop import Shop

KEYS = (
    "customer_id",
    "sku",
    "style_id",
    "category",
    "brand",
    "supplier_id",
    "size",
    "size_system",
    "country",
    "height_band",
    "weight_band",
    "occasion",
)
"""What a fact, or an asked-for row, is about."""

ONE_SYSTEM = "-"
"""The size system of a shop that names none."""

MEASURES = {
    "orders": "orders (counted at their first line)",
    "ordered_lines": "order lines",
    "ordered_units": "units ordered",
    "ordered_value": "value ordered, minor units",
    "kept_lines": "order lines kept",
    "returned_lines": "order lines returned",
    "returned_units": "units that came back",
    "returned_value": "value of order lines returned, minor units",
    "returned_for_size": "order lines returned for a reason of size",
    "said_small": "verdicts: too small",
    "said_fits": "verdicts: fits",
    "said_large": "verdicts: too large",
    "good_sized_lines": "kept lines and verdicts 'fits' whose size can be ordered",
    "good_size_tenths": "sum of their size positions, tenths",
    "fits_weighed": "verdicts 'fits' by customers with a declared weight",
    "fits_weight_hg": "sum of their weights, hectograms",
    "fits_measured": "verdicts 'fits' by customers with a declared height",
    "fits_height_mm": "sum of their heights, millimetres",
}
"""Whole-number measures of a fact; sums of them are exact whatever the order of adding."""


def facts(shop: Shop) -> pd.DataFrame:
    """Every fact of the shop: a row for each line ordered, each outcome that became known, each arrival, and each verdict.

    Returns:
        The `KEYS` as text, `day` (since 1970-01-01, UTC) on which the fact became known, and the `MEASURES` as int64.
    """
    lines = shop.tables["order_lines"]
    about = subjects(shop.tables, lines["customer_id"], lines["sku"], lines["ordered_at"], lines["country"])
    parts = [_ordered(lines, about)]
    if shop.has("returns"):  # without a single return known, "kept" would only mean that the shop does not record returns
        parts += [_settled(lines, about, shop.outcomes), _came_back(lines, about, shop)]
    if shop.has("fit_feedback"):
        parts.append(_verdicts(shop))
    whole = pd.concat(parts, ignore_index=True)
    return whole.reindex(columns=[*KEYS, "day", *MEASURES]).fillna(dict.fromkeys(MEASURES, 0)).astype(dict.fromkeys(MEASURES, "int64"))


def subjects(tables: Tables, customers: pd.Series, skus: pd.Series, at: pd.Series, country: pd.Series) -> pd.DataFrame:
    """The `KEYS` of each row, with the customer's declared measurements and the size's position beside them."""
    products = tables["products"].set_index("sku")[["style_id", "category", "brand", "supplier_id", "size", "size_system"]]
    frame = products.reindex(pd.Index(skus, name="sku")).reset_index()
    frame.insert(0, "customer_id", customers.reset_index(drop=True).astype("str"))
    frame["country"] = country.reset_index(drop=True).astype("str")
    frame["size_system"] = frame["size_system"].fillna(ONE_SYSTEM).where(frame["style_id"].notna())
    frame["size_position"] = size_positions(frame["size"])
    return pd.concat([frame, declared(tables, customers, at)], axis=1)


def _ordered(lines: pd.DataFrame, about: pd.DataFrame) -> pd.DataFrame:
    return about[list(KEYS)].assign(
        day=days(lines["ordered_at"]),
        orders=_opens_order(lines),
        ordered_lines=1,
        ordered_units=lines["quantity"].to_numpy(),
        ordered_value=_value(lines),
    )


def _opens_order(lines: pd.DataFrame) -> npt.NDArray[np.int64]:
    in_time = lines.reset_index(drop=True).sort_values(["ordered_at", "line_id"])
    opens = ~in_time["order_id"].duplicated()
    return opens.sort_index().to_numpy().astype("int64")


def _value(lines: pd.DataFrame) -> npt.NDArray[np.int64]:
    return (lines["quantity"] * lines["unit_price"].fillna(0)).to_numpy(dtype="int64")


def _settled(lines: pd.DataFrame, about: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    kept, returned = (outcomes["outcome"] == KEPT).to_numpy(), (outcomes["outcome"] == RETURNED).to_numpy()
    sized = kept & about["size_position"].notna().to_numpy()
    everything = about[list(KEYS)].assign(
        kept_lines=kept.astype("int64"),
        returned_lines=returned.astype("int64"),
        returned_value=np.where(returned, _value(lines), 0),
        good_sized_lines=sized.astype("int64"),
        good_size_tenths=_scaled(about["size_position"], 10, sized),
    )
    settled = kept | returned
    return everything[settled].assign(day=days(outcomes.loc[settled, "matured_at"]))


def _came_back(lines: pd.DataFrame, about: pd.DataFrame, shop: Shop) -> pd.DataFrame:
    """Units count on the day of their own arrival: a line's second return must not rewrite the day of its first."""
    arrived = arrivals(lines, shop.tables["returns"], shop.windows, now=shop.now)
    sized = arrived[arrived["size_related"]].drop_duplicates("line_id")
    row = pd.Series(np.arange(len(lines)), index=lines["line_id"]).reindex(arrived["line_id"]).to_numpy()
    return (
        about.iloc[row][list(KEYS)]
        .reset_index(drop=True)
        .assign(
            day=days(arrived["received_at"]),
            returned_units=arrived["quantity"],
            returned_for_size=arrived.index.isin(sized.index).astype("int64"),
        )
    )


def _verdicts(shop: Shop) -> pd.DataFrame:
    said = shop.tables["fit_feedback"]
    about = subjects(shop.tables, said["customer_id"], said["sku"], said["given_at"], pd.Series([None] * len(said), dtype="str"))
    fits = (said["verdict"] == "fits").to_numpy()
    sized = fits & about["size_position"].notna().to_numpy()
    weighed, measured = fits & about["weight_kg"].notna().to_numpy(), fits & about["height_cm"].notna().to_numpy()
    return about[list(KEYS)].assign(
        day=days(said["given_at"]),
        said_small=(said["verdict"] == "small").to_numpy().astype("int64"),
        said_fits=fits.astype("int64"),
        said_large=(said["verdict"] == "large").to_numpy().astype("int64"),
        good_sized_lines=sized.astype("int64"),
        good_size_tenths=_scaled(about["size_position"], 10, sized),
        fits_weighed=weighed.astype("int64"),
        fits_weight_hg=_scaled(about["weight_kg"], 10, weighed),
        fits_measured=measured.astype("int64"),
        fits_height_mm=_scaled(about["height_cm"], 10, measured),
    )


def _scaled(values: pd.Series, factor: int, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    scaled: npt.NDArray[np.float64] = np.rint(np.where(where, values.to_numpy(dtype="float64"), 0.0) * factor)
    return scaled.astype("int64")
