import numpy as np
import pytest

from serving.likely_sizes import likely

AT = np.array([36.0, 38.0, 40.0, 42.0])


def away_from(place: float) -> np.ndarray:
    """How features say that the size should be there."""
    return AT - place


def test_the_size_that_she_always_kept_is_the_one_she_orders() -> None:
    inputs = {
        "size_vs_style": away_from(40),
        "size_vs_customer_category": away_from(38),
        "customer_category_sized_lines": np.full(4, 9.0),
    }

    found = likely(inputs, AT, 2.0)

    assert 1 == found.argmax()
    assert pytest.approx(1.0) == found.sum()


def test_a_size_that_she_kept_once_says_less_than_one_that_she_kept_often() -> None:
    inputs = {"size_vs_style": away_from(42), "size_vs_customer_category": away_from(36)}

    once, often = (likely({**inputs, "customer_category_sized_lines": np.full(4, lines)}, AT, 2.0) for lines in (1.0, 20.0))

    assert once[0] < often[0]


def test_what_she_says_she_wears_moves_it() -> None:
    inputs = {"size_vs_style": away_from(42), "size_vs_stated": away_from(36)}

    assert 0 == likely(inputs, AT, 2.0).argmax()


def test_of_a_style_that_nobody_has_kept_the_middle_sizes_are_the_likeliest() -> None:
    found = likely({"size_vs_style": np.full(4, np.nan)}, AT, 2.0)

    assert found[1] == pytest.approx(found[2])
    assert found[1] > found[0]
    assert found == pytest.approx(found[::-1])


def test_without_a_place_a_size_is_not_likely_and_a_style_of_such_sizes_has_no_likely_one() -> None:
    some = likely({"size_vs_style": np.array([-2.0, 0.0, np.nan])}, np.array([36.0, 38.0, np.nan]), 2.0)

    assert [0.0] == some[2:].tolist()
    assert pytest.approx(1.0) == some.sum()
    assert [0.0, 0.0] == likely({"size_vs_style": np.full(2, np.nan)}, np.array([np.nan] * 2), 1.0).tolist()


def test_a_weight_says_which_size_even_where_only_one_size_has_been_weighed() -> None:
    told = {"size_vs_style": away_from(38), "weight_vs_category_size": np.array([np.nan, 14.0, np.nan, np.nan])}

    without, with_ = (likely(inputs, AT, 2.0) for inputs in ({"size_vs_style": told["size_vs_style"]}, told))

    assert with_[3] > without[3], "14 kg more than those whom 38 fits: two sizes larger"
    assert with_[0] < without[0]
