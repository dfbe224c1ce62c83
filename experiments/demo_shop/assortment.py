"""What the shop sells: styles by brand and supplier, each in its sizes, with the flaws that only a wearer finds out.

Brands cut differently from the size chart: that is the true cause of most size returns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, Texts, blank_unless, ids, moments, named
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.sizes import CATEGORY_NAMES, FIRST_NUMBER, NUMBER_STEP, SIZES

BRANDS = ("Alba", "Brisa", "Corvin", "Dahlia", "Elm", "Fjord", "Ginko", "Hazel", "Iris", "Juno", "Kite", "Linden")
COLOURS = ("black", "white", "navy", "red", "green", "beige", "blue", "rose")
MATERIALS = ("cotton", "viscose", "wool", "polyester", "linen", "leather")
VALUE_TAGS = ("", "organic", "fair_trade", "local", "organic,fair_trade", "recycled", "premium")
_TAG_SHARES = (0.58, 0.12, 0.07, 0.07, 0.05, 0.05, 0.06)
SPEAKS_FOR = np.array(
    [[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]
)
"""(value tags, segments): whom a style's tags speak to; affordability is about the price."""

VAT = 0.19
"""German VAT in list prices, for all four markets."""

WEEK = 7 * DAY


@dataclass(frozen=True)
class Assortment:
    """Styles in the order of launch, and their skus.

    Attributes:
        start: first second of the period; weeks count from here.
        style_ids, category, brand, supplier, material, tags: what a style is (indices into the names; `supplier` counts from 0).
        cut_cm: how much wider (> 0) or tighter than the chart it is cut: the brand's bias and the style's own, in dress centimetres.
        cut_shift_cm: by how much that changes when the brand's factory does, at `shifts_at`.
        shifts_at: per brand, when (seconds since 1970).
        quality: 0 falls apart, 1 flawless; less by `defect` while the supplier's bad batch sells.
        defect: per supplier, by how much its quality falls; 0 for all but one.
        defect_from, defect_until: when.
        looks: (styles, 4) what it is like, on the axes of the customers' taste.
        shown: (styles, 4) what its photos promise.
        popularity: (weeks, styles) added to everybody's liking.
        price: list price in cents including VAT.
        typical_price: of its category.
        unit_cost: in cents without VAT.
        launched: seconds since 1970.
        hidden: whether the shop has stopped offering it.
        sale_depth: discount share in a sale.
        brand_bias_cm: per brand, how much wider (> 0) it runs than the chart.
        first_sku: index of each style's first sku.
        skus, sku_style, sku_number: per sku its id, its style and its size number (0 without a size).
    """

    start: int
    style_ids: Texts
    category: Ints
    brand: Ints
    supplier: Ints
    material: Ints
    tags: Ints
    cut_cm: Floats
    cut_shift_cm: Floats
    shifts_at: Ints
    quality: Floats
    defect: Floats
    defect_from: int
    defect_until: int
    looks: Floats
    shown: Floats
    popularity: Floats
    price: Ints
    typical_price: Ints
    unit_cost: Ints
    launched: Ints
    hidden: Flags
    sale_depth: Floats
    brand_bias_cm: Floats
    first_sku: Ints
    skus: Texts
    sku_style: Ints
    sku_number: Ints

    def popularity_at(self, style: Ints, at: Ints) -> Floats:
        """How much everybody likes the styles in the week of each moment."""
        week = np.clip((at - self.start) // WEEK, 0, len(self.popularity) - 1)
        return np.asarray(self.popularity[week, style])

    def cut_at(self, style: Ints, at: Ints) -> Floats:
        """How wide they are cut then."""
        brand = self.brand[style]
        return np.asarray(self.cut_cm[style] + np.where(at >= self.shifts_at[brand], self.cut_shift_cm[brand], 0.0))

    def quality_at(self, style: Ints, at: Ints) -> Floats:
        """How good they are then."""
        bad = (at >= self.defect_from) & (at < self.defect_until)
        return np.asarray(self.quality[style] - np.where(bad, self.defect[self.supplier[style]], 0.0))


def draw_assortment(settings: ShopSettings, rng: np.random.Generator) -> Assortment:
    """Draw every style with its hidden flaws, and list its skus."""
    count, world = settings.styles, settings.world
    numbers, suppliers = world.assortment, len(world.assortment.supplier_quality)
    sold = np.array([CATEGORY_NAMES.index(name) for name in world.categories])
    chosen = rng.choice(len(sold), count, p=[share for share, _ in world.categories.values()])
    category, typical = sold[chosen], np.array([price for _, price in world.categories.values()])[chosen]
    brand, supplier, material = (rng.integers(0, kinds, count) for kinds in (len(BRANDS), suppliers, len(MATERIALS)))
    bias = rng.permutation(np.linspace(-numbers.widest_bias_cm, numbers.widest_bias_cm, len(BRANDS)))
    looks = _looks(settings, brand, material, rng)
    style_ids = ids("s", count, 4)
    first_sku, skus, sku_style, sku_number = _skus(style_ids, category)
    price = _prices(typical, rng)
    failing, fails_at = rng.integers(0, suppliers), settings.start + int(rng.uniform(0.4, 0.7) * settings.days) * DAY
    return Assortment(
        start=settings.start,
        style_ids=style_ids,
        category=category,
        brand=brand,
        supplier=supplier,
        material=material,
        tags=rng.choice(len(VALUE_TAGS), count, p=_TAG_SHARES),
        cut_cm=bias[brand] + rng.normal(0, numbers.cut_sd_cm, count),
        cut_shift_cm=rng.normal(0, world.drift.cut_shift_cm, len(BRANDS)),
        shifts_at=settings.start + (rng.uniform(0.3, 0.9, len(BRANDS)) * settings.days).astype(np.int64) * DAY,
        quality=np.clip(rng.permutation(np.array(numbers.supplier_quality))[supplier] + rng.normal(0, 0.08, count), 0, 1),
        defect=np.where(np.arange(suppliers) == failing, world.drift.defect_quality, 0.0),
        defect_from=fails_at,
        defect_until=fails_at + settings.days // 4 * DAY,
        looks=looks,
        shown=looks + (1 - rng.beta(5, 1.6, (count, 1))) * rng.normal(0, numbers.photo_flattery, (count, 4)),
        popularity=_popularity(settings, rng),
        price=price,
        typical_price=typical,
        unit_cost=np.rint(price / (1 + VAT) * rng.uniform(*numbers.unit_cost, count)).astype(np.int64),
        launched=_launches(settings, rng),
        hidden=_hidden(settings, rng),
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
    tags = named(VALUE_TAGS, assortment.tags)
    return pd.DataFrame(
        {
            "sku": assortment.skus,
            "style_id": assortment.style_ids[style],
            "category": named(CATEGORY_NAMES, assortment.category[style]),
            "brand": named(BRANDS, assortment.brand[style]),
            "supplier_id": ids("m", len(assortment.defect), 2)[assortment.supplier[style]],
            "size": blank_unless(sized, assortment.sku_number.astype(str)),
            "size_system": blank_unless(sized, np.where(assortment.category[style] == CATEGORY_NAMES.index("shoes"), "EU shoes", "EU")),
            "colour": named(COLOURS, rng.integers(0, len(COLOURS), settings.styles))[style],
            "material": named(MATERIALS, assortment.material)[style],
            "looks": _told(assortment.shown)[style],
            "price": assortment.price[style],
            "unit_cost": assortment.unit_cost[style],
            "currency": "EUR",
            "value_tags": blank_unless(tags != "", tags)[style],
            "launched_at": moments(assortment.launched[style]),
            "hidden": assortment.hidden[style],
        }
    )


def _told(looks: Floats) -> Texts:
    """Coordinates as the products table tells them; an image embedding sees the photos, not the goods."""
    return np.array([" ".join(f"{number:.2f}" for number in row) for row in looks], dtype=object)


def _looks(settings: ShopSettings, brand: Ints, material: Ints, rng: np.random.Generator) -> Floats:
    """A style takes after its brand and its material; the rest is its own."""
    numbers = settings.world.assortment
    of_brand, of_material, own = (rng.normal(0, 1, (rows, 4)) for rows in (len(BRANDS), len(MATERIALS), settings.styles))
    rest = max(0.0, 1 - numbers.brand_looks - numbers.material_looks)
    return np.asarray(
        np.sqrt(numbers.brand_looks) * of_brand[brand] + np.sqrt(numbers.material_looks) * of_material[material] + np.sqrt(rest) * own
    )


def _popularity(settings: ShopSettings, rng: np.random.Generator) -> Floats:
    """A random walk by week that is drawn back to where it began, so that its spread stays about the same."""
    weeks, spread, step = settings.days // 7 + 2, settings.world.assortment.popularity_sd, settings.world.drift.popularity_sd
    usual = rng.normal(0, spread, settings.styles)
    walk = np.zeros((weeks, settings.styles))
    for week in range(1, weeks):
        walk[week] = 0.9 * walk[week - 1] + rng.normal(0, step, settings.styles)
    return np.asarray(usual + walk)


def _prices(typical: Ints, rng: np.random.Generator) -> Ints:
    """Around the category's typical price, ending in 90 cents."""
    return (np.rint(typical * np.exp(rng.normal(0, 0.35, len(typical))) / 100) * 100 - 10).astype(np.int64)


def _launches(settings: ShopSettings, rng: np.random.Generator) -> Ints:
    """Some in the 300 days before the period, the others throughout it, at 06:00."""
    before = int(np.ceil(settings.world.assortment.launched_before * settings.styles))
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


def _hidden(settings: ShopSettings, rng: np.random.Generator) -> Flags:
    """The shop has stopped offering about 2 % of the styles, old ones; they sold before."""
    old = max(1, settings.styles // 3)
    hidden = np.zeros(settings.styles, dtype=bool)
    hidden[rng.choice(old, max(1, settings.styles // 50), replace=False)] = True
    return hidden
