"""What was at stake in past order lines: the margin if kept and the loss if returned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from domain.economics import Amounts, unit_economics
from domain.policy import Policy
from training.rows import Rows


def at_stake(rows: Rows, products: pd.DataFrame, policy: Policy) -> tuple[np.ndarray, Amounts, Amounts]:
    """Margin if kept and loss if returned of each line whose price is known.

    Returns:
        Which rows have a price, and for those M and L times their quantity, in minor units of the shop's currency.
    """
    priced = rows.asked["unit_price"].notna().to_numpy()
    asked = rows.asked[priced]
    product = products.set_index("sku").reindex(asked["sku"])
    currency = str(products["currency"].iloc[0])
    kept, lost = np.zeros(len(asked), dtype="int64"), np.zeros(len(asked), dtype="int64")
    for country, positions in asked.reset_index(drop=True).groupby(asked["country"].fillna("").to_numpy()).indices.items():
        unit = unit_economics(
            asked["unit_price"].to_numpy(dtype="int64")[positions],
            product["unit_cost"].to_numpy(dtype="float64", na_value=np.nan)[positions],
            product["category"].iloc[positions].tolist(),
            country=str(country) or None,
            currency=currency,
            policy=policy,
        )
        quantity = asked["quantity"].to_numpy(dtype="int64")[positions]
        kept[positions], lost[positions] = unit.margin_if_kept * quantity, unit.loss_if_returned * quantity
    return priced, kept, lost
