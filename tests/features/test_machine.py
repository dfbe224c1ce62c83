"""Steps in machine code give numpy's doubles, bit by bit, on whatever numbers there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import Feature, Inputs, Values
from features.feature_set import FEATURES
from features.machine import Machine
from features.tape import Tape, run

Ints = npt.NDArray[np.int64]

HARD = np.array([0.0, -0.0, 1.0, -1.0, 0.1, 3.0, 1e-320, 1e308, -1e308, 7e15, np.inf, -np.inf, np.nan])
A, B = (side.ravel() for side in np.meshgrid(HARD, HARD))


def feature(formula: Any) -> Feature:
    return Feature("one", "a feature", "rate", "cross", "cross", "service", (), formula)


def both_ways(formula: Any, inputs: Inputs, in_common: frozenset[str] = frozenset()) -> tuple[Values, Values]:
    """What numpy gives, and what the machine does; inputs in common have one value for all rows."""
    tape, rows = Tape([feature(formula)]), max(len(values) for values in inputs.values())
    values: list[Any] = [None] * len(tape)
    common = np.full(len(tape), np.nan)
    cells = np.full((len(tape), rows), 4.0)
    places = {number: number for number in range(len(tape))}
    for number, constant in tape.constants.items():
        values[number], common[number], places[number] = constant, np.asarray(constant).flat[0], ~number
    for name, number in tape.inputs.items():
        values[number], cells[number] = inputs[name], inputs[name]
        if name in in_common:
            common[number], places[number] = inputs[name][0], ~number
    with np.errstate(all="ignore"):
        run(tape.steps, values, rows)
    Machine(tape.steps, places, tape.constants).run(common, cells)
    number = tape.outputs["one"]
    return np.broadcast_to(values[number], rows).astype("float64"), cells[number]


def bits(values: Values) -> Ints:
    """All of a number but the sign of 0, which numpy's own `maximum` leaves to the processor, and which trees do not see."""
    return np.where(np.isnan(values), np.nan, values + 0.0).view("int64")


ARITHMETIC = {
    "add": lambda v: v["a"] + v["b"],
    "subtract": lambda v: v["a"] - v["b"],
    "multiply": lambda v: v["a"] * v["b"],
    "divide": lambda v: v["a"] / v["b"],
    "greater": lambda v: np.where(v["a"] > v["b"], 1.0, 0.0),
    "less": lambda v: np.where(v["a"] < v["b"], 1.0, 0.0),
    "both": lambda v: np.where((v["a"] > 0.0) & np.isnan(v["b"]), 1.0, 0.0),
    "where": lambda v: np.where(np.isnan(v["a"]), v["b"], v["a"]),
    "larger": lambda v: np.maximum(v["a"], v["b"] + 1.0),
    "root": lambda v: np.sqrt(v["a"]),
    "square": lambda v: v["a"] ** 2,
    "some": lambda v: np.divide(v["a"], v["b"], out=np.full_like(v["a"], np.nan), where=v["b"] > 0.0),
}
NUMPYS = {
    "logarithm": lambda v: np.log(v["a"]) + v["b"],
    "power": lambda v: v["a"] ** 3 + v["b"] ** 0.5,
    "clipped": lambda v: np.clip(v["a"], 0.0, 1.0) * v["b"],
    "logarithm of one": lambda v: np.log(np.log(v["a"]) + v["b"]) * np.log(v["b"]),
}


@pytest.mark.parametrize("formula", [*ARITHMETIC.values(), *NUMPYS.values()], ids=[*ARITHMETIC, *NUMPYS])
@pytest.mark.parametrize("in_common", [(), ("a",), ("b",)], ids=["by row", "a in common", "b in common"])
def test_each_operation_gives_numpys_doubles(formula: Any, in_common: tuple[str, ...]) -> None:
    for number in range(len(HARD)):
        inputs = {"a": A, "b": B} | {name: np.full(1, HARD[number]) for name in in_common}

        expected, found = both_ways(formula, inputs, frozenset(in_common))

        np.testing.assert_array_equal(bits(expected), bits(found))


@pytest.mark.parametrize("one", FEATURES, ids=lambda one: one.name)
def test_every_feature_is_what_its_formula_gives(one: Feature) -> None:
    rng = np.random.default_rng(5)
    drawn = np.array([0.0, 1.0, -2.0, 0.1, np.nan, 7.5, 1e6, 40.0])
    inputs = {name: rng.choice(drawn, 60) for name in one.reads}

    expected, found = both_ways(one.formula, inputs)

    np.testing.assert_array_equal(bits(expected), bits(found))


def test_what_numpy_does_waits_for_what_it_reads_and_is_done_in_few_passages() -> None:
    tape = Tape([feature(lambda v: np.log(v["a"] + 1.0) + np.log(v["b"] + 2.0) + np.log(np.log(v["a"])))])

    machine = Machine(tape.steps, dict.fromkeys(range(len(tape)), 0), tape.constants)

    assert 3 == machine.passages


def test_no_rows_and_one_row_are_rows_too() -> None:
    for rows in (0, 1):
        expected, found = both_ways(ARITHMETIC["divide"], {"a": A[:rows], "b": B[:rows]})
        np.testing.assert_array_equal(bits(expected), bits(found))
