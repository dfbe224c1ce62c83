"""Profiles: the customer's size, price level and declared measurements."""

from __future__ import annotations

from features.arithmetic import share
from features.catalogue import Declarations, Inputs, Values

profile = Declarations("profile")

_OWN = "personalisation"
_BODY = "measurements"
_DECLARED = ("preferences",)


@profile("mean price of what the customer ordered", unit="minor units", kind="customer", purpose=_OWN)
def customer_mean_price(v: Inputs) -> Values:
    return share(v["customer.ordered_value"], v["customer.ordered_units"])


@profile("lines per order of the customer", unit="lines", kind="customer", purpose=_OWN)
def customer_lines_per_order(v: Inputs) -> Values:
    return share(v["customer.ordered_lines"], v["customer.orders"])


@profile("units per line of the customer", unit="units", kind="customer", purpose=_OWN)
def customer_units_per_line(v: Inputs) -> Values:
    return share(v["customer.ordered_units"], v["customer.ordered_lines"])


@profile("declared height", unit="cm", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_height_cm(v: Inputs) -> Values:
    return v["height_cm"]


@profile("declared weight", unit="kg", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_weight_kg(v: Inputs) -> Values:
    return v["weight_kg"]


@profile("body-mass index of the declared measurements", unit="kg/m2", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bmi(v: Inputs) -> Values:
    return share(v["weight_kg"], (v["height_cm"] / 100.0) ** 2)


@profile("declared bust band", unit="inches", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bust_band(v: Inputs) -> Values:
    return v["bust_band_in"]


@profile("declared bust cup, counted up from AA = 0", unit="cups", kind="customer", purpose=_BODY, tables=_DECLARED)
def customer_bust_cup(v: Inputs) -> Values:
    return v["bust_cup"]
