"""Every feature of sizes and verdicts of a tiny shop, spelled out."""

from __future__ import annotations

import math

from tests.support.oracle_facts import SIZES as POSITIONS
from tests.support.oracle_histories import BRAND_SIZE, customer, returns_of
from tests.support.oracle_past import NAN, Formula, Past, Then, share, shrunk
from tests.support.tiny_shops import Row

OWN_CATEGORY = ("customer_id", "category", "size_system")
OWN_SIZE = ("customer_id", "category", "size_system", "size")
BODY = ("category", "size_system", "weight_band", "height_band")
BODY_SIZE = ("category", "size_system", "size", "weight_band")


def verdict(past: Past, said: str, prior: float, weight: float) -> float:
    """The share of a verdict, shrunk to a prior."""
    return shrunk(past.said(said), past.said(), prior, weight)


def of_shop(t: Then, said: str) -> float:
    """The shop's share of a verdict."""
    return verdict(t.of(), said, 0.13, 100)


def of_category(t: Then, said: str) -> float:
    """The category's share of a verdict."""
    return verdict(t.of("category"), said, of_shop(t, said), 50)


def of_category_size(t: Then, said: str) -> float:
    """A category's share of a verdict on one size."""
    return verdict(t.of("category", "size_system", "size"), said, of_category(t, said), 50)


def of_style(t: Then, said: str) -> float:
    """The style's share of a verdict."""
    return verdict(t.of("style_id"), said, of_category(t, said), 4)


def of_style_size(t: Then, said: str) -> float:
    """The style's share of a verdict on one size, as if style and size added up."""
    usual = of_style(t, said) + of_category_size(t, said) - of_category(t, said)
    return verdict(t.of("style_id", "size_system", "size"), said, min(max(usual, 0.001), 0.999) if usual == usual else NAN, 15)


def beyond(t: Then, *keys: str) -> float:
    """The offered size minus the mean good one."""
    good = t.of(*keys).good_sizes()
    return t.position() - share(sum(good), len(good))


def known_sizes(past: Past) -> float:
    """How many good sizes are known."""
    return NAN if past.facts is None else float(len(past.good_sizes()))


def spread(sizes: list[float]) -> float:
    """The standard deviation."""
    mean = share(sum(sizes), len(sizes))
    return math.sqrt(share(sum((size - mean) ** 2 for size in sizes), len(sizes)))


def heavier(t: Then, measure: str, *keys: str) -> float:
    """A declared measure minus the mean of those whom the size fits."""

    def fitted(row: Row) -> bool:
        return row["verdict"] == "fits" and row[measure] is not None

    past = t.of(*keys)
    return t.stated(measure) - share(past.total("verdicts", lambda row: row[measure], where=fitted), past.count("verdicts", where=fitted))


def stated_size(t: Then) -> float:
    """Where the size that the customer stated for the category stands."""
    stated = t.told[f"size:{t.product.get('category')}"]
    return NAN if stated is None else POSITIONS.get(stated["value"], NAN)


VERDICTS: dict[str, Formula] = {
    "style_small_rate": lambda t: of_style(t, "small"),
    "style_large_rate": lambda t: of_style(t, "large"),
    "style_verdicts": lambda t: t.of("style_id").said(),
    "style_size_small_rate": lambda t: of_style_size(t, "small"),
    "style_size_large_rate": lambda t: of_style_size(t, "large"),
    "style_size_verdicts": lambda t: t.of("style_id", "size_system", "size").said(),
    "category_size_small_rate": lambda t: of_category_size(t, "small"),
    "category_size_large_rate": lambda t: of_category_size(t, "large"),
    "brand_size_small_rate": lambda t: verdict(t.of(*BRAND_SIZE), "small", of_category_size(t, "small"), 20),
    "brand_size_large_rate": lambda t: verdict(t.of(*BRAND_SIZE), "large", of_category_size(t, "large"), 20),
    "customer_verdicts": lambda t: t.of("customer_id").said(),
    "customer_small_rate": lambda t: verdict(t.of("customer_id"), "small", of_shop(t, "small"), 10),
    "customer_large_rate": lambda t: verdict(t.of("customer_id"), "large", of_shop(t, "large"), 10),
    "body_size_small_rate": lambda t: verdict(t.of(*BODY_SIZE), "small", of_style(t, "small"), 20),
    "body_size_large_rate": lambda t: verdict(t.of(*BODY_SIZE), "large", of_style(t, "large"), 20),
    "style_body_small_rate": lambda t: verdict(t.of("style_id", "weight_band"), "small", of_style(t, "small"), 10),
    "style_body_large_rate": lambda t: verdict(t.of("style_id", "weight_band"), "large", of_style(t, "large"), 10),
    "occasion_small_rate": lambda t: verdict(t.of("occasion"), "small", of_shop(t, "small"), 50),
    "occasion_large_rate": lambda t: verdict(t.of("occasion"), "large", of_shop(t, "large"), 50),
}

SIZES: dict[str, Formula] = {
    "size_position": Then.position,
    "size_vs_customer": lambda t: beyond(t, "customer_id", "size_system"),
    "size_vs_customer_category": lambda t: beyond(t, *OWN_CATEGORY),
    "size_vs_customer_brand": lambda t: beyond(t, "customer_id", "brand", "size_system"),
    "size_vs_body": lambda t: beyond(t, *BODY),
    "size_vs_style": lambda t: beyond(t, "style_id", "size_system"),
    "size_vs_stated": lambda t: t.position() - stated_size(t),
    "customer_category_sized_lines": lambda t: known_sizes(t.of(*OWN_CATEGORY)),
    "body_sized_lines": lambda t: known_sizes(t.of(*BODY)),
    "customer_category_size_spread": lambda t: spread(t.of(*OWN_CATEGORY).good_sizes()),
    "weight_vs_style_size": lambda t: heavier(t, "weight_kg", "style_id", "size_system", "size"),
    "weight_vs_category_size": lambda t: heavier(t, "weight_kg", "category", "size_system", "size"),
    "height_vs_style_size": lambda t: heavier(t, "height_cm", "style_id", "size_system", "size"),
    "height_vs_category_size": lambda t: heavier(t, "height_cm", "category", "size_system", "size"),
    "customer_size_kept_lines": lambda t: t.of(*OWN_SIZE).kept(),
    "customer_size_share": lambda t: share(t.of(*OWN_SIZE).lines(), t.of("customer_id", "category").lines()),
    "customer_size_return_rate": lambda t: returns_of(t.of(*OWN_SIZE), customer(t), 5),
}
