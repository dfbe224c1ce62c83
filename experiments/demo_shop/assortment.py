"""What the shop sells: styles by brand and supplier, each in its sizes, with the flaws that only a wearer finds out.

Brands cut differently from the size chart: that is the true cause of most size returns. All distributions are guesses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, Texts, blank_unless, ids, moments, named
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.sizes import CATEGORIES, CATEGORY_NAMES, FIRST_NUMBER, NUMBER_STEP, SIZES

BRANDS = ("Alba", "Brisa", "Corvin", "Dahlia", "Elm", "Fjord", "Ginko", "Hazel", "Iris", "Juno", "Kite", "Linden")
COLOURS = ("black", "white", "navy", "red", "green", "beige", "blue", "rose")
MATERIALS = ("cotton", "viscose", "wool", "polyester", "linen", "leather")
VALUE_TAGS = ("", "organic", "fair_trade", "local", "organic,fair_trade", "recycled")
VAT = 0.19
"""German VAT, for all four markets: the first form knows one rate."""

_SUPPLIER_QUALITY = np.array([0.48, 0.66, 0.73, 0.77, 0.80, 0.83, 0.86, 0.89, 0.92, 0.95])
"""0 falls apart, 1 flawless: one supplier is bad, three are doubtful."""

_WIDEST_BIAS_CM = 4.5
"""A brand may run about one size (4 cm) small or large."""


@dataclass(frozen=True)
class Assortment:
    """Styles in the order of launch, and their skus.

    Attributes:
        style_ids, category, brand, supplier: what a style is (indices into the names; `supplier` counts from 0).
        cut_cm: how much wider (> 0) or tighter than the chart it is cut: the brand's bias and the style's own, in dress centimetres.
        quality: 0 falls apart, 1 flawless.
        looks: (styles, 4) what it is like, on the axes of the customers' taste.
        shown: (styles, 4) what its photos promise.
        popularity: added to everybody's liking.
        price: list price in cents including VAT.
        launched: seconds since 1970.
        sale_depth: discount share in a sale.
        brand_bias_cm: per brand, how much wider (> 0) it runs than the chart.
        first_sku: index of each style's first sku.
        skus, sku_style, sku_number: per sku its id, its style and its size number (0 without a size).
    """

    style_ids: Texts
    category: Ints
    brand: Ints
    supplier: Ints
    cut_cm: Floats
    quality: Floats
    looks: Floats
    shown: Floats
    popularity: Floats
    price: Ints
    launched: Ints
    sale_depth: Floats
    brand_bias_cm: Floats
    first_sku: Ints
    skus: Texts
    sku_style: Ints
    sku_number: Ints


def draw_assortment(settings: ShopSettings, rng: np.random.Generator) -> Assortment:
    """Draw every style with its hidden flaws, and list its skus."""
    count = settings.styles
    category = rng.choice(len(CATEGORIES), count, p=[kind.share for kind in CATEGORIES]).astype(np.int64)
    brand = rng.integers(0, len(BRANDS), count)
    supplier = rng.integers(0, len(_SUPPLIER_QUALITY), count)
    bias = rng.permutation(np.linspace(-_WIDEST_BIAS_CM, _WIDEST_BIAS_CM, len(BRANDS)))
    looks = rng.normal(0, 1, (count, 4))
    style_ids = ids("s", count, 4)
    first_sku, skus, sku_style, sku_number = _skus(style_ids, category)
    return Assortment(
        style_ids=style_ids,
        category=category,
        brand=brand,
        supplier=supplier,
        cut_cm=bias[brand] + rng.normal(0, 0.9, count),
        quality=np.clip(rng.permutation(_SUPPLIER_QUALITY)[supplier] + rng.normal(0, 0.08, count), 0, 1),
        looks=looks,
        shown=looks + (1 - rng.beta(5, 1.6, (count, 1))) * rng.normal(0, 2.2, (count, 4)),
        popularity=rng.normal(0, 0.7, count),
        price=_prices(category, rng),
        launched=_launches(settings, rng),
        sale_depth=rng.choice([0.2, 0.3, 0.4], count),
        brand_bias_cm=bias,
        first_sku=first_sku,
        skus=skus,
        sku_style=sku_style,
        sku_number=sku_number,
    )


def products_table(settings: ShopSettings, assortment: Assortment, rng: np.random.Generator) -> pd.DataFrame:
    """The products table: what the shop knows of its skus."""
    style = assortment.sku_style
    sized = assortment.sku_number > 0
    return pd.DataFrame(
        {
            "sku": assortment.skus,
            "style_id": assortment.style_ids[style],
            "category": named(CATEGORY_NAMES, assortment.category[style]),
            "brand": named(BRANDS, assortment.brand[style]),
            "supplier_id": ids("m", len(_SUPPLIER_QUALITY), 2)[assortment.supplier[style]],
            "size": blank_unless(sized, assortment.sku_number.astype(str)),
            "size_system": blank_unless(sized, np.where(assortment.category[style] == CATEGORY_NAMES.index("shoes"), "EU shoes", "EU")),
            "colour": named(COLOURS, rng.integers(0, len(COLOURS), settings.styles))[style],
            "material": named(MATERIALS, rng.integers(0, len(MATERIALS), settings.styles))[style],
            "price": assortment.price[style],
            "unit_cost": _unit_costs(assortment, rng)[style],
            "currency": "EUR",
            "value_tags": _value_tags(settings, rng)[style],
            "launched_at": moments(assortment.launched[style]),
            "hidden": _hidden(settings, rng)[style],
        }
    )


def _prices(category: Ints, rng: np.random.Generator) -> Ints:
    """Around the category's typical price, ending in 90 cents."""
    typical = np.array([kind.typical_price_cents for kind in CATEGORIES])[category]
    return (np.rint(typical * np.exp(rng.normal(0, 0.35, len(category))) / 100) * 100 - 10).astype(np.int64)


def _launches(settings: ShopSettings, rng: np.random.Generator) -> Ints:
    """55 % in the 300 days before the period, the others throughout it, at 06:00."""
    before = int(np.ceil(0.55 * settings.styles))
    days_before = rng.integers(-300, 0, before)
    days_within = rng.integers(0, settings.days - 10, settings.styles - before)
    return np.sort(settings.start + np.concatenate([days_before, days_within]) * DAY + 6 * 3_600).astype(np.int64)


def _skus(style_ids: Texts, category: Ints) -> tuple[Ints, Texts, Ints, Ints]:
    sizes = SIZES[category]
    first_sku = np.cumsum(sizes) - sizes
    style = np.repeat(np.arange(len(category)), sizes)
    kind = category[style]
    rank = np.arange(len(style)) - first_sku[style]
    number = FIRST_NUMBER[kind] + np.where(FIRST_NUMBER[kind] > 0, NUMBER_STEP[kind] * rank, 0)
    skus = [f"{style_ids[one]}-{size or 'one'}" for one, size in zip(style, number, strict=True)]
    return first_sku, np.array(skus, dtype=object), style, number


def _unit_costs(assortment: Assortment, rng: np.random.Generator) -> Ints:
    """35-50 % of the net list price."""
    return np.rint(assortment.price / (1 + VAT) * rng.uniform(0.35, 0.50, len(assortment.price))).astype(np.int64)


def _value_tags(settings: ShopSettings, rng: np.random.Generator) -> Texts:
    tags = named(VALUE_TAGS, rng.choice(len(VALUE_TAGS), settings.styles, p=[0.64, 0.12, 0.07, 0.07, 0.05, 0.05]))
    return blank_unless(tags != "", tags)


def _hidden(settings: ShopSettings, rng: np.random.Generator) -> Flags:
    """The shop has stopped offering about 2 % of the styles, old ones; they sold before."""
    old = max(1, settings.styles // 3)
    hidden = np.zeros(settings.styles, dtype=bool)
    hidden[rng.choice(old, max(1, settings.styles // 50), replace=False)] = True
    return hidden
