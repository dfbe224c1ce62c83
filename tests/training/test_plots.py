from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from training.bootstrap import Interval
from training.plots import by_position, deciles, gain, kept_margin_by_cutoff, per_slice, reliability, roc_pr, save, wilson

Y = [0, 0, 1, 0, 1, 1]
P = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8]
KEPT_OR_LOST = {"margin_if_kept": [1000] * 6, "loss_if_returned": [1500] * 6}

PNG = b"\x89PNG\r\n\x1a\n"

DRAWN: dict[str, Callable[[], Figure]] = {
    "reliability": lambda: reliability(Y, P, "Forecasts come true"),
    "reliability of one forecast": lambda: reliability([0, 1, 1], [0.5] * 3, "One forecast"),
    "reliability of a rare outcome": lambda: reliability([0] * 66 + [1], [0.01] * 60 + [0.02] * 7, "Rare"),
    "deciles": lambda: deciles(Y, P),
    "roc_pr": lambda: roc_pr(Y, P),
    "gain": lambda: gain(["size_distance", "price"], [3.0, 1.0]),
    "kept_margin_by_cutoff": lambda: kept_margin_by_cutoff(P, Y, **KEPT_OR_LOST, currency="EUR"),
    "by_position": lambda: by_position([1, 2, 1, 2, 1, 2], Y, P, P),
    "by_position of a long list": lambda: by_position([1, 50], [1, 0], [0.4, 0.1], [0.4, 0.3]),
    "per_slice": lambda: per_slice(["DE", "AT"], [Interval(0.7, 0.6, 0.8), Interval(0.6, math.nan, math.nan)], "AUC by market"),
}


def _title(figure: Figure) -> str:
    return str(figure.get_suptitle())


def _curve(figure: Figure) -> Any:
    """The kept margins that were drawn, after the line at 0."""
    return np.asarray(figure.axes[0].lines[1].get_ydata())


def _legend(legend: Any) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_picture_is_a_png_of_900_by_600_and_the_same_bytes_twice(draw: Callable[[], Figure], tmp_path: Path) -> None:
    save(draw(), tmp_path / "one.png")
    save(draw(), tmp_path / "two.png")
    written = (tmp_path / "one.png").read_bytes()
    width_and_height = (900).to_bytes(4) + (600).to_bytes(4)
    assert written.startswith(PNG)
    assert width_and_height == written[16:24]
    assert written == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: reliability(Y, P[:5], "Short"),
        lambda: deciles(Y[:5], P),
        lambda: roc_pr(Y, P[:5]),
        lambda: gain(["size_distance"], [3.0, 1.0]),
        lambda: kept_margin_by_cutoff(P, Y, [1000] * 5, [1500] * 6, currency="EUR"),
        lambda: by_position([1, 2], Y, P, P),
        lambda: per_slice(["DE"], [], "Short"),
    ],
)
def test_lengths_that_differ_are_refused(draw: Callable[[], Figure]) -> None:
    with pytest.raises(ValueError, match=r"length|shape"):
        draw()


@pytest.mark.parametrize("draw", [lambda: reliability([], [], "Nothing"), lambda: deciles([], []), lambda: per_slice([], [], "Nothing")])
def test_nothing_to_draw_is_refused(draw: Callable[[], Figure]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        draw()


def test_positions_tell_what_happened_there_and_what_the_model_says_of_it() -> None:
    figure = by_position([3, 1, 1, 3], [0, 1, 0, 0], [0.1, 0.4, 0.6, 0.3], [0.5, 0.4, 0.6, 0.7])
    drawn = [np.asarray(line.get_ydata()) for line in figure.axes[0].lines]
    np.testing.assert_allclose([[0.5, 0.0], [0.5, 0.2], [0.5, 0.6]], drawn)
    assert "At position 1 50.0 % came, at position 3 0.0 %" == _title(figure)


def test_several_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 classes"):
        deciles([0, 1], [[0.5, 0.5], [0.4, 0.6]])


def test_curves_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="all outcomes are the same"):
        roc_pr([0, 0], [0.1, 0.2])


def test_a_model_that_learnt_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="trained model"):
        gain(["price"], [0.0])


def test_money_that_is_not_whole_minor_units_is_refused() -> None:
    with pytest.raises(ValueError, match="whole minor units"):
        kept_margin_by_cutoff([0.5], [0], [10.5], [1], currency="EUR")


def test_wilsons_interval_of_one_in_ten() -> None:
    low, high = wilson(np.array([0.1]), np.array([10.0]))
    assert pytest.approx([0.0179, 0.4042], abs=5e-5) == [low[0], high[0]]


def test_the_reliability_axes_end_near_the_data() -> None:
    above = reliability([0] * 66 + [1], [0.01] * 60 + [0.02] * 7, "Rare").axes[0]
    assert above.get_xlim()[1] < 0.03


def test_deciles_tell_what_the_highest_and_lowest_rows_did() -> None:
    expected = "Highest tenth: 80.0 % predicted, 100.0 % came; lowest: 10.0 % predicted, 0.0 % came"
    assert expected == _title(deciles(Y, P))


def test_curves_tell_their_area_and_the_base_rate() -> None:
    left, right = roc_pr(Y, P).axes
    expected = ["AUC 0.889", "chance", "average precision 0.917", "base rate 0.500"]
    assert expected == [*_legend(left.get_legend()), *_legend(right.get_legend())]


def test_tied_rows_are_one_step_of_the_roc_curve() -> None:
    roc = roc_pr([0, 1, 0, 1], [0.5, 0.5, 0.2, 0.9]).axes[0].lines[0]
    assert pytest.approx(np.array([(0, 0), (0, 0.5), (0.5, 1), (1, 1)])) == roc.get_xydata()


def test_gain_shows_the_largest_first_and_counts_what_brings_half() -> None:
    figure = gain(["price", "size_distance", "brand"], [1.0, 3.0, 2.0], top=2)
    expected = "Half of what the model has learnt comes from 1 of 3 inputs"
    bars = {"size_distance": "50.0 %", "brand": "33.3 %"}
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert expected == _title(figure)
    assert bars == dict(zip(labels, [text.get_text() for text in figure.axes[0].texts], strict=True))


def test_kept_margin_is_summed_from_the_lowest_risk_and_marks_its_best_point() -> None:
    figure = kept_margin_by_cutoff(P, Y, **KEPT_OR_LOST, currency="EUR")
    told = "Leaving out the 4 riskiest of 6 lines would have kept EUR 35.00 more"
    marked = ["offer everything: EUR -15.00", "best in hindsight, P(return) up to 0.20: EUR 20.00"]
    assert pytest.approx([0, 10, 20, 5, 15, 0, -15]) == _curve(figure)
    assert told == _title(figure)
    assert marked == _legend(figure.legends[0])


def test_lines_of_the_same_risk_are_offered_together() -> None:
    figure = kept_margin_by_cutoff([0.2, 0.2, 0.6], [1, 0, 0], [100] * 3, [300] * 3, currency="JPY")
    assert pytest.approx([0, -200, -100]) == _curve(figure)


def test_where_every_line_pays_offering_everything_keeps_the_most() -> None:
    expected = "Offering everything kept the most"
    assert expected == _title(kept_margin_by_cutoff([0.1, 0.2], [0, 0], [5, 5], [9, 9], currency="EUR"))


def test_a_slice_without_a_value_says_so() -> None:
    figure = per_slice(["DE", "AT"], [Interval(0.7, 0.6, 0.8), Interval(math.nan, math.nan, math.nan)], "AUC by market")
    expected = ["not defined"]
    assert expected == [text.get_text() for text in figure.axes[0].texts]
