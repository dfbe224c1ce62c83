"""The chances behind every impression of the shop's log: how likely it was to be ordered where it lay, and if it was looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.choosing import p_orders, p_take
from experiments.demo_shop.history import Shop, State, Track, lived
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.showing import request_ids


def chances(settings: ShopSettings, *, track: Track = iter) -> pd.DataFrame:
    """The chances of every impression that the shop of these settings ever logs, in the order of its impressions table.

    Args:
        settings: which shop; it lives through its days once more, with the same luck.
        track: wraps the loop over days, to show progress.

    Returns:
        Columns request_id, sku, position (1 at the top), p_ordered: P(ordered | shown in this list at this place), and p_taken:
        P(ordered | looked at, and something is still wanted).
    """
    shop = Shop.of(settings)
    state = State.of(shop)
    return pd.concat([_of_day(shop, state, day) for day in track(range(settings.days))], ignore_index=True)


def _of_day(shop: Shop, state: State, number: int) -> pd.DataFrame:
    logged = lived(shop, state, number)
    day, numbers = logged.day, shop.settings.world.visits
    q = np.where(day.shown.offered, day.shown.of(p_take(numbers, logged.v)), 0.0)
    ordered, _ = p_orders(numbers, q)
    row, position = np.nonzero(day.shown.offered)
    return pd.DataFrame(
        {
            "request_id": request_ids(day.visits, row),
            "sku": shop.assortment.skus[day.shown.of(day.sizes.sku)[row, position]],
            "position": position + 1,
            "p_ordered": ordered[row, position],
            "p_taken": q[row, position],
        }
    )
