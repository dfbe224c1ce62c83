"""The known answer: how likely every item was to come back, and what finally happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Floats, Ints, Texts
from experiments.demo_shop.assortment import BRANDS, Assortment
from experiments.demo_shop.outcomes import p_alone
from experiments.demo_shop.people import People


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
        people: the customers' hidden traits.
        assortment: the styles' hidden traits.
    """

    lines: pd.DataFrame
    people: People
    assortment: Assortment

    def p_return(self, customer_ids: Sequence[str] | pd.Series, skus: Sequence[str] | pd.Series) -> Floats:
        """P(return | the customer orders the sku alone, at list price), pair by pair.

        Raises:
            LookupError: the shop has no such customer or sku.
        """
        return p_alone(self.people, self.assortment, _index(self.people.ids, customer_ids), _index(self.assortment.skus, skus))

    @property
    def brand_bias_cm(self) -> dict[str, float]:
        """How much wider (> 0) or tighter each brand runs than the size chart."""
        return {brand: float(bias) for brand, bias in zip(BRANDS, self.assortment.brand_bias_cm, strict=True)}


def _index(known: Texts, asked: Sequence[str] | pd.Series) -> Ints:
    found = pd.Index(known).get_indexer(pd.Index(asked, dtype=object))
    if (found < 0).any():
        unknown = sorted(set(np.asarray(asked, dtype=object)[found < 0]))
        raise LookupError(f"not in this shop: {', '.join(unknown[:3])}")
    return found.astype(np.int64)
