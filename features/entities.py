"""Of whom and what the shop keeps a history: customers, styles, brands, sizes, bodies, and pairs of them."""

from __future__ import annotations

from dataclasses import dataclass

ORDERS = ("ordered_lines", "ordered_units", "ordered_value", "kept_lines", "returned_lines", "returned_for_size")
VERDICTS = ("said_small", "said_fits", "said_large")
SIZES = ("good_sized_lines", "good_size_tenths")
BODIES = ("fits_weighed", "fits_weight_hg", "fits_measured", "fits_height_mm")


@dataclass(frozen=True)
class Entity:
    """Something that has a history.

    Attributes:
        name: how features refer to it.
        keys: the columns of `features.facts.KEYS` that identify it; none for the shop as a whole.
        measures: the measures summed over all days before the asked-for one.
        recent: the measures also summed over the 90 days before.
    """

    name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    recent: tuple[str, ...] = ()


RECENT_DAYS = 90

ENTITIES = (
    Entity("shop", (), (*ORDERS, *VERDICTS), ("ordered_lines", "returned_lines")),
    Entity("country", ("country",), ORDERS),
    Entity("category", ("category",), (*ORDERS, *VERDICTS)),
    Entity("brand", ("brand",), (*ORDERS, *VERDICTS)),
    Entity("supplier", ("supplier_id",), ORDERS),
    Entity(
        "style",
        ("style_id",),
        (*ORDERS, "returned_units", "returned_value", *VERDICTS, *BODIES),
        ("ordered_lines", "returned_lines"),
    ),
    Entity("sku", ("sku",), (*ORDERS, "returned_units", "returned_value"), ("ordered_lines", "returned_lines")),
    Entity("style_size", ("style_id", "size"), (*ORDERS, *VERDICTS, *BODIES)),
    Entity("brand_size", ("brand", "category", "size"), (*ORDERS, *VERDICTS)),
    Entity("category_size", ("category", "size"), (*VERDICTS, *BODIES)),
    Entity("body", ("category", "size_system", "weight_band", "height_band"), (*VERDICTS, *SIZES)),
    Entity("body_size", ("category", "size", "weight_band"), VERDICTS),
    Entity("style_body", ("style_id", "weight_band"), VERDICTS),
    Entity("occasion", ("occasion",), VERDICTS),
    Entity(
        "customer",
        ("customer_id",),
        ("orders", *ORDERS, "returned_units", "returned_value", *VERDICTS),
        ("ordered_lines", "returned_lines"),
    ),
    Entity("customer_style", ("customer_id", "style_id"), ORDERS),
    Entity("customer_category", ("customer_id", "category"), ORDERS),
    Entity("customer_brand", ("customer_id", "brand"), ORDERS),
    Entity("style_sizes", ("style_id", "size_system"), SIZES),
    Entity("customer_sizes", ("customer_id", "size_system"), SIZES),
    Entity("customer_category_sizes", ("customer_id", "category", "size_system"), SIZES),
    Entity("customer_brand_sizes", ("customer_id", "brand", "size_system"), SIZES),
)
