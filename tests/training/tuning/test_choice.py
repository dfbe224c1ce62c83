from __future__ import annotations

import pytest

from domain.errors import TuningRefused
from tests.support.studies import FIRST, Formula, study
from training.tuning.choice import chosen
from training.tuning.work import work


@pytest.mark.parametrize(
    ("pick", "said"),
    [("knee", "the knee of 4 trials"), ("best", "the most accurate point of 4 trials"), ("0", "trial 0, picked by hand, of 4 trials")],
)
def test_the_picked_trial_is_told_with_the_reason(pick: str, said: str, url: str) -> None:
    work(one := study(url), Formula(), 4)
    point, why = chosen(one, pick)
    place = f"(trial {point.number}: log-loss {point.log_loss:.5f}, {point.us_per_row:.2f} µs a row)"
    assert f"{said} of study return-tiny {place}" == why
    points = {done.number: done.point for done in one.done()}
    most_accurate = min(points, key=lambda number: points[number].log_loss)  # type: ignore[union-attr]
    assert point.number == {"best": most_accurate, "0": 0}.get(pick, point.number)
    assert FIRST == points[0].forest  # type: ignore[union-attr]


def test_a_trial_that_did_not_run_to_its_end_cannot_be_picked(url: str) -> None:
    work(one := study(url), Formula(), 2)
    with pytest.raises(TuningRefused, match=r"no trial 7 of return-tiny ran to its end; expected: one of \[0, 1\]"):
        chosen(one, "7")


def test_of_a_study_without_trials_nothing_can_be_picked(url: str) -> None:
    with pytest.raises(TuningRefused, match="no trial of return-tiny ran to its end; what to do: ask for more trials"):
        chosen(study(url), "knee")
