"""What customers declared of themselves, as far as it was known at a moment and they allow its use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from domain.tables import Tables
from features.consent import as_of, granted

MEASUREMENTS = ("height_cm", "weight_kg", "bust_band_in", "bust_cup")
"""Declared numbers that serve as inputs; age, gender and other protected attributes never do."""

HEIGHT_BAND_CM, WEIGHT_BAND_KG = 5.0, 3.0

LARGEST = 999.0
"""A declared number outside 0 to this is no measurement."""


def declared(tables: Tables, customers: pd.Series, at: pd.Series) -> pd.DataFrame:
    """Each row's declared measurements, body bands and occasion.

    Returns:
        One row per asked-for row: the `MEASUREMENTS` as float64, occasion as text, height_band and weight_band as text keys
        (bands of 5 cm and 3 kg); all missing without the consent to use measurements.
    """
    allowed = granted(tables.get("consents"), customers, at)["measurements"]
    latest = _latest(tables.get("preferences"), customers, at)
    frame = pd.DataFrame({name: _measured(latest[name]) for name in MEASUREMENTS})
    frame["occasion"] = latest["occasion"]
    frame["height_band"] = _band(frame["height_cm"], HEIGHT_BAND_CM)
    frame["weight_band"] = _band(frame["weight_kg"], WEIGHT_BAND_KG)
    permitted: pd.DataFrame = frame.where(pd.Series(allowed, index=frame.index))
    return permitted


def _latest(preferences: pd.DataFrame | None, customers: pd.Series, at: pd.Series) -> pd.DataFrame:
    attributes = [*MEASUREMENTS, "occasion"]
    if preferences is None:
        return pd.DataFrame({name: pd.Series([None] * len(customers), dtype="str") for name in attributes})
    used = preferences[preferences["attribute"].isin(attributes)]
    stated = used.set_index(["customer_id", "stated_at", "attribute"])["value"].unstack("attribute").reindex(columns=attributes)  # noqa: PD010
    so_far = stated.groupby(level="customer_id").ffill().reset_index()
    return as_of(so_far.rename(columns={"stated_at": "known_at"}), customers, at)[attributes].astype("str")


def _measured(texts: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    return numbers.where(numbers.between(0.0, LARGEST))


def _band(values: pd.Series, width: float) -> pd.Series:
    bands: pd.Series = np.floor(values / width).astype("Int64")
    return bands.astype("str").where(bands.notna())
