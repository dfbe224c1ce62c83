"""`keeprank size` on the demo shop's release, as it is typed."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from commands import sizes
from serving.state import Serving
from tests.support.command_line import Keeprank


@pytest.fixture(scope="module")
def loaded(release_folder: Path, snapshot_folder: Path) -> Serving:
    return Serving.load(release_folder, snapshot_folder)


@pytest.fixture
def typed(said: Keeprank) -> Keeprank:
    """Runs `keeprank size` within this process."""
    return partial(said, "size")


@pytest.fixture
def size(typed: Keeprank, loaded: Serving, monkeypatch: pytest.MonkeyPatch) -> Keeprank:
    """The same, with a store whose champion is the demo shop's release."""
    monkeypatch.setattr(sizes, "_serving", lambda *_: loaded)
    return typed


@pytest.fixture(scope="module")
def dress(loaded: Serving) -> str:
    products = loaded.snapshot.products
    return str(products.loc[(products["category"] == "dress") & loaded.snapshot.known_skus(products["sku"]), "style_id"].iloc[0])


def test_every_size_is_printed_with_its_chances_and_the_advice(size: Keeprank, dress: str) -> None:
    told = size("--style", dress, "--height", 172, "--weight", 64, "--usual", "UK 12")

    assert (0, "") == (told.code, told.err)
    rows = [line for line in told.out.splitlines() if "EU " in line and "%" in line]
    assert ["34", "36", "38", "40", "42", "44", "46"] == [line.split("EU ")[1].split()[0] for line in rows]
    assert 1 == sum("→" in line for line in rows)
    assert all("#" in line or "+" in line or "--" in line for line in rows)
    assert "known of the shopper: declared; of the style: ordered; fallback: new_customer" in told.out
    assert "confidence: " in told.out


def test_json_says_the_same_to_programs(size: Keeprank, dress: str) -> None:
    told = json.loads(size("--style", dress, "--customer", "nobody", "--json").out)

    assert (dress, "dress", "new_customer", 7) == (told["style_id"], told["category"], told["fallback"], len(told["chances"]))
    assert all(abs(one["small"] + one["fits"] + one["large"] - 1) < 3e-6 for one in told["chances"])
    assert told["advice"]["margin"] == pytest.approx(told["advice"]["chance"]["fits"] - told["advice"]["next"]["fits"], abs=3e-6)
    assert told["ask"]["attributes"]


def test_a_style_that_the_shop_does_not_sell_yet_is_described(size: Keeprank) -> None:
    told = size("--style", "new", "--category", "dress", "--brand", "Alba", "--sizes", "36, 38,40")

    assert (0, "") == (told.code, told.err)
    assert "of the style: described; fallback: new_customer_and_offer" in told.out
    assert "EU 36" in told.out
    assert "EU 34" not in told.out


def test_an_unknown_style_is_refused_with_what_to_say(size: Keeprank) -> None:
    told = size("--style", "nothing")

    assert 1 == told.code
    assert "refused RequestRefused: /style_id: 'nothing' is no style of this shop" in told.err
    assert "describe it" in told.err


def test_without_a_store_it_says_what_to_do_first(typed: Keeprank) -> None:
    told = typed("--style", "s0001")

    assert 1 == told.code
    assert "keeprank train" in told.err
