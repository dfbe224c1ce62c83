"""The Cups' official splits, on files that are made up in their layout."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.competitions import FILES, Task, course_cost_cents, dmc_2014_task, dmc_2016_task, forecast, points
from domain.errors import ImportRefused
from training.pipeline import Trained, silent
from training.settings import Settings

HEAD_2014 = (
    "orderItemID;orderDate;deliveryDate;itemID;size;color;manufacturerID;price;customerID;salutation;dateOfBirth;state;creationDate;"
    "returnShipment"
)
HEAD_2016 = (
    "orderID;orderDate;articleID;colorCode;sizeCode;productGroup;quantity;price;rrp;voucherID;voucherAmount;customerID;deviceID;"
    "paymentMethod;returnQuantity"
)


def line_2014(number: int, month: int, back: int) -> str:
    """Item 1 always comes back, item 0 never does."""
    day = f"2012-{month:02d}-{number % 28 + 1:02d}"
    return f"{number};{day};{day};{back};m;blue;5;49.9;{number % 40};Mrs;?;Saxony;2011-02-16;{back}"


def unlabelled(line: str) -> str:
    return line.rpartition(";")[0]


def cup_2014(folder: Path, answers: list[int] | None = None, asked: int = 20) -> Path:
    train = [line_2014(number, 4 + number // 50, number % 2) for number in range(300)]
    unseen = [line_2014(300 + number, 10, number % 2) for number in range(asked)]
    told = answers if answers is not None else [number % 2 for number in range(asked)]
    labels = [f"{300 + number};{answer}" for number, answer in enumerate(told)]
    for name, lines in zip(
        FILES,
        ([HEAD_2014, *train], [unlabelled(HEAD_2014), *map(unlabelled, unseen)], ["orderItemID;returnShipment", *reversed(labels)]),
        strict=True,
    ):
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def cup_2016(folder: Path, answers: list[int]) -> Path:
    train = "a1;2014-01-01;i1;1000;44;3;2;20;NA;0;0;c1;2;BPRG;1"
    unseen = ["a9;2015-10-01;i1;1000;44;3;2;20;NA;0;0;c1;2;BPRG", "a9;2015-10-01;i2;1000;44;3;0;0;NA;0;0;c1;2;BPRG"]
    told = ["returnQuantity", *map(str, answers)]
    for name, lines in zip(FILES, ([HEAD_2016, train], [unlabelled(HEAD_2016), *unseen], told), strict=True):
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def tiny(settings: Settings) -> Settings:
    forests = {kind: replace(forest, trees=5, share_of_features=1.0) for kind, forest in settings.forests.items()}
    return replace(settings, forests=forests)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, quick_settings: Settings) -> Trained:
    return forecast(dmc_2014_task(cup_2014(tmp_path_factory.mktemp("cup"))), tiny(quick_settings), silent)


@pytest.fixture(scope="module")
def forecasts(trained: Trained) -> np.ndarray:
    return trained.p[:, 1]


def test_what_always_came_back_is_forecast_to_come_back(forecasts: np.ndarray) -> None:
    assert [False, True] * 10 == (forecasts >= 0.5).tolist()


def test_the_answers_do_not_touch_the_forecasts(tmp_path: Path, quick_settings: Settings, forecasts: np.ndarray) -> None:
    turned = dmc_2014_task(cup_2014(tmp_path, answers=[1 - number % 2 for number in range(20)]))

    assert forecasts.tolist() == forecast(turned, tiny(quick_settings), silent).p[:, 1].tolist()
    assert 20 == points(turned, forecasts)


def test_an_order_of_the_class_file_tells_nothing_of_another(tmp_path: Path, quick_settings: Settings, forecasts: np.ndarray) -> None:
    fewer = dmc_2014_task(cup_2014(tmp_path, asked=10))

    assert forecasts[:10].tolist() == forecast(fewer, tiny(quick_settings), silent).p[:, 1].tolist()


def test_all_that_is_forecast_has_the_histories_of_the_day_before_the_first_of_it(trained: Trained) -> None:
    returned = trained.inputs.groupby(trained.rows.asked["sku"])["style_return_rate"]

    assert {"0-m-blue": 1, "1-m-blue": 1} == returned.nunique().to_dict()
    assert 10 < trained.rows.asked["at"].nunique()


def test_answers_of_2014_are_found_by_their_number(tmp_path: Path) -> None:
    assert [0, 1] * 10 == dmc_2014_task(cup_2014(tmp_path)).answers.tolist()


def test_answers_of_2016_stand_in_the_order_of_the_lines_and_lines_without_units_have_none(tmp_path: Path) -> None:
    assert [2] == dmc_2016_task(cup_2016(tmp_path, [2, 0])).answers.tolist()


@pytest.mark.parametrize("answers", [[2], [2, 0, 0]])
def test_another_number_of_answers_is_refused(tmp_path: Path, answers: list[int]) -> None:
    with pytest.raises(ImportRefused, match=rf"answers {len(answers)} rows; expected: the 2 of .*orders_class\.txt"):
        dmc_2016_task(cup_2016(tmp_path, answers))


def test_a_line_without_an_answer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="answers 19 of 20 rows; expected: an answer to each"):
        dmc_2014_task(cup_2014(tmp_path, answers=[0] * 19))


def test_points_are_units_that_were_forecast_wrongly(tmp_path: Path) -> None:
    task = dmc_2016_task(cup_2016(tmp_path, [1, 0]))

    whole = Task(task.learned, task.asked, np.array([2]))

    assert (1, 1) == (points(task, np.array([0.5])), points(task, np.array([0.4])))
    assert (0, 2) == (points(whole, np.array([0.5])), points(whole, np.array([0.4])))


def test_a_warning_in_vain_costs_half_the_price_and_a_return_that_nobody_warned_of_its_own_costs() -> None:
    price = np.array([10_000.0])

    assert 5_000.0 == course_cost_cents(np.array([0]), np.array([0.9]), price)
    assert 2.5 * (300 + 1_000) == course_cost_cents(np.array([1]), np.array([0.1]), price)
    assert 0.0 == course_cost_cents(np.array([1]), np.array([0.9]), price)


def test_a_customer_is_warned_where_that_is_expected_to_cost_less() -> None:
    price, even = np.array([10_000.0]), 5_000 / (5_000 + 3_250)

    assert 5_000.0 == course_cost_cents(np.array([0]), np.array([even + 0.01]), price)
    assert 0.0 == course_cost_cents(np.array([0]), np.array([even - 0.01]), price)
