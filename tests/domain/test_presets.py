from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.presets import PRESETS, Economics, Preset

DOCUMENTED = (Path(__file__).parents[2] / "docs/economics.md").read_text()
COMMON = {"outbound_shipping_eur_cents", "payment_fee_share", "payment_fee_kept_share", "unit_cost_share"}
COLUMNS = ("return_rate_prior", "size_share_prior", "return_handling_eur_cents", "resold_as_new_share", "recovery_share")


def _rows() -> dict[str, list[str]]:
    """The cells of the page's table, by preset."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", DOCUMENTED, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows if name in PRESETS}


def test_every_preset_is_documented() -> None:
    assert set(PRESETS) == set(_rows())


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_what_the_page_says_and_its_guesses_wear_a_star(name: str) -> None:
    cells, preset = dict(zip(COLUMNS, _rows()[name], strict=False)), PRESETS[name]
    if name == "us_apparel":
        assert "27 % of the price, all in" == cells["return_handling_eur_cents"]
        cells = dict(list(cells.items())[:2])
    starred = {column for column, cell in cells.items() if cell.endswith("*")}
    assert starred == preset.guesses & set(cells)
    assert {column: _number(column, cell) for column, cell in cells.items()} == {
        column: getattr(preset.economics, column) for column in cells
    }


def _number(column: str, cell: str) -> float:
    amount = float(cell.removeprefix("EUR ").rstrip("*"))
    return round(100 * amount) if column.endswith("_cents") else amount


def test_a_return_in_america_costs_27_percent_all_in() -> None:
    economics = PRESETS["us_apparel"].economics
    assert (0.27, 0, 1.0, 0.0) == (
        economics.return_cost_share,
        economics.return_handling_eur_cents,
        economics.resold_as_new_share,
        economics.recovery_share,
    )


@pytest.mark.parametrize(
    ("name", "unit_cost", "shipping"),
    [
        ("eu_fashion_ehi2023", 0.4, 390),
        ("de_fashion_bamberg2021", 0.4, 390),
        ("us_apparel", 0.4, 390),
        ("eu_home", 0.5, 390),
        ("eu_electronics", 0.7, 390),
        ("wholesale_gifts", 0.5, 10),
    ],
)
def test_what_is_a_guess_everywhere_is_what_the_page_says(name: str, unit_cost: float, shipping: int) -> None:
    economics = PRESETS[name].economics
    assert (unit_cost, shipping) == (economics.unit_cost_share, economics.outbound_shipping_eur_cents)
    assert (0.015, 1.0, 0) == (economics.payment_fee_share, economics.payment_fee_kept_share, economics.return_fee_eur_cents)
    assert name == "us_apparel" or economics.return_cost_share == 0
    assert COMMON <= PRESETS[name].guesses


GUESSED = {
    "eu_fashion_ehi2023": {"recovery_share"},
    "de_fashion_bamberg2021": {"recovery_share"},
    "eu_home": {"size_share_prior", "resold_as_new_share", "recovery_share"},
    "eu_electronics": {"recovery_share"},
    "us_apparel": {"return_handling_eur_cents", "resold_as_new_share", "recovery_share"},
    "wholesale_gifts": {"return_handling_eur_cents", "resold_as_new_share", "recovery_share", "return_rate_prior", "size_share_prior"},
}


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_which_of_its_numbers_nobody_published(name: str) -> None:
    assert COMMON | GUESSED[name] == PRESETS[name].guesses


def test_presets_are_values() -> None:
    economics = PRESETS["eu_home"].economics
    for value, name in ((economics, "recovery_share"), (Preset(economics, "", frozenset()), "source")):
        with pytest.raises(AttributeError):
            setattr(value, name, 0.0)
    assert Economics(**vars(economics)) == economics
