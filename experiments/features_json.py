"""Features and their explanations as JSON; keys stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from features.catalogue import DTYPE, Feature
from features.explain import Explained, knows_customer
from features.shop import Shop


def feature_json(feature: Feature, lacking: Sequence[str] | None) -> dict[str, Any]:
    """What a feature is.

    Args:
        feature: which.
        lacking: what a shop lacks for it; None where it is about no shop.
    """
    told = {
        "name": feature.name,
        "meaning": feature.meaning,
        "dtype": DTYPE,
        "unit": feature.unit,
        "family": feature.family,
        "kind": feature.kind,
        "purpose": feature.purpose,
        "needs": list(dict.fromkeys(feature.tables)),
        "reads": list(feature.reads),
    }
    return told if lacking is None else {**told, "exists": not lacking, "lacks": list(lacking)}


def shown_json(shop: Shop, asked: pd.DataFrame, explained: Iterable[Explained]) -> dict[str, Any]:
    """A customer's features for an offer."""
    row = asked.iloc[0]
    texts = {name: row[name] if isinstance(row[name], str) else None for name in ("customer_id", "sku", "country")}
    return {
        **texts,
        "at": row["at"].isoformat(),
        "unit_price": _number(row["unit_price"]),
        "known_customer": knows_customer(shop.tables, row["customer_id"]),
        "features": [_explained(one) for one in explained],
    }


def _explained(one: Explained) -> dict[str, Any]:
    told = {"name": one.feature.name, "family": one.feature.family, "unit": one.feature.unit, "value": _number(one.value)}
    return {**told, "inputs": {name: _number(value) for name, value in one.inputs.items()}, "missing_because": one.reason_missing}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
