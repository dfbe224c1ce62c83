"""What is counted of everything that happens in a shop, as whole numbers: sums of them are exact whatever the order of adding."""

from __future__ import annotations

from collections.abc import Mapping

from domain.looks import COORDINATES
from domain.sizes import SIZE_REASONS

REASONS: Mapping[str, tuple[str, ...]] = {
    "size": SIZE_REASONS,
    "small": ("too_small",),
    "large": ("too_large",),
    "quality": ("quality", "damaged", "not_as_described", "wrong_item"),
    "taste": ("style", "changed_mind"),
}
"""Groups of return reasons that have a measure of their own."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "health": ("organic", "non_toxic", "hypoallergenic", "oeko_tex"),
    "planet": ("organic", "recycled", "low_impact", "vegan", "second_hand"),
    "society": ("fair_trade", "local", "charity"),
    "experience": ("limited", "designer", "premium", "new"),
}
"""Value tags by what they speak for: four of the five groups of EY's Future Consumer Index; the fifth, affordability, is about price."""

LOOKS = tuple(f"looks_{number}" for number in range(1, COORDINATES + 1))
"""The coordinates of how a sku looks, in hundredths."""

ORDERED = {
    "orders": "orders (counted at their first line)",
    "ordered_lines": "order lines",
    "ordered_units": "units ordered",
    "ordered_value": "value ordered, minor units",
    "discounted_lines": "order lines with a discount",
    "discount_value": "discounts given, minor units",
    "bracketed_lines": "order lines ordered together with another size or colour of their style",
    "pictured_lines": "order lines of skus with looks",
    **{f"ordered_{name}": f"sum of coordinate {name[-1]} of their looks, hundredths" for name in LOOKS},
}
DELIVERED = {
    "delivered_lines": "order lines delivered",
    "promised_lines": "order lines delivered that had a promised time",
    "late_lines": "order lines delivered after the promised time",
    "delivery_hours": "sum of the hours from order to delivery",
}
KEPT = {
    "kept_lines": "order lines kept",
    "kept_value": "value kept, minor units",
    **{f"kept_{value}": f"order lines kept whose tags speak for {value}" for value in VALUES},
}
RETURNED = {
    "returned_lines": "order lines returned",
    "returned_units": "units that came back",
    "returned_value": "value of order lines returned, minor units",
    **{f"returned_for_{group}": f"order lines returned for {group}" for group in REASONS},
}
SIZED = {
    "good_sized_lines": "kept lines and verdicts 'fits' whose size can be ordered",
    "good_size_tenths": "sum of their size positions, tenths",
    "good_size_squares": "sum of the squares of their size positions, hundredths",
}
SAID = {
    "said_small": "verdicts: too small",
    "said_fits": "verdicts: fits",
    "said_large": "verdicts: too large",
    "fits_weighed": "verdicts 'fits' by customers with a declared weight",
    "fits_weight_hg": "sum of their weights, hectograms",
    "fits_measured": "verdicts 'fits' by customers with a declared height",
    "fits_height_mm": "sum of their heights, millimetres",
}
TICKETED = {
    "tickets": "tickets opened",
    "tickets_size": "tickets about the size",
    "tickets_product": "tickets about the product",
    "tickets_delivery": "tickets about the delivery",
}
BROWSED = {
    "viewed": "views",
    "priced_views": "views of skus with a list price",
    "viewed_value": "sum of their list prices, minor units",
    "pictured_views": "views of skus with looks",
    **{f"viewed_{name}": f"sum of coordinate {name[-1]} of the looks viewed, hundredths" for name in LOOKS},
    "searched": "searches",
    "size_guided": "looks at the size guide",
    "wished": "wish-list entries",
    "basketed": "puttings into the basket",
}

MEASURES: Mapping[str, str] = ORDERED | DELIVERED | KEPT | RETURNED | SIZED | SAID | TICKETED | BROWSED
"""Every measure, with its meaning."""
