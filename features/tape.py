"""Features written down as single steps of arithmetic, so that each step runs once, and only as often as what it reads can differ.

A formula is run once on inputs that note what is done with them. What two formulas have in common is then one step; and a step that
reads nothing but the shop's own figures need not wait for a shopper. The steps are the formulas' own operations on the same doubles, in
the same order, so the results are the same bit for bit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from features.catalogue import Feature, Values

Number = int
"""Of a step, an input or a constant on the tape; a step's is above those of what it reads."""


@dataclass(frozen=True)
class Step:
    """One operation.

    Attributes:
        number: of its result.
        apply: the operation.
        reads: numbers of what it is applied to.
        elsewhere: of an operation that is only done where the last of `reads` holds: the result elsewhere.
    """

    number: Number
    apply: Callable[..., Any]
    reads: tuple[Number, ...]
    elsewhere: float | None = None


class Tape:
    """The steps of some features.

    Attributes:
        inputs: number of each input, by name.
        constants: values of the constants, by number: arrays of length 1, or the plain exponent of a power.
        steps: all operations, in an order in which they can be done.
        outputs: number of each feature, by name.
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        self.inputs: dict[str, Number] = {}
        self.constants: dict[Number, Any] = {}
        self.steps: list[Step] = []
        self._known: dict[tuple[Any, ...], Number] = {}
        with np.errstate(all="ignore"):
            self.outputs = {feature.name: self._number(feature.formula(_Noted(self))) for feature in features}

    def __len__(self) -> int:
        return len(self._known)

    def input(self, name: str) -> Traced:
        """An input, as formulas ask for it."""
        number = self._new(("input", name))
        self.inputs[name] = number
        return Traced(self, number)

    def constant(self, value: Any) -> Traced:
        """A number that a formula names; operations read it as an array of doubles, which is quicker than a number."""
        number = self._new(("constant", repr(float(value))))
        self.constants[number] = np.full(1, float(value))
        return Traced(self, number)

    def power(self, base: Traced, exponent: Any) -> Traced:
        """A power as arrays compute it, which is not always `np.power`."""
        number = self._new(("exponent", repr(exponent)))
        self.constants[number] = exponent
        return self.apply(operator.pow, (base, Traced(self, number)))

    def apply(self, operation: Callable[..., Any], arguments: Sequence[Any], elsewhere: float | None = None) -> Traced:
        """Note an operation, unless it is noted already."""
        reads = tuple(self._number(argument) for argument in arguments)
        known = len(self)
        number = self._new((operation, reads, repr(elsewhere)))
        if number == known:
            self.steps.append(Step(number, operation, reads, elsewhere))
        return Traced(self, number)

    def _new(self, what: tuple[Any, ...]) -> Number:
        return self._known.setdefault(what, len(self._known))

    def _number(self, value: Any) -> Number:
        return value.number if isinstance(value, Traced) else self.constant(value).number


class Traced(NDArrayOperatorsMixin):
    """Stands for an array in a formula, and notes what the formula does with it."""

    def __init__(self, tape: Tape, number: Number) -> None:
        self.tape = tape
        self.number = number

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *arguments: Any, out: Any = None, where: Any = True, **more: Any) -> Traced:
        """An elementwise operation, perhaps done in some places only."""
        if method != "__call__" or more or (out is None) != (where is True):
            raise TypeError(f"a formula calls {ufunc.__name__} in a way that is not noted: {method} {sorted(more)}")
        if out is None:
            return self.tape.apply(ufunc, arguments)
        return self.tape.apply(ufunc, (*arguments, where), elsewhere=float(self.tape.constants[out[0].number][0]))

    def __array_function__(self, function: Callable[..., Any], _types: Any, arguments: Sequence[Any], more: Mapping[str, Any]) -> Traced:
        """Another function of numpy that works element by element."""
        if more or function not in (np.full_like, np.where, np.clip):
            raise TypeError(f"a formula calls {function.__name__}, which is not known to work element by element")
        return self.tape.constant(arguments[1]) if function is np.full_like else self.tape.apply(function, arguments)

    def __pow__(self, exponent: Any) -> Traced:
        """Powers have a way of their own, too."""
        return self.tape.power(self, exponent)


class _Noted(Mapping[str, Values]):
    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __getitem__(self, name: str) -> Any:
        return self._tape.input(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tape.inputs)

    def __len__(self) -> int:
        return len(self._tape.inputs)


def run(steps: Iterable[Step], values: list[Any], rows: int) -> None:
    """Do steps.

    Args:
        steps: in the order of the tape.
        values: by number, what the steps read; what they give is put there. Arrays of length 1 stand for any number of rows.
        rows: how many rows the results have.
    """
    with np.errstate(all="ignore"):
        for step in steps:
            reads = step.reads
            if step.elsewhere is not None:
                result = np.empty(rows)
                result.fill(step.elsewhere)
                *read, where = [values[number] for number in reads]
                values[step.number] = step.apply(*read, out=result, where=where)
            elif len(reads) == 2:
                values[step.number] = step.apply(values[reads[0]], values[reads[1]])
            else:
                values[step.number] = step.apply(*[values[number] for number in reads])
