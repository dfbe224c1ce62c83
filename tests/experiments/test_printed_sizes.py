import pytest

from experiments.printed_sizes import bar
from serving.size_advice import Chance


@pytest.mark.parametrize(
    ("small", "fits", "expected"), [(0.25, 0.5, "-" * 10 + "#" * 20 + "+" * 10), (0.0, 1.0, "#" * 40), (1.0, 0.0, "-" * 40)]
)
def test_a_bar_is_as_long_as_its_parts_are_likely(small: float, fits: float, expected: str) -> None:
    assert expected == bar(Chance("38", "EU", 38.0, small, fits, 1 - small - fits, 1.0)).plain
