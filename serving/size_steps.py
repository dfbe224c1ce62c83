"""By how much the places of neighbouring sizes differ: from 36 to 38 it is 2 in one system, from 38 to 39 it is 1 in another."""

from __future__ import annotations

import pandas as pd

from domain.sizes import size_positions

NO_SYSTEM = ""
"""The size system of goods of which the shop names none."""


def steps(products: pd.DataFrame) -> dict[str, float]:
    """By how much the places of neighbouring sizes differ in each size system of some products.

    A style may skip sizes or come in long ones, too (36, 37, 40, 41), so a system's step is the median over styles of each one's median
    gap; 1 where no style has two sizes.
    """
    sized = pd.DataFrame({"system": products["size_system"].fillna(NO_SYSTEM).astype(str), "style": products["style_id"]})
    places = sized.assign(at=size_positions(products["size"])).dropna(subset="at").drop_duplicates().sort_values(["system", "style", "at"])
    gaps = places.assign(gap=places.groupby(["system", "style"])["at"].diff())
    usual = gaps.groupby(["system", "style"])["gap"].median().groupby("system").median().fillna(1.0)
    return {system: float(usual.get(system, 1.0)) for system in sized["system"].unique()}
