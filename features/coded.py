"""Facts and asked-for rows as arrays of whole numbers, so that they can be sorted and summed in memory: each key's texts are numbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from domain.errors import FeaturesRefused
from features.engine import Embedded
from features.entities import Entity, Wanted
from features.fact_text import OF_A_PRODUCT, Kind, listed

Ints: TypeAlias = npt.NDArray[np.integer]
"""Of any width: a column is as narrow as its numbers allow."""

UNKNOWN = -1
"""The number of a key that a row does not have."""

_WIDTHS = (np.int8, np.int16, np.int32, np.int64)
_ROOM = 2**62
_NOTHING = "(SELECT sku AS {} FROM skus WHERE 1 = 0) AS nothing"


@dataclass(frozen=True, eq=False)
class Numbered:
    """Rows with numbered keys.

    Attributes:
        keys: the number of each of `features.fact_text.KEYS` that the rows have but those of the product; `UNKNOWN` where it is missing.
        day: since 1970-01-01.
    """

    keys: Mapping[str, Ints]
    day: Ints


@dataclass(frozen=True, eq=False)
class NumberedFacts(Numbered):
    """A kind of facts.

    Attributes:
        measures: whole numbers by name.
    """

    measures: Mapping[str, Ints]


@dataclass(frozen=True, eq=False)
class Coded:
    """A shop's facts, and the rows that its histories are asked for.

    Attributes:
        facts: one for each kind, in any order.
        asked: the asked-for rows, by row number.
        products: each key of a product by the number of its sku; `UNKNOWN` at its end, for skus that are not in the assortment.
        sizes: how many texts each key has; an asked-for text that nothing is known of has the number after the last.
    """

    facts: tuple[NumberedFacts, ...]
    asked: Numbered
    products: Mapping[str, Ints]
    sizes: Mapping[str, int]

    @cached_property
    def first_day(self) -> int:
        """The day of the earliest fact."""
        return min((int(one.day.min()) for one in self.facts if len(one.day)), default=0)

    @cached_property
    def days(self) -> int:
        """How many days there are from it to the latest fact or asked-for day."""
        latest = max((int(one.day.max()) for one in (*self.facts, self.asked) if len(one.day)), default=0)
        return max(latest - self.first_day, 0) + 1

    def places(self, rows: Numbered, entity: Entity) -> npt.NDArray[np.int64]:
        """One number for each row's entry and day, ascending by entry and then by day; `UNKNOWN` where the row lacks a key.

        Days before the first fact count as its day: nothing was known on either.

        Raises:
            FeaturesRefused: there are more entries than a number can tell apart.
        """
        if float(np.prod([self.sizes[key] + 1.0 for key in entity.keys])) * self.days > _ROOM:
            raise FeaturesRefused(f"more entries of {entity.name} than 64 bits can number", advice="sum the histories in SQL")
        place = np.zeros(len(rows.day), dtype="int64")
        known = np.ones(len(rows.day), dtype=bool)
        for key in entity.keys:
            number = self._numbers(rows, key)
            known &= number >= 0
            place *= self.sizes[key] + 1
            place += number
        place *= self.days
        place += np.maximum(rows.day - self.first_day, 0)
        place[~known] = UNKNOWN
        return place

    def _numbers(self, rows: Numbered, key: str) -> Ints:
        return self.products[key][rows.keys["sku"]] if key in OF_A_PRODUCT else rows.keys[key]


def coded(engine: Embedded, kinds: Sequence[Kind], plan: Sequence[Wanted], skus: pd.DataFrame) -> Coded:
    """Fetch facts and the relation `asked` as numbers; the engine forgets the facts.

    Args:
        engine: where the kinds of facts are defined.
        kinds: the kinds of facts that the shop has.
        plan: what will be summed: nothing else is fetched.
        skus: what rows inherit from their sku, as `features.relations.skus` says.
    """
    read = {key for one in plan for key in one.entity.keys}
    own = tuple(sorted((read - {*OF_A_PRODUCT}) | {"sku"}))
    sizes = {key: _number(engine, key, [kind for kind in kinds if key in kind.keys]) for key in own}
    order = engine.fetch("SELECT code, text FROM codes_sku ORDER BY code")["text"].to_pandas()
    products = skus.set_index("sku").reindex(order)
    numbered = {key: pd.factorize(products[key]) for key in OF_A_PRODUCT if key in read}
    return Coded(
        facts=tuple(_facts(engine, kind, own) for kind in kinds),
        asked=_asked(engine, sizes),
        products={key: _narrow(np.append(numbers, [UNKNOWN, UNKNOWN])) for key, (numbers, _) in numbered.items()},
        sizes={**sizes, **{key: len(texts) for key, (_, texts) in numbered.items()}},
    )


def _number(engine: Embedded, key: str, kinds: Sequence[Kind]) -> int:
    """Number the texts of a key, in a relation of its own."""
    places = [*(kind.name for kind in kinds), *(["skus"] if key == "sku" else [])] or [_NOTHING.format(key)]
    texts = " UNION ALL ".join(f"SELECT DISTINCT {key} AS text FROM {place}" for place in places)  # noqa: S608
    distinct = f"SELECT DISTINCT text FROM ({texts}) AS texts WHERE text IS NOT NULL"  # noqa: S608
    engine.define(f"codes_{key}", f"SELECT text, ROW_NUMBER() OVER (ORDER BY text) - 1 AS code FROM ({distinct}) AS texts")  # noqa: S608
    return int(engine.fetch(f"SELECT COUNT(*) AS texts FROM codes_{key}")["texts"][0].as_py())  # noqa: S608


def _facts(engine: Embedded, kind: Kind, own: Sequence[str]) -> NumberedFacts:
    keys = [key for key in own if key in kind.keys]
    told = [*(f"COALESCE(codes_{key}.code, {UNKNOWN}) AS {key}" for key in keys), "day", *kind.measures]
    found = engine.fetch(f"SELECT {listed(told)} FROM {kind.name}{_joined(kind.name, keys)}")  # noqa: S608
    engine.forget(kind.name)
    return NumberedFacts(_columns(found, keys), _array(found, "day").astype("int32"), _columns(found, kind.measures))


def _asked(engine: Embedded, sizes: Mapping[str, int]) -> Numbered:
    told = listed(
        f"CASE WHEN asked.{key} IS NULL THEN {UNKNOWN} ELSE COALESCE(codes_{key}.code, {size}) END AS {key}" for key, size in sizes.items()
    )
    found = engine.fetch(f"SELECT row_number, day, {told} FROM asked{_joined('asked', sizes)}")  # noqa: S608
    order = np.argsort(_array(found, "row_number"))
    return Numbered({key: column[order] for key, column in _columns(found, sizes).items()}, _array(found, "day")[order].astype("int32"))


def _joined(relation: str, keys: Sequence[str] | Mapping[str, int]) -> str:
    return "".join(f" LEFT JOIN codes_{key} ON {relation}.{key} = codes_{key}.text" for key in keys)


def _columns(found: pa.Table, names: Sequence[str] | Mapping[str, int]) -> dict[str, Ints]:
    return {name: _narrow(_array(found, name)) for name in names}


def _array(found: pa.Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(found[name].to_numpy(), dtype="int64")


def _narrow(numbers: npt.NDArray[np.int64]) -> Ints:
    """The same numbers, in as few bytes as hold them."""
    least, most = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    return numbers.astype(next(width for width in _WIDTHS if np.iinfo(width).min <= least and most <= np.iinfo(width).max))
