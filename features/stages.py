"""What each input of the features can differ by: the shop alone, the shopper, the goods, or each pair of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from features.asked import NUMBERS
from features.catalogue import Feature
from features.entities import ENTITIES
from features.fact_text import OF_A_PRODUCT
from features.measures import LOOKS, VALUES
from features.tape import Number, Step, Tape
from features.told import MEASUREMENTS

Day = Literal["quiet", "busy", "nobody's"]
"""Whether the shopper did something today; or nobody is named, of whom nothing can be known."""

SHOP, SHOPPER, GOODS, ROW, TODAY = 0, 1, 2, 4, 8
"""What an input differs by, as bits; of what is computed from several, all of theirs."""

_OF_THE_SHOP = ("day", "midnight_us")
_OF_THE_SHOPPER = ("at_us", "promised_us", *MEASUREMENTS, "needed_us", "joined_us")
_OF_THE_GOODS = ("size_position", *LOOKS, *VALUES)
_OF_A_ROW = (*NUMBERS, "stated_size")
_GIVEN = {
    **dict.fromkeys(_OF_THE_SHOP, SHOP),
    **dict.fromkeys(_OF_THE_SHOPPER, SHOPPER),
    **dict.fromkeys(_OF_THE_GOODS, GOODS),
    **dict.fromkeys(_OF_A_ROW, ROW),
}
_TODAY_IS: dict[Day, int] = {"quiet": GOODS, "busy": ROW, "nobody's": SHOPPER}
"""Of a shopper who did nothing, only whether the goods are known can be told; of nobody, nothing at all."""

_KEYS = {entity.name: frozenset(entity.keys) for entity in ENTITIES}
_GOODS_KEYS = frozenset({"sku", *OF_A_PRODUCT})


def differs_by(name: str) -> int:
    """What an input differs by.

    Raises:
        ValueError: nobody tells such an input.

    >>> [differs_by(name) for name in ("shop.orders", "customer.orders", "style.viewed", "customer_style.viewed")]
    [0, 1, 2, 4]
    """
    entity, dot, _ = name.partition(".")
    if entity == "today" and dot:
        return TODAY
    if dot and entity in _KEYS:
        keys = _KEYS[entity]
        return (GOODS if keys & _GOODS_KEYS else SHOP) if keys <= _GOODS_KEYS else ROW if keys & _GOODS_KEYS else SHOPPER
    if name not in _GIVEN:
        raise ValueError(f"nobody tells the input {name!r}")
    return _GIVEN[name]


def stage(differs: int, day: Day) -> int:
    """When it can be computed: with the snapshot (`SHOP`, `GOODS`), once for a shopper (`SHOPPER`), or for each row (`ROW`)."""
    if differs & TODAY:
        differs = differs & ~TODAY | _TODAY_IS[day]
    return differs if differs in (SHOP, SHOPPER, GOODS) else ROW


@dataclass(frozen=True, eq=False)
class Program:
    """What is left to do for a request, by who asks.

    Attributes:
        once: the steps that are done once for a shopper.
        each: those that are done for every row.
        reads: inputs of the shopper and of rows that they read, by name.
        by_row: numbers that differ by row among what they read and write, beside the goods'.
        goods: what they read that the goods tell.
        outputs: place in the feature set and number of each feature, by stage; what the shopper does not allow is not there.
    """

    once: tuple[Step, ...]
    each: tuple[Step, ...]
    reads: Mapping[str, Number]
    by_row: tuple[Number, ...]
    goods: tuple[Number, ...]
    outputs: Mapping[int, Sequence[tuple[int, Number]]]


class Stages:
    """Features on tape, and what each of their steps differs by.

    Attributes:
        features: in the order of the feature set.
        tape: the steps.
        differs: of each number, what it differs by.
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)
        self.tape = Tape(self.features)
        self.differs = [SHOP] * len(self.tape)
        for name, number in self.tape.inputs.items():
            self.differs[number] = differs_by(name)
        for step in self.tape.steps:
            for read in step.reads:
                self.differs[step.number] |= self.differs[read]

    def steps(self, wanted: int) -> tuple[Step, ...]:
        """The steps of a stage on a quiet day."""
        return tuple(step for step in self.tape.steps if stage(self.differs[step.number], "quiet") == wanted)

    def inputs(self, wanted: int) -> dict[str, Number]:
        """The inputs of a stage on a quiet day."""
        return {name: number for name, number in self.tape.inputs.items() if stage(self.differs[number], "quiet") == wanted}

    @cached_property
    def kept(self) -> tuple[Number, ...]:
        """What the goods tell on a quiet day that is a feature, or that steps of another stage read, whatever the day."""
        told = {number for number, differs in enumerate(self.differs) if stage(differs, "quiet") == GOODS}
        later = {read for step in self.tape.steps for read in step.reads if self._waits(step.number, read)}
        return tuple(sorted(told & (later | set(self.tape.outputs.values()))))

    def _waits(self, number: Number, read: Number) -> bool:
        days: tuple[Day, ...] = ("quiet", "busy", "nobody's")
        return any(stage(self.differs[number], day) != GOODS == stage(self.differs[read], day) for day in days)

    def program(self, purposes: frozenset[str], day: Day) -> Program:
        """What to do for a shopper who allows some purposes."""
        found = {place: self.tape.outputs[one.name] for place, one in enumerate(self.features) if one.purpose in purposes}
        by_number = {step.number: step for step in self.tape.steps}
        at = [stage(differs, day) for differs in self.differs]
        needed, read = set(), list(found.values())
        while read:
            number = read.pop()
            if number not in needed:
                needed.add(number)
                read += by_number[number].reads if number in by_number and at[number] in (SHOPPER, ROW) else ()
        inputs = {number: name for name, number in self.tape.inputs.items()}
        ours = sorted(number for number in needed if at[number] in (SHOPPER, ROW))
        return Program(
            once=tuple(by_number[number] for number in ours if number in by_number and at[number] == SHOPPER),
            each=tuple(by_number[number] for number in ours if number in by_number and at[number] == ROW),
            reads={inputs[number]: number for number in ours if number in inputs},
            by_row=tuple(number for number in ours if at[number] == ROW),
            goods=tuple(sorted({number for one in ours if one in by_number for number in by_number[one].reads if at[number] == GOODS})),
            outputs={
                wanted: [(place, number) for place, number in found.items() if at[number] == wanted]
                for wanted in (SHOP, SHOPPER, GOODS, ROW)
            },
        )
