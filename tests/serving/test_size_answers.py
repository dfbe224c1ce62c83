from dataclasses import dataclass
from typing import cast

import numpy as np

from features.people import NUMBERS
from features.snapshot import Snapshot
from serving.size_advice import Chance
from serving.size_answers import answers, declared

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class People:
    """Customers of whom the shop knows numbers; the last row is everybody else's."""

    numbers: np.ndarray


@dataclass(frozen=True, eq=False)
class Night:
    """A snapshot of these people."""

    people: People


def night(**told: list[float]) -> Snapshot:
    rows = max(map(len, told.values()), default=0)
    columns = [told.get(name, [np.nan] * rows) for name in NUMBERS]
    return cast("Snapshot", Night(People(np.array([*zip(*columns, strict=True), [np.nan] * len(NUMBERS)]))))


def test_answers_are_what_others_declared_from_the_lightest_to_the_heaviest() -> None:
    told = night(height_cm=[150.0 + at for at in range(10)], weight_kg=[90.0 - at for at in range(10)])

    found = answers(told, "dress", NOBODY, ())

    assert {("height_cm", "weight_kg"), ("height_cm",), ("weight_kg",)} == set(found)
    assert ["82", "84", "86", "88", "90"] == [answer["weight_kg"] for _, answer in found[("weight_kg",)]]
    assert {"height_cm": "158", "weight_kg": "82"} == found[("height_cm", "weight_kg")][0][1], "one person's, not two persons'"
    assert [0.2] * 5 == [share for share, _ in found[("weight_kg",)]]


def test_what_is_known_already_is_not_asked() -> None:
    told = night(height_cm=[150.0] * 5, weight_kg=[60.0] * 5)

    assert {("height_cm",)} == set(answers(told, "dress", frozenset({"weight_kg", "size:dress"}), ()))


def test_what_hardly_anybody_declares_is_not_asked() -> None:
    assert {} == answers(night(bust_band_in=[34.0] * 4, bust_cup=[2.0] * 4), "dress", NOBODY, ())
    assert {} == answers(night(bust_band_in=[34.0] * 9), "dress", NOBODY, ()), "a band without a cup"


def test_the_usual_size_is_as_likely_as_the_size_to_be_ordered() -> None:
    sizes = tuple(Chance(size, "EU", at, 0.2, 0.6, 0.2, likely) for size, at, likely in (("36", 36.0, 0.25), ("38", 38.0, 0.75)))
    unplaced = Chance("one size", "EU", None, 0.2, 0.6, 0.2, None)

    found = answers(night(), "dress", NOBODY, (*sizes, unplaced))

    assert {("size:dress",): ((0.25, {"size:dress": "36"}), (0.75, {"size:dress": "38"}))} == found


def test_what_a_shopper_declared_is_told_by_the_features() -> None:
    inputs = {
        "customer_height_cm": np.full(2, 170.0),
        "customer_weight_kg": np.full(2, np.nan),
        "size_vs_stated": np.array([0.0, np.nan]),
    }

    assert {"height_cm", "size:dress"} == declared(inputs, "dress")
    assert NOBODY == declared({}, "dress")
