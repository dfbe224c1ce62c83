from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.shop import Shop
from tests.support.moments import moment
from training.blocks import Split, newest_judge, split_at
from training.rows import KINDS, Rows, labelled
from training.settings import Blocks

HALF = Blocks(calibrate=0.5, judge=0.4, fewest_rows=2)


def _rows(*moments: tuple[str, str]) -> Rows:
    """Rows of (ordered at, label known at)."""
    at, known_at = (pd.Series([moment(pair[which]) for pair in moments]) for which in (0, 1))
    names = pd.Series([f"l{number}" for number in range(len(at))])
    return Rows("return", names, pd.DataFrame({"at": at}), np.zeros(len(at), dtype="int64"), known_at, names)


DAYS = _rows(
    ("2024-01-01", "2024-01-15"),
    ("2024-01-02", "2024-02-20"),
    ("2024-01-03", "2024-01-17"),
    ("2024-02-01", "2024-02-15"),
    ("2024-02-02 12:00", "2024-02-16"),
)


def _numbers(split: Split) -> tuple[list[int], list[int], list[int]]:
    return split.train.tolist(), split.calibrate.tolist(), split.judge.tolist()


def test_the_oldest_train_later_ones_calibrate_and_orders_from_the_cut_on_judge() -> None:
    assert ([0], [2], [3, 4]) == _numbers(split_at(DAYS, moment("2024-02-01"), HALF))


def test_a_row_whose_label_was_not_known_at_the_cut_is_in_no_block() -> None:
    split = split_at(DAYS, moment("2024-02-01"), HALF)
    assert 1 not in np.concatenate([split.train, split.calibrate, split.judge])


def test_a_label_that_becomes_known_at_the_cut_itself_is_not_known_before_it() -> None:
    with pytest.raises(NotEnoughData, match="1 labelled return rows before 2024-01-17 and 2 from then on"):
        split_at(DAYS, moment("2024-01-17"), HALF)


def test_a_verdict_given_at_the_moment_of_its_order_is_not_in_two_blocks() -> None:
    at_once = _rows(*[(day, day) for day in ("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03", "2024-01-04")])
    assert ([0], [1], [2, 3, 4]) == _numbers(split_at(at_once, moment("2024-01-03"), HALF))


def test_a_verdict_dated_before_its_order_is_not_in_two_blocks() -> None:
    early = _rows(("2024-01-01", "2024-01-02"), ("2024-01-01", "2024-01-02"), ("2024-01-09", "2024-01-02"))
    assert ([0], [1], [2]) == _numbers(split_at(early, moment("2024-01-05"), HALF))


def test_the_newest_share_judges_from_the_start_of_its_first_day_on() -> None:
    split = newest_judge(DAYS, HALF)
    assert moment("2024-02-01") == split.cut
    assert ([0], [2], [3, 4]) == _numbers(split)
    assert moment("2024-02-02") == newest_judge(DAYS, Blocks(0.5, 0.2, 2)).cut


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("judge", [0.1, 0.3])
def test_in_a_whole_shop_nothing_peeks_and_nothing_is_used_twice(kind: str, judge: float, shop: Shop) -> None:
    rows = labelled(kind, shop)
    split = newest_judge(rows, Blocks(0.2, judge, 50))
    at, learned = rows.asked["at"], np.concatenate([split.train, split.calibrate])
    assert (rows.known_at.iloc[learned] < split.cut).all()
    assert at.iloc[split.train].max() <= at.iloc[split.calibrate].min()
    assert at.iloc[split.calibrate].max() < split.cut <= at.iloc[split.judge].min()
    assert len(learned) + len(split.judge) == len({*learned, *split.judge})
    assert 0.2 == pytest.approx(len(split.calibrate) / len(learned), abs=0.01)


def test_too_few_rows_before_the_cut_are_refused() -> None:
    with pytest.raises(NotEnoughData, match=r"2 labelled return rows before 2024-02-01.*expected: at least 3 before and 1 after"):
        split_at(DAYS, moment("2024-02-01"), Blocks(0.5, 0.4, 3))


def test_a_cut_after_the_last_order_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="4 labelled return rows before 2024-02-17 and 0 from then on"):
        split_at(DAYS, moment("2024-02-17"), HALF)


def test_a_shop_with_too_few_rows_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="5 labelled return rows; expected: at least 6"):
        newest_judge(DAYS, Blocks(0.5, 0.4, 6))
    with pytest.raises(NotEnoughData, match="0 labelled return rows"):
        newest_judge(DAYS.at(np.empty(0, dtype="int64")), HALF)


def test_a_shop_of_a_single_day_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="0 labelled return rows before 2024-01-01"):
        newest_judge(_rows(*[("2024-01-01 10:00", "2024-01-15")] * 5), HALF)
