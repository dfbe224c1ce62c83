from pathlib import Path

import pytest

from domain.errors import SettingsRefused
from domain.size_systems import parse_size_systems

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "config/size_systems.toml").read_text()

TINY = """
version = "1"
[sources.chart]
text = "a chart"
guess = false
[sources.nobody]
text = "nobody says so"
guess = true
[[scale]]
name = "garments"
measure = "bust girth"
categories = ["dress"]
[[scale.system]]
name = "EU"
also = ["DE"]
sizes = [
    { size = "36", cm = 84.0, source = "chart" },
    { size = "38", cm = 88.0, source = "chart" },
    { size = "40", cm = 92.0, source = "chart" },
]
[[scale.system]]
name = "letters"
also = []
sizes = [{ size = "S", cm = 86.0, source = "nobody" }, { size = "M", cm = 94.0, source = "chart" }]
"""


@pytest.mark.parametrize(
    ("printed", "category", "system", "expected"),
    [
        ("38", "dress", "EU", {"letters": "S", "UK": "12", "US": "4", "FR": "40", "IT": "44"}),
        ("m", "dress", "Letters", {"EU": "40", "UK": "14", "US": "10", "FR": "42", "IT": "46"}),
        ("39", "shoes", "EU shoes", {"UK": "5.5", "US women": "7.5", "US men": "6.5"}),
        ("50", "suit", "EU", {"letters": "M", "UK": "40"}),
    ],
)
def test_a_size_is_told_in_every_other_system(printed: str, category: str, system: str, expected: dict[str, str]) -> None:
    found = parse_size_systems(SHIPPED).equivalents(printed, category, system)

    assert expected == {one.size.system: one.size.printed for one in found}


def test_every_number_of_the_shipped_table_has_a_source_and_guesses_are_named() -> None:
    table = parse_size_systems(SHIPPED)

    used = {size.source for scale in table.scales for sizes in scale.systems.values() for size in sizes}

    assert set(table.sources) == used
    assert {"paris_point", "barleycorn", "us_shoes"} == {key for key, source in table.sources.items() if source.guess}


def test_an_equivalent_says_how_far_off_it_is_and_whether_a_number_is_a_guess() -> None:
    table = parse_size_systems(TINY)

    (small,), (medium,) = table.equivalents("38", "dress", "DE"), table.equivalents("40", "dress", "EU")

    assert ("S", -2.0, True, "a chart; nobody says so") == (small.size.printed, small.off_cm, small.guessed, small.source)
    assert ("M", 2.0, False, "a chart") == (medium.size.printed, medium.off_cm, medium.guessed, medium.source)


def test_a_size_converts_there_and_back() -> None:
    table = parse_size_systems(SHIPPED)
    for size in ("36", "38", "40", "42", "44"):
        there = table.convert(size, "dress", from_system="EU", to_system="IT")
        assert there is not None
        back = table.convert(there.size.printed, "dress", from_system="IT", to_system="DE")
        assert back is not None
        assert size == back.size.printed


@pytest.mark.parametrize(
    ("printed", "category", "system", "to"),
    [
        ("38", "handbag", "EU", "letters"),
        ("38", "dress", "JP", "letters"),
        ("38", "dress", None, "letters"),
        ("39", "dress", "EU", "letters"),
        ("38", "dress", "EU", "JP"),
    ],
)
def test_what_the_table_does_not_know_has_no_equivalent(printed: str, category: str, system: str | None, to: str) -> None:
    assert parse_size_systems(TINY).convert(printed, category, from_system=system, to_system=to) is None


def test_a_body_beyond_the_last_size_of_a_system_has_none_there() -> None:
    larger = TINY.replace('{ size = "40", cm = 92.0', '{ size = "54", cm = 128.0')

    assert parse_size_systems(larger).convert("54", "dress", from_system="EU", to_system="letters") is None


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("version", "verzion", "unknown key verzion"),
        ('measure = "bust girth"', "", "scale 1 measure = 'nothing'"),
        ("cm = 84.0", "cm = 84", "scale 1, system 1, size 1 cm = 84, expected"),
        ("cm = 84.0", "cm = 840.0", "cm = 840.0"),
        ("cm = 84.0", "cm = 89.0", "growing"),
        ('source = "nobody"', 'source = "somebody"', "source = 'somebody'"),
        ('size = "36"', 'size = "38"', "a size = '38'"),
        ('name = "letters"', 'name = "de"', "a system = 'de'"),
        ('categories = ["dress"]', 'categories = ["dress", "dress"]', "a category = 'dress'"),
        ("guess = true", 'guess = "yes"', "sources.nobody guess"),
        ("[[scale]]", "[[scale", "no TOML"),
    ],
)
def test_a_table_that_is_not_as_it_should_be_is_refused_with_the_place(wrong: str, right: str, message: str) -> None:
    assert wrong in TINY
    with pytest.raises(SettingsRefused) as refused:
        parse_size_systems(TINY.replace(wrong, right, 1))

    assert message.split(",")[0] in str(refused.value)
