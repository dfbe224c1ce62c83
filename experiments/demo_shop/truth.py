"""The known answer: how likely every item was to come back, and what finally happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Floats, Ints, Texts
from experiments.demo_shop.assortment import BRANDS
from experiments.demo_shop.history import Shop
from experiments.demo_shop.outcomes import hazards_of, p_alone


@dataclass(frozen=True)
class Truth:
    """What nobody in a real shop knows.

    Attributes:
        lines: one row per order line, in the order of the order_lines table:
            line_id;
            p_return: P(return) given all of the order and its delivery, and p_small, p_large: its parts that are size returns;
            p_at_order: P(return) given all of the order but not its delivery: what the best model could know when it is placed;
            p_alone: P(return | ordered alone at list price), what it could know before anything is in the basket;
            feels_small, feels_large: P(the customer finds it so);
            tightest_cm, loose_cm: room at the tightest place and on the whole, missing without a size;
            bracketed: ordered together with another size of the style;
            verdict (0 small, 1 fits, 2 large), returned: what happens in the end, even after the shop's last day.
        shop: the people and goods with their hidden traits.
    """

    lines: pd.DataFrame
    shop: Shop

    def p_return(self, customer_ids: Sequence[str] | pd.Series, skus: Sequence[str] | pd.Series) -> Floats:
        """P(return | the account's holder orders the sku alone, at list price, on the shop's last day), pair by pair.

        Raises:
            LookupError: the shop has no such customer or sku.
        """
        shop, world = self.shop, self.shop.settings.world
        person, sku = _index(shop.people.ids, customer_ids), _index(shop.assortment.skus, skus)
        price, at = shop.assortment.price[shop.assortment.sku_style[sku]], np.full(len(sku), shop.settings.end)
        hazards = hazards_of(world.reasons, shop.people, shop.assortment, person, sku, price, at, growth=world.drift.fussiness_per_year)
        return p_alone(world.reasons, hazards, shop.people)

    @property
    def brand_bias_cm(self) -> dict[str, float]:
        """How much wider (> 0) or tighter each brand runs than the size chart."""
        return {brand: float(bias) for brand, bias in zip(BRANDS, self.shop.assortment.brand_bias_cm, strict=True)}


def _index(known: Texts, asked: Sequence[str] | pd.Series) -> Ints:
    found = pd.Index(known).get_indexer(pd.Index(asked, dtype=object))
    if (found < 0).any():
        unknown = sorted(set(np.asarray(asked, dtype=object)[found < 0]))
        raise LookupError(f"not in this shop: {', '.join(unknown[:3])}")
    return found.astype(np.int64)
