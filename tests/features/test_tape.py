"""Formulas on tape: the same doubles, every step once, and nothing that is not understood."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from features.arithmetic import log_odds, share, shrunk
from features.catalogue import Declarations, Feature, Inputs, Values
from features.feature_set import FEATURES
from features.stages import GOODS, ROW, SHOP, SHOPPER, Stages, differs_by, stage
from features.tape import Tape, run


def feature(name: str, formula: Any) -> Feature:
    formula.__name__ = name
    declared = Declarations("history")
    declared("a feature", unit="rate", kind="offer")(formula)
    return declared.features[0]


def played(features: list[Feature], inputs: Inputs, rows: int) -> dict[str, Values]:
    tape = Tape(features)
    values: list[Any] = [None] * len(tape)
    for number, constant in tape.constants.items():
        values[number] = constant
    for name, number in tape.inputs.items():
        values[number] = inputs[name]
    run(tape.steps, values, rows)
    return {name: np.broadcast_to(values[number], rows) for name, number in tape.outputs.items()}


@pytest.mark.parametrize("one", FEATURES, ids=lambda one: one.name)
def test_every_feature_plays_back_as_it_is_computed(one: Feature) -> None:
    rng = np.random.default_rng(3)
    drawn = np.array([0.0, 1.0, -2.0, 0.1, np.nan, 7.5, 1e6, 40.0])
    inputs = {name: rng.choice(drawn, 60) for name in one.reads}

    with np.errstate(all="ignore"):
        expected = one.formula(inputs)

    np.testing.assert_array_equal(expected.view("int64"), played([one], inputs, 60)[one.name].copy().view("int64"))


def test_what_two_formulas_have_in_common_is_one_step() -> None:
    def usual(v: Inputs) -> Values:
        return share(v["shop.kept_lines"], v["shop.ordered_lines"])

    one = feature("one", lambda v: shrunk(v["style.kept_lines"], v["style.ordered_lines"], usual(v), 5.0))
    other = feature("other", lambda v: log_odds(usual(v)))

    apart = len(Tape([one]).steps) + len(Tape([other]).steps)

    assert apart - len(Tape([feature("usual", usual)]).steps) == len(Tape([one, other]).steps)


def test_values_of_one_row_stand_for_all_rows() -> None:
    one = feature("one", lambda v: share(v["customer.orders"], v["style.ordered_lines"]) + 1.0)

    found = played([one], {"customer.orders": np.array([3.0]), "style.ordered_lines": np.array([0.0, 2.0, 6.0])}, 3)

    np.testing.assert_array_equal([np.nan, 2.5, 1.5], found["one"])


@pytest.mark.parametrize(
    ("formula", "named"),
    [(lambda v: np.cumsum(v["unit_price"]), "cumsum"), (lambda v: np.add.reduce(v["unit_price"]), "reduce")],
    ids=["a function", "a reduction"],
)
def test_what_does_not_work_row_by_row_is_refused(formula: Any, named: str) -> None:
    known = Feature("mixed", "mixes rows", "rate", "cross", "cross", "service", (), formula)

    with pytest.raises(TypeError, match=named):
        Tape([known])


def test_every_input_of_every_feature_is_told_by_somebody() -> None:
    assert {SHOP, SHOPPER, GOODS, ROW} <= {differs_by(name) for one in FEATURES for name in one.reads}
    with pytest.raises(ValueError, match="nobody tells the input 'mood'"):
        differs_by("mood")


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        (("shop.orders", "day"), SHOP),
        (("customer.orders", "shop.orders"), SHOPPER),
        (("style.viewed", "shop.viewed"), GOODS),
        (("style.viewed", "customer.viewed"), ROW),
        (("unit_price",), ROW),
        (("body.good_sized_lines",), ROW),
        (("today.views",), GOODS),
    ],
)
def test_a_step_waits_for_what_it_reads(reads: tuple[str, ...], expected: int) -> None:
    differs = 0
    for name in reads:
        differs |= differs_by(name)

    assert expected == stage(differs, "quiet")


def test_a_shopper_who_did_something_leaves_more_to_do_than_one_who_did_not() -> None:
    stages = Stages(FEATURES)

    busy, quiet = (stages.program(frozenset({"service", "personalisation"}), day) for day in ("busy", "quiet"))

    assert len(busy.each) > len(quiet.each)
    assert any(name.startswith("today.") for name in busy.reads)
    assert not any(name.startswith("today.") for name in quiet.reads)


def test_nothing_is_done_for_what_is_not_allowed() -> None:
    read = Stages(FEATURES).program(frozenset({"service"}), "quiet").reads

    assert "country.returned_lines" in read
    assert not [name for name in read if name.startswith(("customer", "body", "today"))]
