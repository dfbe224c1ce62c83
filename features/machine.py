"""Does the steps of a tape in machine code: one call instead of hundreds, and the same doubles.

Arithmetic, comparisons and choices are what IEEE 754 says, whoever does them, and are done here. What libraries may round in ways of
their own, such as logarithms, stays numpy's. So a program is cut into passages of arithmetic, and what numpy does comes between them.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from features.catalogue import Values
from features.native import native
from features.tape import Number, Step

Place = int
"""Where a value lies: a line of the cells, or ~number for one that all rows have in common."""

_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _GREATER, _LESS, _BOTH, _IS_NAN, _WHERE, _LARGER, _ROOT, _SQUARE, _DIVIDE_WHERE = range(13)

_CODES: Mapping[tuple[Callable[..., Any], bool], int] = {
    (np.add, False): _ADD,
    (np.subtract, False): _SUBTRACT,
    (np.multiply, False): _MULTIPLY,
    (np.divide, False): _DIVIDE,
    (np.greater, False): _GREATER,
    (np.less, False): _LESS,
    (np.bitwise_and, False): _BOTH,  # of flags: formulas hold no whole numbers
    (np.isnan, False): _IS_NAN,
    (np.where, False): _WHERE,
    (np.maximum, False): _LARGER,
    (np.sqrt, False): _ROOT,
    (np.divide, True): _DIVIDE_WHERE,
}
"""By operation, and whether it is done in some places only; flags are 1 and 0."""


@native()
def _line(cells: Values, common: Values, place: int, filled: Values) -> Values:
    line = filled
    if place >= 0:
        line = cells[place]
    else:
        filled[:] = common[~place]
    return line


@native(types.void(types.int32[:, ::1], types.float64[::1], types.float64[::1], types.float64[:, ::1]))
def _passage(steps: npt.NDArray[np.int32], elsewhere: Values, common: Values, cells: Values) -> None:  # noqa: C901  (a loop for each operation)
    """Do steps, each a line of `steps`: its code, the line that it writes, and the places of up to three values that it reads."""
    filled, rows = np.empty((3, cells.shape[1])), cells.shape[1]
    for step in range(len(steps)):
        code, into = steps[step, 0], cells[steps[step, 1]]
        a = _line(cells, common, steps[step, 2], filled[0])
        b = _line(cells, common, steps[step, 3], filled[1])
        if code == _ADD:
            for row in range(rows):
                into[row] = a[row] + b[row]
        elif code == _SUBTRACT:
            for row in range(rows):
                into[row] = a[row] - b[row]
        elif code == _MULTIPLY:
            for row in range(rows):
                into[row] = a[row] * b[row]
        elif code == _DIVIDE:
            for row in range(rows):
                into[row] = a[row] / b[row]
        elif code == _GREATER:
            for row in range(rows):
                into[row] = 1.0 if a[row] > b[row] else 0.0
        elif code == _LESS:
            for row in range(rows):
                into[row] = 1.0 if a[row] < b[row] else 0.0
        elif code == _BOTH:
            for row in range(rows):
                into[row] = 1.0 if (a[row] != 0.0) & (b[row] != 0.0) else 0.0
        elif code == _IS_NAN:
            for row in range(rows):
                into[row] = 1.0 if a[row] != a[row] else 0.0
        elif code == _LARGER:
            for row in range(rows):
                into[row] = a[row] if (a[row] >= b[row]) | (a[row] != a[row]) else b[row]
        elif code == _ROOT:
            for row in range(rows):
                into[row] = np.sqrt(a[row])
        elif code == _SQUARE:
            for row in range(rows):
                into[row] = a[row] * a[row]
        else:
            c = _line(cells, common, steps[step, 4], filled[2])
            if code == _WHERE:
                for row in range(rows):
                    into[row] = b[row] if a[row] != 0.0 else c[row]
            else:
                for row in range(rows):
                    into[row] = a[row] / b[row] if c[row] != 0.0 else elsewhere[step]


@dataclass(frozen=True, eq=False)
class _Passage:
    """Arithmetic, and what numpy does when it is done."""

    steps: npt.NDArray[np.int32]
    elsewhere: Values
    numpys: Sequence[tuple[Step, Place, Sequence[Place]]]


class Machine:
    """Some steps of a tape, ready to be done over and over."""

    def __init__(self, steps: Sequence[Step], places: Mapping[Number, Place], constants: Mapping[Number, Any]) -> None:
        """Make it.

        Args:
            steps: in the order of the tape.
            places: of all that they read and write.
            constants: of the tape; a power's exponent is one.
        """
        self._places, self._constants = places, constants
        self._passages = [self._passage(*parts) for parts in self._cut(steps)]

    @property
    def passages(self) -> int:
        """How often arithmetic begins anew."""
        return len(self._passages)

    def run(self, common: Values, cells: Values) -> None:
        """Do the steps.

        Args:
            common: by number, what all rows have in common.
            cells: (lines, rows), what differs by row; results are put there.
        """
        for passage in self._passages:
            _passage(passage.steps, passage.elsewhere, common, cells)
            for step, into, reads in passage.numpys:
                _with_numpy(step, cells[into], [cells[place] if place >= 0 else common[~place:-place] for place in reads])

    def _cut(self, steps: Sequence[Step]) -> list[tuple[list[Step], list[Step]]]:
        """The steps in as few passages as may be: of each, the arithmetic, and what numpy does after it."""
        passage: dict[Number, int] = {}
        parts: dict[int, tuple[list[Step], list[Step]]] = defaultdict(lambda: ([], []))
        for step in steps:
            numpys = self._code(step) is None
            number = max((passage[read] for read in step.reads if read in passage), default=0)
            parts[number][numpys].append(step)
            passage[step.number] = number + numpys
        return [parts[number] for number in sorted(parts)]

    def _passage(self, arithmetic: Sequence[Step], numpys: Sequence[Step]) -> _Passage:
        told = [self._told(step) for step in arithmetic]
        return _Passage(
            np.array(told, dtype="int32").reshape(-1, 5),
            np.array([step.elsewhere or 0.0 for step in arithmetic], dtype="float64"),
            [(step, self._places[step.number], [self._places[read] for read in step.reads]) for step in map(self._as_numpy_does, numpys)],
        )

    def _told(self, step: Step) -> list[int]:
        code, reads = self._code(step), [self._places[read] for read in step.reads]
        if code is None:
            raise ValueError(f"{step} is no arithmetic")
        if code == _SQUARE:
            reads = reads[:1]
        return [code, self._places[step.number], *reads, *reads[:1] * (3 - len(reads))]

    def _as_numpy_does(self, step: Step) -> Step:
        """A power has its exponent in it: of a plain number numpy makes more than `np.power` does."""
        if step.apply is not operator.pow:
            return step
        exponent = self._constants[step.reads[1]]
        return replace(step, apply=lambda base: base**exponent, reads=step.reads[:1])

    def _code(self, step: Step) -> int | None:
        if step.apply is operator.pow:
            return _SQUARE if self._constants[step.reads[1]] == 2 else None
        return _CODES.get((step.apply, step.elsewhere is not None))


def _with_numpy(step: Step, into: Values, reads: Sequence[Any]) -> None:
    with np.errstate(all="ignore"):
        if step.elsewhere is None:
            into[:] = step.apply(*reads)
            return
        into.fill(step.elsewhere)
        *arguments, where = reads
        step.apply(*arguments, out=into, where=np.broadcast_to(where != 0.0, into.shape))
