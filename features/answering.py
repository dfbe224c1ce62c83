"""Features for one shopper at one moment, as a storefront waits for them: what `Snapshot.build` gives, without its tables.

What follows from the shop and the goods alone is computed with the snapshot (`features.goods`), what follows from the shopper once per
request, and for each row only what is left (`features.stages`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from features.shopper import Shopper, shopper, stated_sizes
from features.stages import GOODS, ROW, SHOP, SHOPPER, Day, Program, Stages, differs_by
from features.tape import run

_OF_A_LINE = ("country", "channel", "payment_method")
_TODAY = "today."
_MISSING = np.full(1, np.nan)


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
        self._goods = Goods(self._stages, night.assortment, night.hashes, night.skus, self._tables_of(GOODS))
        self._goods.compute(self._constants, night.midnight_us)
        self._crosses = {name: Crosses(table, night.hashes) for name, table in self._tables_of(ROW).items()}
        self._prepared: dict[tuple[frozenset[str], Day], Prepared] = {}
        self._categories = night.assortment.column("category")
        self._nothing = {name: np.full(1, np.nan) for name in self._stages.tape.inputs if name.startswith(_TODAY)}

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
        customer, *line = hash_few([asking.customer_id, *(getattr(asking, name) for name in _OF_A_LINE)]).reshape(-1, 1)
        who = shopper(night.people, customer, asking.day if asking.customer_id is not None else NOTHING_DONE)
        day: Day = "nobody's" if asking.customer_id is None else "busy" if asking.day.moves else "quiet"
        prepared = self._prepare(who.purposes, day)
        person = hash_few([who.keys[name] for name in OF_A_PERSON]).reshape(-1, 1)
        keys = {"customer_id": customer if who.past else NOBODY, **_named(_OF_A_LINE, line), **_named(OF_A_PERSON, person)}
        found = _given(asking, who) | self._histories(prepared, keys, rows) | self._today(asking, day)
        if "stated_size" in prepared.program.reads:
            found["stated_size"] = stated_sizes(night.people, customer, night.hashes["category"][rows], who.sizes, self._categories[rows])
        known_customer = bool(customer[0]) and bool(self._tables["customer"].has(fold([customer], 1))[0])
        return Answer(prepared.features(self._constants, found, told), known_customer, known)

    def _of_the_shop(self) -> list[Any]:
        """By number, what is the same for all shoppers and goods."""
        tape = self._stages.tape
        values: list[Any] = [None] * len(tape)
        for number, constant in tape.constants.items():
            values[number] = constant
        found = {"day": np.full(1, float(self._night.day)), "midnight_us": np.full(1, float(self._night.midnight_us))}
        for table in self._tables_of(SHOP).values():
            found |= dict(zip(table.columns, table.find(fold([], 1)).T, strict=True))
        for name, number in self._stages.inputs(SHOP).items():
            values[number] = found[name]
        run(self._stages.steps(SHOP), values, 1)
        return values

    def _tables_of(self, wanted: int) -> dict[str, Lookups]:
        return {name: table for name, table in self._tables.items() if differs_by(table.columns[0]) == wanted}

    def _prepare(self, purposes: frozenset[str], day: Day) -> Prepared:
        key = (purposes, day)
        if key not in self._prepared:
            self._prepared[key] = Prepared(self._stages.program(purposes, day), self._goods, len(self._night.features))
        return self._prepared[key]

    def _today(self, asking: Asking, day: Day) -> Mapping[str, Values]:
        if day == "busy":
            return busy_day(asking, self._night.assortment, self._night.midnight_us)
        return {} if day == "quiet" else self._nothing

    def _histories(self, prepared: Prepared, keys: Mapping[str, Hashes], rows: Ints) -> dict[str, Values]:
        found: dict[str, Values] = {}
        folded: dict[tuple[str, ...], Hashes] = {}
        for name in prepared.entities:
            table, cross = self._tables[name], self._crosses.get(name)
            names = table.keys if cross is None else cross.own
            own = [keys[key] for key in names]
            if not all(own):
                found |= dict.fromkeys(table.columns, _MISSING)
                continue
            if names not in folded:
                folded[names] = fold(own, 1)
            numbers = table.find(folded[names]) if cross is None else cross.find(own, folded[names], rows)
            found |= zip(table.columns, numbers.T, strict=True)
        return found


class Prepared:
    """A program with everything in its place: who fills in what a request tells gets the features.

    Attributes:
        program: what to do.
        entities: whose histories it reads.
    """

    def __init__(self, program: Program, goods: Goods, features: int) -> None:
        self.program = program
        self.entities = tuple(
            dict.fromkeys(name.partition(".")[0] for name in program.reads if "." in name and not name.startswith(_TODAY))
        )
        self._features = features
        self._reads = tuple(program.reads.items())
        self._goods = tuple((number, goods.column[number], number in goods.flags) for number in program.goods)
        self._once = [*program.outputs[SHOP], *program.outputs[SHOPPER]]
        self._once_places = [place for place, _ in self._once]
        self._goods_places = [place for place, _ in program.outputs[GOODS]]
        self._goods_columns = [goods.column[number] for _, number in program.outputs[GOODS]]

    def features(self, constants: Sequence[Any], found: Mapping[str, Values], told: Values) -> Values:
        """The features (n, features).

        Args:
            constants: by number, what is the same for all shoppers and goods.
            found: everything that the program reads, by name: (n,), or (1,) where all rows have the same.
            told: what is told of the goods (n, columns).
        """
        values = list(constants)
        for name, number in self._reads:
            values[number] = found[name]
        for number, column, is_flag in self._goods:
            values[number] = told[:, column].astype(bool) if is_flag else told[:, column]
        run(self.program.once, values, 1)
        run(self.program.each, values, len(told))
        result = np.full((len(told), self._features), np.nan)
        result[:, self._goods_places] = told[:, self._goods_columns]
        result[:, self._once_places] = [values[number][0] for _, number in self._once]
        for place, number in self.program.outputs[ROW]:
            result[:, place] = values[number]
        return result


def _named(names: Sequence[str], hashes: Iterable[Hashes]) -> dict[str, Hashes]:
    return dict(zip(names, hashes, strict=True))


def _given(asking: Asking, who: Shopper) -> dict[str, Values]:
    once = {"at_us": float(asking.at_us), "promised_us": asking.promised_us, **who.numbers}
    return {**asking.numbers, **{name: np.full(1, value) for name, value in once.items()}}
