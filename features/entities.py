"""Of whom and what the shop keeps a history: customers, styles, brands, sizes, bodies, and pairs of them.

Which sums are kept of each is not written down anywhere: it is what the features read (`wanted`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WINDOWS = (30, 90, 365)
"""Days over which recent histories may be summed."""

FIRST_DAY, LAST_DAY = "first_day", "last_day"
"""Days of the entity's first and latest order."""


@dataclass(frozen=True)
class Entity:
    """Something that has a history.

    Attributes:
        name: how features refer to it.
        keys: the columns of `features.facts.KEYS` that identify it; none for the shop as a whole.
    """

    name: str
    keys: tuple[str, ...]


ENTITIES = (
    Entity("shop", ()),
    Entity("country", ("country",)),
    Entity("channel_country", ("channel", "country")),
    Entity("payment", ("payment_method",)),
    Entity("category", ("category",)),
    Entity("brand", ("brand",)),
    Entity("brand_category", ("brand", "category")),
    Entity("supplier", ("supplier_id",)),
    Entity("material", ("material",)),
    Entity("style", ("style_id",)),
    Entity("sku", ("sku",)),
    Entity("style_size", ("style_id", "size_system", "size")),
    Entity("brand_size", ("brand", "category", "size_system", "size")),
    Entity("category_size", ("category", "size_system", "size")),
    Entity("body", ("category", "size_system", "weight_band", "height_band")),
    Entity("body_size", ("category", "size_system", "size", "weight_band")),
    Entity("style_body", ("style_id", "weight_band")),
    Entity("occasion", ("occasion",)),
    Entity("customer", ("customer_id",)),
    Entity("customer_style", ("customer_id", "style_id")),
    Entity("customer_category", ("customer_id", "category")),
    Entity("customer_brand", ("customer_id", "brand")),
    Entity("customer_material", ("customer_id", "material")),
    Entity("customer_size", ("customer_id", "category", "size_system", "size")),
    Entity("style_sizes", ("style_id", "size_system")),
    Entity("customer_sizes", ("customer_id", "size_system")),
    Entity("customer_category_sizes", ("customer_id", "category", "size_system")),
    Entity("customer_brand_sizes", ("customer_id", "brand", "size_system")),
)

_BY_NAME = {entity.name: entity for entity in ENTITIES}
_HISTORY = re.compile(rf"(?P<measure>[a-z_]+?(?:_[0-9])?)(?:_(?P<days>{'|'.join(map(str, WINDOWS))})d)?")


@dataclass(frozen=True, order=True)
class Sum:
    """A measure summed over the days before: all of them, or the latest few.

    Attributes:
        measure: one of `features.measures.MEASURES`.
        days: how many days back; None for all.
    """

    measure: str
    days: int | None = None

    @property
    def name(self) -> str:
        """What follows the entity's name and a dot."""
        return self.measure if self.days is None else f"{self.measure}_{self.days}d"


@dataclass(frozen=True)
class Wanted:
    """What has to be known of an entity, because features read it.

    Attributes:
        entity: whose history.
        sums: sorted by name.
        days: whether the days of the first and the latest order are wanted too.
    """

    entity: Entity
    sums: tuple[Sum, ...]
    days: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Columns, without the entity's name."""
        return (*(one.name for one in self.sums), *((FIRST_DAY, LAST_DAY) if self.days else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns as features read them, such as style.returned_lines_90d."""
        return tuple(f"{self.entity.name}.{name}" for name in self.names)

    @property
    def measures(self) -> tuple[str, ...]:
        """What has to be summed by day."""
        return tuple(sorted({one.measure for one in self.sums}))


def wanted(reads: Iterable[str]) -> tuple[Wanted, ...]:
    """The histories among the inputs that features read, by entity in the order of `ENTITIES`.

    Raises:
        ValueError: an input is named like a history, and is none.
    """
    told: dict[str, set[str]] = {}
    for name in reads:
        entity, dot, history = name.partition(".")
        if dot and entity != "today":
            told.setdefault(entity, set()).add(history)
    unknown = sorted(set(told) - set(_BY_NAME))
    if unknown:
        raise ValueError(f"no entity is called {unknown[0]!r}")
    return tuple(_wanted(entity, told[entity.name]) for entity in ENTITIES if entity.name in told)


def _wanted(entity: Entity, histories: set[str]) -> Wanted:
    days = histories & {FIRST_DAY, LAST_DAY}
    return Wanted(entity, tuple(sorted((_sum(name) for name in histories - days), key=lambda one: one.name)), bool(days))


def _sum(name: str) -> Sum:
    found = _HISTORY.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is no history")
    return Sum(found["measure"], int(found["days"]) if found["days"] else None)
