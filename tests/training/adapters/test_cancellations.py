import pandas as pd

from training.adapters.cancellations import match_cancellations


def matches(*rows: tuple[int, int], customers: str = "", skus: str = "") -> dict[int, int]:
    """Rows of (day of January 2011, units, below 0 for a cancellation); a letter per row for its customer and its sku."""
    days, units = zip(*rows, strict=True)
    frame = pd.DataFrame(
        {
            "customer_id": list(customers or "a" * len(rows)),
            "sku": list(skus or "s" * len(rows)),
            "at": [pd.Timestamp(2011, 1, day, tz="UTC") for day in days],
            "units": [abs(count) for count in units],
            "cancels": [count < 0 for count in units],
        }
    )
    return {int(str(row)): purchase for row, purchase in match_cancellations(frame).items()}


def test_a_cancellation_takes_back_an_earlier_purchase() -> None:
    assert {1: 0} == matches((1, 3), (5, -3))


def test_the_latest_of_several_purchases_is_taken_back() -> None:
    assert {2: 1} == matches((1, 3), (2, 3), (5, -3))


def test_an_older_purchase_is_taken_back_when_the_latest_has_too_few_units() -> None:
    assert {2: 0} == matches((1, 3), (2, 1), (5, -3))


def test_two_cancellations_can_take_back_parts_of_one_purchase() -> None:
    assert {1: 0, 2: 0} == matches((1, 5), (2, -2), (3, -3))


def test_units_that_are_taken_back_cannot_be_taken_back_again() -> None:
    assert {1: 0} == matches((1, 5), (2, -3), (3, -3))


def test_units_left_decide_which_purchase_a_second_cancellation_takes_back() -> None:
    assert {2: 1, 3: 0} == matches((1, 2), (2, 2), (3, -2), (4, -2))


def test_a_cancellation_is_not_split_over_purchases() -> None:
    assert {} == matches((1, 2), (2, 2), (3, -4))


def test_a_cancellation_before_the_purchase_matches_nothing() -> None:
    assert {} == matches((5, 3), (1, -3))


def test_at_the_same_time_the_order_of_the_rows_decides() -> None:
    assert {1: 0} == matches((1, 3), (1, -3), (1, 3))


def test_time_decides_over_the_order_of_the_rows() -> None:
    assert {0: 2} == matches((5, -3), (1, 3), (2, 3))


def test_another_customers_purchase_is_not_taken_back() -> None:
    assert {} == matches((1, 3), (5, -3), customers="ab")


def test_another_sku_is_not_taken_back() -> None:
    assert {} == matches((1, 3), (5, -3), skus="st")


def test_without_cancellations_nothing_matches() -> None:
    assert {} == matches((1, 3), (2, 3))
