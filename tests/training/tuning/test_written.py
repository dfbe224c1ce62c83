from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import SettingsRefused
from tests.conftest import ROOT
from training.settings import Forest, parse_settings
from training.tuning.written import with_forest

TEXT = (ROOT / "config/training.toml").read_text()
FOREST = Forest(trees=77, learning_rate=0.123, leaves=9, fewest_rows_per_leaf=33, share_of_features=1.0, share_of_rows=0.55, l2=1.5)


@pytest.mark.parametrize("kind", ["return", "fit", "order"])
def test_the_settings_are_those_before_but_for_one_forest(kind: str) -> None:
    before = parse_settings(TEXT)
    expected = replace(before, forests={**before.forests, kind: FOREST})
    assert expected == parse_settings(with_forest(TEXT, kind, FOREST, "the knee"))


def test_comments_and_other_sections_stay_and_the_section_says_where_it_comes_from() -> None:
    changed = with_forest(TEXT, "order", FOREST, "the knee of 40 trials").splitlines()
    before, after = TEXT.split("[order]")[0].splitlines(), changed[: changed.index("# tuned: the knee of 40 trials") - 1]
    assert before == after
    assert [line.partition("#")[2] for line in TEXT.splitlines()] == [
        line.partition("#")[2] for line in changed if not line.startswith("# tuned: ")
    ]
    assert "share_of_features = 1.0       # every tree has to know the position: docs/decisions/0008-position-is-removed.md" in changed
    assert any(line.startswith("most_rows = 300_000 ") for line in changed)


def test_a_second_choice_replaces_the_first() -> None:
    once = with_forest(TEXT, "return", FOREST, "trial 5")
    twice = with_forest(once, "return", replace(FOREST, trees=88), "the knee")
    assert ("# tuned: trial 5" in once, "trial 5" in twice, "# tuned: the knee" in twice) == (True, False, True)
    assert twice == with_forest(TEXT, "return", replace(FOREST, trees=88), "the knee")


def test_settings_written_in_another_form_are_refused_and_not_half_changed() -> None:
    lines = ", ".join(f"{line.partition('#')[0].strip()}" for line in TEXT.split("[fit]")[1].split("[order]")[0].splitlines()[1:] if line)
    inline = f"fit = {{{lines}}}\n" + TEXT.split("[fit]")[0] + "[order]" + TEXT.split("[order]")[1]
    assert parse_settings(inline) == parse_settings(TEXT)
    with pytest.raises(SettingsRefused, match=r"the section \[fit\] cannot be changed line by line"):
        with_forest(inline, "fit", FOREST, "the knee")
