"""Features for one shopper at one moment, as a storefront waits for them: what `Snapshot.build` gives, without its tables.

What follows from the shop and the goods alone is computed with the snapshot (`features.goods`), what follows from the shopper once per
request, and for each row only what is left (`features.stages`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from domain.errors import FeaturesRefused
from features.asking import NOTHING_DONE, Asking
from features.assortment import Assortment
from features.busy_day import busy_day
from features.catalogue import Feature, Values
from features.entities import Wanted
from features.fact_text import OF_A_PERSON
from features.goods import Goods
from features.keyed import Hashes, Ints, Stack, fold, hash_few
from features.lookups import NOBODY, Crosses, Lookups
from features.people import People
from features.persons import Flags
from features.sheet import TODAY, Prepared, Sheet
from features.shopper import Shopper, shopper, stated_sizes
from features.stages import GOODS, ROW, SHOP, Day, Stages, differs_by
from features.tape import run

_OF_A_LINE = ("country", "channel", "payment_method")


@dataclass(frozen=True, eq=False)
class Answer:
    """The features of an asking.

    Attributes:
        features: (n, features) doubles in the order of the snapshot's features; NaN is missing.
        known_customer: whether the customer has a history that may be used.
        known_skus: which skus have been ordered before (n,).
    """

    features: Values
    known_customer: bool
    known_skus: Flags


@dataclass(frozen=True, eq=False)
class Night:
    """What a snapshot holds, as far as answers need it.

    Attributes:
        day: since 1970-01-01 on the shop's clock.
        midnight_us: its first moment, UTC microseconds.
        features: in the order of the answer's columns.
        plan: the histories that they read.
        state: the numbers of each entity.
        people: what customers declared and allow.
        skus: of the assortment, in its order.
        assortment: finds products.
        hashes: of the keys that follow from the sku, by sku and at the end for an unknown one.
    """

    day: int
    midnight_us: int
    features: Sequence[Feature]
    plan: Iterable[Wanted]
    state: Mapping[str, Stack]
    people: People
    skus: Sequence[str]
    assortment: Assortment
    hashes: Mapping[str, Hashes]


class Answering:
    """Answers askings from one snapshot."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._stages = Stages(night.features)
        self._tables = {wanted.entity.name: Lookups(wanted, night.state[wanted.entity.name]) for wanted in night.plan}
        self._constants = self._of_the_shop()
        self._common = np.array([np.nan if value is None else float(np.asarray(value).flat[0]) for value in self._constants])
        self._prepared: dict[tuple[frozenset[str], Day], Prepared] = {}
        self._nothing = [(name, np.nan) for name in self._stages.tape.inputs if name.startswith(TODAY)]
        self._sell()

    def of_other_goods(self, skus: Sequence[str], assortment: Assortment, hashes: Mapping[str, Hashes]) -> Answering:
        """The same night, and other goods: all that does not hang on them is shared."""
        other = copy.copy(self)
        other._night = replace(self._night, skus=skus, assortment=assortment, hashes=hashes)
        other._sell()
        return other

    def _sell(self) -> None:
        """Compute what can be computed of the goods."""
        night = self._night
        self._goods = Goods(self._stages, night.assortment, night.hashes, night.skus, self._tables_of(GOODS))
        self._goods.compute(self._constants, night.midnight_us)
        self._crosses = {name: Crosses(table, night.hashes) for name, table in self._tables_of(ROW).items()}
        self._categories = night.assortment.column("category")

    def answer(self, asking: Asking) -> Answer:
        """The features of each offered sku.

        Raises:
            FeaturesRefused: it asks about a time before the snapshot's.
        """
        night = self._night
        if asking.at_us < night.midnight_us:
            raise FeaturesRefused(f"rows ask about {asking.at_us} us", expected=f"times from {night.midnight_us} us on")
        rows = self._goods.rows(asking.skus)
        told, known = self._goods.of(asking.skus, rows)
        customer = hash_few([asking.customer_id])
        who = shopper(night.people, customer, asking.day if asking.customer_id is not None else NOTHING_DONE)
        day: Day = "nobody's" if asking.customer_id is None else "busy" if asking.day.moves else "quiet"
        prepared = self._prepare(who.purposes, day)
        person = hash_few([who.keys[name] for name in OF_A_PERSON]).reshape(-1, 1)
        line = {name: _hashed(getattr(asking, name)) for name in _OF_A_LINE}
        keys = {"customer_id": customer if who.past else NOBODY, **line, **dict(zip(OF_A_PERSON, person, strict=True))}
        sheet = Sheet(prepared, told)
        for name, values in (*_given(asking, who), *self._today(asking, day)):
            sheet.put(name, values)
        if "stated_size" in prepared.reads:
            categories = self._categories[rows].tolist()
            sheet.put("stated_size", stated_sizes(night.people, customer, night.hashes["category"][rows], who.sizes, categories))
        self._look_up(prepared, sheet, keys, rows)
        known_customer = bool(customer[0]) and bool(self._tables["customer"].has(fold([customer], 1))[0])
        return Answer(sheet.features(), known_customer, known)

    def _of_the_shop(self) -> list[Any]:
        """By number, what is the same for all shoppers and goods."""
        tape = self._stages.tape
        values: list[Any] = [None] * len(tape)
        for number, constant in tape.constants.items():
            values[number] = constant
        found = {"day": np.full(1, float(self._night.day)), "midnight_us": np.full(1, float(self._night.midnight_us))}
        for table in self._tables_of(SHOP).values():
            found |= dict(zip(table.columns, table.find(fold([], 1)), strict=True))
        for name, number in self._stages.inputs(SHOP).items():
            values[number] = found[name]
        run(self._stages.steps(SHOP), values, 1)
        return values

    def _tables_of(self, wanted: int) -> dict[str, Lookups]:
        return {name: table for name, table in self._tables.items() if differs_by(table.columns[0]) == wanted}

    def _prepare(self, purposes: frozenset[str], day: Day) -> Prepared:
        key = (purposes, day)
        if key not in self._prepared:
            program = self._stages.program(purposes, day)
            self._prepared[key] = Prepared(program, self._stages, self._goods, self._tables, self._common)
        return self._prepared[key]

    def _today(self, asking: Asking, day: Day) -> Iterable[tuple[str, Values | float]]:
        if day == "busy":
            return busy_day(asking, self._night.assortment, self._night.midnight_us).items()
        return () if day == "quiet" else self._nothing

    def _look_up(self, prepared: Prepared, sheet: Sheet, keys: Mapping[str, Hashes], rows: Ints) -> None:
        folded: dict[tuple[str, ...], Hashes] = {}
        for entry in prepared.entries:
            table, cross = self._tables[entry.name], self._crosses.get(entry.name)
            names = table.keys if cross is None else cross.own
            own = [keys[key] for key in names]
            if not all(own):
                sheet.lack(entry)
                continue
            if names not in folded:
                folded[names] = fold(own, 1)
            sheet.enter(entry, table, folded[names] if cross is None else cross.fold(own, folded[names], rows))


@lru_cache(maxsize=4096)
def _hashed(word: str | None) -> Hashes:
    """The hash of a market or a channel: there are few, and they say nothing of a person."""
    return hash_few([word])


def _given(asking: Asking, who: Shopper) -> Iterable[tuple[str, Values | float]]:
    return (*asking.numbers.items(), ("at_us", float(asking.at_us)), ("promised_us", asking.promised_us), *who.numbers.items())
