"""Today: how what a shopper viewed since midnight looks, bounded like everything of the day."""

from __future__ import annotations

import numpy as np

from features.catalogue import Values
from features.measures import LOOKS
from features.today import KINDS, Askers, Moves, windows


def looks_viewed(moves: Moves, rows: Askers, looks: Values) -> dict[str, Values]:
    """Sums over the views among the moves that `features.today.today_inputs` counts: today.pictured_views, today.viewed_looks_1, …

    Args:
        moves: in order, as `features.today.in_order` puts them.
        rows: the asked-for rows.
        looks: of each sku by its code, and at the end of an unknown one: `LOOKS`, hundredths; NaN where there is none.

    Returns:
        One value per row, in hundredths; NaN where the customer is unknown.
    """
    start, end = windows(moves, rows)
    viewed = np.where(moves.kind == KINDS.index("view"), moves.sku, -1)

    def total(values: Values) -> Values:
        running = np.append(0.0, np.cumsum(values))  # of whole numbers far below 2 ** 53: exact
        return np.where(rows.who < 0, np.nan, running[end] - running[start])

    pictured = (~np.isnan(looks[viewed, 0])).astype("float64")
    sums = {f"today.viewed_{name}": total(np.nan_to_num(looks[viewed, number])) for number, name in enumerate(LOOKS)}
    return {"today.pictured_views": total(pictured), **sums}
