import pandas as pd
import pytest

from serving.size_steps import steps


def goods(*styles: tuple[str, str | None, str]) -> pd.DataFrame:
    """Skus of styles: name, size system, and sizes with blanks between them."""
    rows = [(style, system, size) for style, system, sizes in styles for size in sizes.split()]
    return pd.DataFrame(rows, columns=["style_id", "size_system", "size"], dtype="str")


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([("a", "EU", "34 36 38")], {"EU": 2.0}),
        ([("a", "letters", "S M L")], {"letters": 1.0}),
        ([("a", "EU", "34 36 38"), ("b", "EU shoes", "38 39")], {"EU": 2.0, "EU shoes": 1.0}),
        ([("a", None, "34 36 38")], {"": 2.0}),
        ([("a", "EU", "one-size")], {"EU": 1.0}),
        ([("a", "EU", "38")], {"EU": 1.0}),
    ],
)
def test_a_step_is_from_a_size_to_the_next_of_its_system(sizes: list[tuple[str, str | None, str]], expected: dict[str, float]) -> None:
    assert expected == steps(goods(*sizes))


def test_a_style_that_skips_sizes_or_has_long_ones_does_not_change_the_step() -> None:
    usual = [(f"u{number}", "EU", "34 36 38 40") for number in range(3)]

    assert {"EU": 2.0} == steps(goods(*usual, ("skips", "EU", "34 44"), ("long", "EU", "34 35 36 37")))


def test_colours_of_a_size_are_no_step() -> None:
    assert {"EU": 2.0} == steps(goods(("a", "EU", "34 34 34 36 36 36 38")))
