from __future__ import annotations

import re

from features.build import FEATURES
from features.entities import ENTITIES
from features.feature_set import needed
from features.page import features_page

PAGE = features_page()


def _section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_feature_has_one_row_in_its_family() -> None:
    titles = {"history": "Histories", "profile": "Profiles", "cross": "Crosses", "today": "Today"}
    for family, title in titles.items():
        features = [feature for feature in FEATURES if feature.family == family]
        assert [feature.name for feature in features] == re.findall(r"^\| `(\w+)` \|", _section(title), re.MULTILINE)
        assert f"{len(features)} features." in _section(title)


def test_a_row_says_what_a_feature_means_needs_and_is_for() -> None:
    row = "| `customer_discount_share` | discounts as a share of the list value the customer ordered | rate | customer | personalisation |"
    assert "`order_lines.discount`" in PAGE.partition(row)[2].partition("\n")[0]


def test_every_entity_that_is_read_tells_its_keys_and_its_histories_with_their_windows() -> None:
    read = {one.entity.name for one in needed(FEATURES)}
    assert [entity.name for entity in ENTITIES if entity.name in read] == re.findall(r"^\| `(\w+)` \|", _section("Entities"), re.MULTILINE)
    assert "| `country` | country | " in PAGE
    assert "returned_lines (ever, 30 days, 90 days)" in _section("Entities").partition("| `shop` | everything | ")[2].partition("\n")[0]
    assert "first_day" in _section("Entities").partition("| `style` | style_id | ")[2].partition("\n")[0]


def test_every_measure_that_is_read_has_a_meaning() -> None:
    read = {measure for one in needed(FEATURES) for measure in one.measures}
    assert read == set(re.findall(r"^\| `(\w+)` \| .+ \|$", _section("Measures"), re.MULTILINE))


def test_the_page_says_what_no_feature_may_be() -> None:
    assert "Protected attributes (age, gender, …) are no features." in PAGE
    assert "float64 (missing is NaN)" in PAGE


def test_no_cell_breaks_the_table() -> None:
    sections = {3: "Measures", 4: "Entities", 7: "Today"}
    for bars, title in sections.items():
        assert {bars} == {line.count("|") for line in _section(title).splitlines() if line.startswith("|")}
