"""Whom a row is about: what the customer had declared and allowed, at the day's midnight and since.

What was declared before midnight comes from the nightly state, which holds of customers what their consent allowed then and nothing
else; what they declare or decide today counts at once. So a withdrawal works immediately, and a consent opens a customer's past with
the next night. Training rows follow the same rule, or the model would learn from what the service cannot know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.tables import CONSENT_PURPOSES
from features.catalogue import Inputs, Values
from features.told import ATTRIBUTES, HEIGHT_BAND_CM, MEASUREMENTS, WEIGHT_BAND_KG, Told, as_of

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
"""Texts, with None where they are missing."""

OWN, BODY = "personalisation", "measurements"


@dataclass(frozen=True, eq=False)
class Night:
    """What the nightly state says of each row's customer.

    Attributes:
        allowed: which purposes the customer consented to at midnight.
        numbers: the declared measurements, needed_us, stated_size and joined_us, missing where their use was not allowed.
        occasion: the declared occasion, likewise.
    """

    allowed: Mapping[str, Flags]
    numbers: Mapping[str, Values]
    occasion: Texts


@dataclass(frozen=True, eq=False)
class Persons:
    """The customers of asked-for rows at each row's moment.

    Attributes:
        allowed: which purposes the customer consents to.
        inputs: the declared measurements, needed_us, stated_size and joined_us.
        keys: occasion and body bands.
    """

    allowed: Mapping[str, Flags]
    inputs: Inputs
    keys: Mapping[str, Texts]

    def with_customers(self, customers: Texts) -> Persons:
        """The same, with the customers whose history may be looked up, by id."""
        return replace(self, keys={**self.keys, "customer_id": customers})


def nightly(told: Told, asked: pd.DataFrame, midnight_us: Ints) -> Night:
    """What may be known of each row's customer at the row's midnight.

    Args:
        told: what customers told the shop.
        asked: customer_id and category (of the row's sku) of each row.
        midnight_us: UTC microseconds.
    """
    state = as_of(told.spans, ["customer_id"], asked, midnight_us)
    allowed = {purpose: _flags(state[purpose], told.everybody) for purpose in CONSENT_PURPOSES}
    numbers = {name: np.where(allowed[BODY], _numbers(state[name]), np.nan) for name in (*MEASUREMENTS, "needed_us")}
    sizes = as_of(told.sizes, ["customer_id", "category"], asked, midnight_us)
    numbers["stated_size"] = np.where(allowed[BODY], _numbers(sizes["position"]), np.nan)
    joined = told.joined_us.reindex(pd.Index(asked["customer_id"], dtype="str")).to_numpy()
    numbers["joined_us"] = np.where(allowed[OWN] & (joined < midnight_us), joined, np.nan)
    return Night(allowed, numbers, where(allowed[BODY], texts(state["occasion"]), None))


def persons(night: Night, told: Told, asked: pd.DataFrame, at_us: Ints, midnight_us: Ints) -> Persons:
    """Join the night's state with what each row's customer declared and decided since the row's midnight and before its moment.

    Args:
        night: what `nightly` says of each row.
        told: what customers told the shop; what was told before a row's midnight may be there and does not count.
        asked: customer_id and category (of the row's sku) of each row.
        at_us: moment of each row, UTC microseconds.
        midnight_us: its midnight.
    """
    if not told:
        return Persons(night.allowed, night.numbers, _keys(night.numbers, night.occasion))
    state = as_of(told.spans, ["customer_id"], asked, at_us)
    today = {name: _numbers(state[f"{name}_us"]) >= midnight_us for name in (*ATTRIBUTES, *CONSENT_PURPOSES)}
    allowed = {purpose: np.where(today[purpose], _flags(state[purpose], False), night.allowed[purpose]) for purpose in CONSENT_PURPOSES}
    numbers = {name: np.where(today[name], _numbers(state[name]), night.numbers[name]) for name in MEASUREMENTS}
    numbers["needed_us"] = np.where(today["occasion"], _numbers(state["needed_us"]), night.numbers["needed_us"])
    sizes = as_of(told.sizes, ["customer_id", "category"], asked, at_us)
    size_today = _numbers(sizes["stated_us"]) >= midnight_us
    numbers["stated_size"] = np.where(size_today, _numbers(sizes["position"]), night.numbers["stated_size"])
    numbers["joined_us"] = night.numbers["joined_us"]
    return Persons(allowed, numbers, _keys(numbers, where(today["occasion"], texts(state["occasion"]), night.occasion)))


def texts(values: pd.Series) -> Texts:
    """A column of texts, with None where it is missing."""
    return np.array([value if isinstance(value, str) else None for value in values.tolist()], dtype=object)


def _keys(numbers: Mapping[str, Values], occasion: Texts) -> dict[str, Texts]:
    return {
        "height_band": _bands(numbers["height_cm"], HEIGHT_BAND_CM),
        "weight_band": _bands(numbers["weight_kg"], WEIGHT_BAND_KG),
        "occasion": occasion,
    }


def _bands(values: Values, width: float) -> Texts:
    """Which band each value lies in, as `features.told.bands` names it."""
    return np.array([None if band != band else str(int(band)) for band in np.floor(values / width).tolist()], dtype=object)


def _flags(values: pd.Series, unsaid: bool) -> Flags:
    return values.astype("boolean").fillna(unsaid).to_numpy(dtype=bool)


def _numbers(values: pd.Series) -> Values:
    return values.to_numpy(dtype="float64", na_value=np.nan)


def where(condition: Flags, yes: Texts, no: Texts | None) -> Texts:
    """Texts chosen by a condition."""
    chosen: Texts = np.where(condition, yes, no)  # type: ignore[arg-type]
    return chosen
