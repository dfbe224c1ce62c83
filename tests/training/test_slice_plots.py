from __future__ import annotations

import numpy as np
import pytest

from training.slice_plots import MOST, reliabilities

Y, P = np.array([0, 1, 0, 1] * 25), np.array([0.1, 0.9, 0.2, 0.6] * 25)
HALF = np.arange(100) < 50


def test_every_slice_is_drawn_with_its_own_rows_and_how_true_they_come() -> None:
    figure = reliabilities(Y, P, {"customer:new": HALF, "customer:known": ~HALF & (Y == 1)}, "Does it come true?")
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert ["customer:new\n50 rows, ECE 0.196, ratio 0.90", "customer:known\n25 rows, ECE 0.256, ratio 0.74"] == titles
    assert "Does it come true?" == figure.get_suptitle()


def test_no_more_slices_are_drawn_than_a_person_reads() -> None:
    figure = reliabilities(Y, P, {f"category:{number}": HALF for number in range(MOST + 3)}, "")
    assert MOST == len(figure.axes)


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="no slice; expected at least one"):
        reliabilities(Y, P, {}, "")
