from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from domain.errors import NotEnoughData
from features.shop import Shop
from tests.support.moments import moment
from training.blocks import newest_judge
from training.rows import Rows, labelled
from training.settings import Blocks, Settings
from training.tuning.folds import folds

BLOCKS = Blocks(calibrate=0.25, judge=0.2, fewest_rows=2)


def _daily(days: int, delay_days: int, *, late: dict[int, int] | None = None, sales_day: int | None = None) -> Rows:
    """A row a day from 2024-01-01 on, its label known some days later; those of some `late` ones after other delays.

    With a `sales_day`, the rows of the 30 days before it are of that day.
    """
    when = [sales_day if sales_day is not None and 0 <= sales_day - day <= 30 else day for day in range(days)]
    at = pd.Series([moment("2024-01-01 12:00") + pd.Timedelta(days=day) for day in when])
    delays = [(late or {}).get(day, delay_days) for day in range(days)]
    known_at = at + pd.to_timedelta(pd.Series(delays), unit="D")
    names = pd.Series([f"l{day}" for day in range(days)])
    return Rows("return", names, pd.DataFrame({"at": at}), np.zeros(days, dtype="int64"), known_at, names)


def test_each_fold_is_judged_on_its_days_and_learns_from_labels_known_before_them() -> None:
    # 100 days: the newest 20 judge releases, the 5 before them are not known by then, the last 45 % of the other 75 are folds
    oldest, middle, newest = folds(_daily(100, 5), BLOCKS)
    assert [(41, 51), (52, 62), (63, 74)] == [(fold.judge[0], fold.judge[-1]) for fold in (oldest, middle, newest)]
    assert list(range(41, 75)) == np.concatenate([oldest.judge, middle.judge, newest.judge]).tolist()
    assert moment("2024-02-11") == oldest.cut
    assert (list(range(27)), list(range(27, 36))) == (oldest.train.tolist(), oldest.calibrate.tolist())
    assert (list(range(44)), list(range(44, 58))) == (newest.train.tolist(), newest.calibrate.tolist())


@pytest.mark.parametrize("kind", ["return", "fit"])  # of reasons a small shop has too few
@pytest.mark.parametrize("count", [3, 5])
def test_no_fold_learns_from_a_label_unknown_at_its_cut_nor_from_a_row_that_it_is_judged_on(
    kind: str, count: int, shop: Shop, quick_settings: Settings
) -> None:
    rows = labelled(kind, shop)
    found = folds(rows, quick_settings.blocks, count)
    assert count == len(found)
    for fold in found:
        learned = np.concatenate([fold.train, fold.calibrate])
        assert (rows.known_at.iloc[learned] < fold.cut).all()
        assert (rows.asked["at"].iloc[learned] < fold.cut).all()
        assert (rows.asked["at"].iloc[fold.judge] >= fold.cut).all()
        assert rows.asked["at"].iloc[fold.train].max() <= rows.asked["at"].iloc[fold.calibrate].min()


@pytest.mark.parametrize("kind", ["return", "fit"])  # of reasons a small shop has too few
def test_the_rows_that_judge_releases_are_in_no_fold_and_no_label_became_known_in_their_time(
    kind: str, shop: Shop, quick_settings: Settings
) -> None:
    rows = labelled(kind, shop)
    judge = newest_judge(rows, quick_settings.blocks)
    used = np.concatenate([block for fold in folds(rows, quick_settings.blocks) for block in (fold.train, fold.calibrate, fold.judge)])
    assert len(judge.judge) > 0
    assert not set(judge.judge) & set(used)
    assert (rows.known_at.iloc[used] < judge.cut).all()


def test_a_row_whose_label_came_late_is_left_out_until_it_is_known() -> None:
    oldest, middle, newest = folds(_daily(100, 5, late={3: 45}), BLOCKS)
    assert [False, True, True] == [3 in fold.train for fold in (oldest, middle, newest)]


@pytest.mark.parametrize(
    ("rows", "count", "said"),
    [
        (_daily(100, 5), 2, "2 folds; expected: at least 3"),
        (_daily(100, 5, sales_day=60), 3, "75 labelled return rows on too few days for 3 folds"),
        (_daily(100, 200), 3, "0 labelled return rows before"),
        (_daily(100, 35), 3, "labelled return rows before"),
    ],
)
def test_too_few_folds_days_or_rows_are_refused(rows: Rows, count: int, said: str) -> None:
    with pytest.raises(NotEnoughData, match=said):
        folds(rows, BLOCKS, count)
