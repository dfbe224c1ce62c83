from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.support.moments import moment
from training.blocks import Split
from training.open_lines import Open, open_at
from training.rows import Rows

CUT = moment("2024-03-01")


def _rows(*lines: tuple[str, str | None]) -> Rows:
    """Lines of a window of 30 days: (ordered at, asked back at)."""
    at = pd.Series([moment(ordered) for ordered, _ in lines])
    back = pd.Series([pd.NaT if asked is None else moment(asked) for _, asked in lines]).astype("datetime64[us, UTC]")
    names = pd.Series([f"l{number}" for number in range(len(lines))])
    y = back.notna().to_numpy().astype("int64")
    return Rows("return", names, pd.DataFrame({"at": at}), y, at + pd.Timedelta(days=30), names, asked_back_at=back)


KNOWN = [("2024-01-01", "2024-01-03"), ("2024-01-01", "2024-01-09"), ("2024-01-01", "2024-01-13"), ("2024-01-01", "2024-01-21")]
"""Returns of 2, 8, 12 and 20 days."""


def _opened(*lines: tuple[str, str | None]) -> Open:
    learned = np.arange(len(KNOWN) + 1)
    return open_at(_rows(*KNOWN, ("2024-01-02", None), *lines), Split(learned[:2], learned[2:], np.array([], dtype="int64"), CUT))


def test_a_return_that_came_early_counts_for_those_that_will_come_later() -> None:
    found = _opened(("2024-02-20", "2024-02-25"))
    assert ([5], [1], [2.0]) == (found.numbers.tolist(), found.y.tolist(), found.weights.tolist())


def test_a_line_that_is_still_with_the_customer_counts_once() -> None:
    assert ([0], [1.0]) == (_opened(("2024-02-20", None)).y.tolist(), _opened(("2024-02-20", None)).weights.tolist())


def test_a_request_after_the_cut_was_not_known_then() -> None:
    assert [0, 1] == _opened(("2024-02-20", "2024-03-01"), ("2024-02-20", "2024-02-29 23:59")).y.tolist()


def test_lines_too_young_to_tell_lines_that_matured_and_lines_of_later_are_left_out() -> None:
    assert [6] == _opened(("2024-02-28 12:00", None), ("2024-02-28", None), ("2024-03-02", None), ("2024-01-03", None)).numbers.tolist()


def test_the_weighted_number_of_returns_is_what_it_will_be() -> None:
    known = [("2024-01-01", f"2024-01-{day:02}") for day in range(2, 26)]  # after 1 to 24 days, all as often
    ages = [age for age in range(6, 29) for _ in range(24)]
    lines = [(str((CUT - pd.Timedelta(days=age, hours=1)).tz_localize(None)), 1 + number % 24) for number, age in enumerate(ages)]
    asked = [(at, str(pd.Timestamp(at) + pd.Timedelta(days=after))) for at, after in lines]
    learned = np.arange(len(known))
    found = open_at(_rows(*known, *asked), Split(learned[:1], learned[1:], np.array([], dtype="int64"), CUT))
    assert 0.5 < found.y.mean() < 0.8
    assert pytest.approx(len(ages)) == found.weights[found.y == 1].sum()


def test_rows_that_are_no_returns_are_refused() -> None:
    split = Split(np.array([0]), np.array([1]), np.array([2]), CUT)
    with pytest.raises(ValueError, match="fit rows do not say when a line was asked back"):
        open_at(replace(_rows(*KNOWN), kind="fit", asked_back_at=None), split)
