"""Says in words why a feature has no value for an asked-for row."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import numpy as np

from features.catalogue import Feature
from features.entities import ENTITIES
from features.measures import LOOKS

Keys = Mapping[str, str | None]
"""What the asked-for row is about: `features.fact_text.KEYS`, None where unknown."""

_ENTITIES = {entity.name: entity for entity in ENTITIES}

_NO_KEY = {
    "customer_id": "consent to personalisation came only that day: it opens the past with the next night",
    "country": "no country was given",
    "channel": "no channel was given",
    "payment_method": "no payment method was given",
    "brand": "the sku has no brand",
    "supplier_id": "the sku has no supplier",
    "material": "the sku has no material",
    "size": "the sku has no size",
    "height_band": "no height was declared that may be used",
    "weight_band": "no weight was declared that may be used",
    "occasion": "no occasion was declared that may be used",
}
"""Why nothing can be looked up, by the key that is unknown; of a known sku, the others are known."""

_NO_INPUT = {
    "unit_price": "no price was given",
    "discount": "no discount was given",
    "basket_value": "a price in the basket is unknown",
    "promised_us": "no delivery was promised",
    "needed_us": "no occasion with a day was declared that may be used",
    "height_cm": "no height was declared that may be used",
    "weight_kg": "no weight was declared that may be used",
    "bust_band_in": "no bust band was declared that may be used",
    "bust_cup": "no bust cup was declared that may be used",
    "stated_size": "no usual size was stated for this category",
    "joined_us": "no account was known before that day",
    **dict.fromkeys(LOOKS, "the sku's looks are not told"),
    "today.minutes_since_first_move": "nothing was done that day yet",
    "today.minutes_since_last_move": "nothing was done that day yet",
    "today.size_vs_dwelt": "no time was spent that day on a size of this style that compares with the offered one",
}


def why_missing(feature: Feature, inputs: Mapping[str, float], keys: Keys) -> str:
    """Why a formula gave no value: its missing inputs, or those that are still 0.

    An input is to blame if the value stays missing however well the others were known.

    Args:
        feature: one without a value.
        inputs: what it read.
        keys: what the row is about.
    """
    suspects: dict[str, set[str]] = {}
    for name, value in inputs.items():
        if reason := _reason(name, value, keys):
            suspects.setdefault(reason, set()).add(name)
    everything = {name for names in suspects.values() for name in names}
    blamed = [reason for reason, names in suspects.items() if _is_missing(feature, inputs, everything - names)]
    return "; ".join(blamed) or "the formula has no value for these inputs"


def close_to(name: str, known: Iterable[str]) -> str:
    """The names most like one that is unknown, for an error's `expected`; empty if none is."""
    found = difflib.get_close_matches(name, list(known), n=5, cutoff=0.6)
    return f"perhaps {', '.join(found)}" if found else ""


def _reason(name: str, value: float, keys: Keys) -> str:
    """What is wrong with an input; nothing with most."""
    entity, dot, _ = name.partition(".")
    if value == 0:
        return "nothing is known yet" if dot else f"{name} is 0"
    if not np.isnan(value):
        return ""
    if entity in _ENTITIES:
        unknown = [key for key in _ENTITIES[entity].keys if keys[key] is None]
        return _NO_KEY.get(unknown[0], "the sku is unknown") if unknown else "never ordered before that day"
    if name == "size_position":
        return "the sku has no size" if keys["size"] is None else f"size {keys['size']} has no place in an order of sizes"
    return _NO_INPUT.get(name, f"{name} is unknown")


def _is_missing(feature: Feature, inputs: Mapping[str, float], known: set[str]) -> bool:
    """Whether the value would still be missing if these inputs were known."""
    filled = {name: np.array([1.0 if name in known else value]) for name, value in inputs.items()}
    with np.errstate(all="ignore"):
        return bool(np.isnan(feature.formula(filled)[0]))
