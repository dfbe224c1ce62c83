from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import SettingsRefused
from experiments.demo_shop.world import SHOPS, default_world, read_world

FASHION = (SHOPS / "fashion.toml").read_text(encoding="utf-8")


def _shop(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", sorted(file.name for file in SHOPS.glob("*.toml")))
def test_every_shop_that_comes_with_keeprank_can_be_read(name: str) -> None:
    world = read_world(SHOPS / name)

    assert Path(name).stem == world.name
    assert sum(share for share, _ in world.categories.values()) == pytest.approx(1)


def test_fashion_is_the_default() -> None:
    assert read_world(SHOPS / "fashion.toml") == default_world()


def test_a_shop_says_only_what_differs_from_its_base(tmp_path: Path) -> None:
    world = read_world(_shop(tmp_path, 'base = "fashion"\n[people]\nbracketing_share = 0.5\n'))

    assert ("mine", 0.5) == (world.name, world.people.bracketing_share)
    assert default_world().people.fussiness == world.people.fussiness
    assert default_world().visits == world.visits


def test_a_base_may_have_a_base(tmp_path: Path) -> None:
    world = read_world(_shop(tmp_path, 'base = "electronics"\n[visits]\nshown = 6\n'))

    assert (6, "eu_electronics") == (world.visits.shown, world.preset)


def test_categories_replace_those_of_the_base_as_a_whole(tmp_path: Path) -> None:
    world = read_world(_shop(tmp_path, 'base = "fashion"\n[categories]\nshoes = [1.0, 8990]\n'))

    assert {"shoes": (1.0, 8990)} == world.categories


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("[people]\nvisits_per_day = -1", "people.visits_per_day = -1"),
        ("[people]\nvisits_per_day = 0", "people.visits_per_day = 0"),
        ("[people]\nvisits_per_day = true", "people.visits_per_day = True"),
        ("[people]\nvisits_per_day = nan", "people.visits_per_day = nan"),
        ('[people]\ntolerance_cm = "2"', "people.tolerance_cm = '2'"),
        ("[people]\nhousehold_share = 1.5", "people.household_share = 1.5"),
        ("[people]\nbracketing = [0.7, 0.2]", "people.bracketing"),
        ("[people]\nbracketing = [0.7]", "people.bracketing"),
        ("[people]\nsegments = [0.5, 0.5]", "people.segments"),
        ("[people]\nfussiness_shares = [0.5, 0.5, 0.5]", "people.fussiness_shares"),
        ("[people]\nfussiness = [0.0, 1.0, 2.0]", "people.fussiness"),
        ("[people]\nheight = 170", "unknown key people.height"),
        ("[assortment]\nunit_cost = [0.5, 1.2]", "assortment.unit_cost"),
        ("[visits]\nshown = 0", "visits.shown = 0"),
        ("[visits]\nshown = 12.0", "visits.shown = 12.0"),
        ("[visits]\nshown = 31", "visits.shown = 31"),
        ("[visits]\ncandidates = 61", "visits.candidates = 61"),
        ("[visits]\nkeeps_looking = 1.0", "visits.keeps_looking = 1.0"),
        ("[logging]\ntemperature = 0.0", "logging.temperature = 0.0"),
        ("[reasons]\nchanged_mind = 0", "reasons.changed_mind = 0"),
        ('[economics]\npreset = "moon"', "economics.preset = 'moon'"),
        ("[categories]\nhats = [1.0, 990]", "unknown category 'hats'"),
        ("[categories]\nshoes = [0.9, 8990]", "categories = 0.9"),
        ("[categories]\nshoes = [1.0, 89.5]", "categories.shoes"),
        ("[weather]\nrain = 1", "unknown key weather"),
    ],
)
def test_a_wrong_value_is_named_with_its_file(tmp_path: Path, wrong: str, named: str) -> None:
    file = _shop(tmp_path, f'base = "fashion"\n{wrong}\n')

    with pytest.raises(SettingsRefused) as refused:
        read_world(file)
    assert str(file) in str(refused.value)
    assert named in str(refused.value)


def test_a_section_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"stock = 3"):
        read_world(_shop(tmp_path, 'base = "fashion"\nstock = 3\n'))


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"people\.tolerance_cm is missing"):
        read_world(_shop(tmp_path, FASHION.replace("tolerance_cm", "# tolerance_cm")))


@pytest.mark.parametrize("base", ['"nowhere"', "3"])
def test_an_unknown_base_is_refused_with_those_there_are(tmp_path: Path, base: str) -> None:
    with pytest.raises(SettingsRefused, match=r"base = .*bracketing, drift, electronics, fashion"):
        read_world(_shop(tmp_path, f"base = {base}\n"))


@pytest.mark.parametrize("text", ["[people", None])
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "missing.toml" if text is None else _shop(tmp_path, text)

    with pytest.raises(SettingsRefused, match="cannot be read"):
        read_world(file)
