"""In which sizes a shop sells most styles of a category: those that a style has of which nobody says more than its category."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serving.assortment import Product


@dataclass(frozen=True)
class Usual:
    """A category's sizes.

    Attributes:
        system: the size system of most of its skus; None where the shop names none.
        runs: the sizes, in order, in which most styles come that have sizes of a system; without a system, in any.
    """

    system: str | None
    runs: Mapping[str | None, tuple[str, ...]]


def usual_sizes(products: Iterable[Product]) -> dict[str, Usual]:
    """The usual sizes of every category that is sold in sizes."""
    systems: dict[str, Counter[str]] = defaultdict(Counter)
    runs: dict[tuple[str, str | None], dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for product in products:
        if product.size is None or product.category is None or product.style_id is None:
            continue
        runs[product.category, None][product.style_id][product.size] = None
        if product.size_system is not None:
            systems[product.category][product.size_system] += 1
            runs[product.category, product.size_system][product.style_id][product.size] = None
    found: dict[str, dict[str | None, tuple[str, ...]]] = defaultdict(dict)
    for (category, system), styles in runs.items():
        found[category][system] = Counter(tuple(run) for run in styles.values()).most_common(1)[0][0]
    return {category: Usual(_most(systems[category]), of_system) for category, of_system in found.items()}


def _most(systems: Counter[str]) -> str | None:
    return systems.most_common(1)[0][0] if systems else None
