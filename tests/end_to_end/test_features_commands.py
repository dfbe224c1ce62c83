"""`keeprank features …` on a small demo shop, as it is typed."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.demo_shop import ShopSettings, generate
from features.build import FEATURE_NAMES
from features.shop import Shop
from features.source import write_tables
from tests.support import planted
from tests.support.command_line import Keeprank


@pytest.fixture
def features(said: Keeprank) -> Keeprank:
    """Runs `keeprank features` within this process."""
    return partial(said, "features")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return dict(generate(ShopSettings(seed=3, customers=200, styles=40, days=150)).tables)


@pytest.fixture(scope="module")
def folder(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop without verdicts and brands."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    known = {name: frame for name, frame in tables.items() if name != "fit_feedback"}
    products = tables["products"]
    write_tables({**known, "products": products.assign(brand=products["brand"].mask(products["brand"].notna()))}, folder)
    return folder


@pytest.fixture(scope="module")
def bought(tables: dict[str, pd.DataFrame]) -> Any:
    """An order line from the middle of the shop's life, of a customer who has ordered before and never refused anything."""
    lines, consents = (tables[name] for name in ("order_lines", "consents"))
    refused = consents.loc[~consents["granted"], "customer_id"]
    allowed = consents.loc[consents["purpose"] == "personalisation", "customer_id"]
    lines = lines[lines["customer_id"].isin(allowed) & ~lines["customer_id"].isin(refused)].sort_values("ordered_at", kind="stable")
    again = lines[lines["customer_id"].duplicated()]
    return again.iloc[len(again) // 2]


def asks(bought: Any) -> tuple[object, ...]:
    return bought["customer_id"], "--sku", bought["sku"], "--at", bought["ordered_at"].isoformat()


# list


def test_list_tells_all_features_in_tables_that_fit(features: Keeprank) -> None:
    done = features("list")
    assert (0, "") == (done.code, done.err)
    assert [] == [name for name in FEATURE_NAMES if f" {name} " not in done.out]
    assert max(len(row) for row in done.out.splitlines()) <= 150
    for family in ("history", "profile", "cross", "today"):
        assert f"{family}: " in done.out


def test_list_as_json_says_everything_of_a_feature(features: Keeprank) -> None:
    done = features("list", "--json", "--family", "profile", "--purpose", "measurements")
    height = json.loads(done.out)[0]
    assert {
        "name": "customer_height_cm",
        "meaning": "declared height",
        "dtype": "float64",
        "unit": "cm",
        "family": "profile",
        "kind": "customer",
        "purpose": "measurements",
        "needs": height["needs"],
        "reads": ["height_cm"],
    } == height
    assert "preferences" in height["needs"]
    assert {("profile", "measurements")} == {(one["family"], one["purpose"]) for one in json.loads(done.out)}


def test_list_of_a_shop_says_what_it_lacks(features: Keeprank, folder: Path) -> None:
    by_name = {one["name"]: one for one in json.loads(features("list", folder, "--json").out)}
    assert list(FEATURE_NAMES) == list(by_name)
    lines, small = by_name["style_lines"], by_name["brand_size_small_rate"]
    assert (True, False) == (lines["exists"], small["exists"])
    assert [] == lines["lacks"]
    assert {"fit_feedback", "products.brand"} <= set(small["lacks"]) < set(small["needs"])
    assert "fit_feedback (lacks it)" in features("list", folder).out


# show


def test_show_prints_each_feature_that_the_shop_has_with_its_inputs(features: Keeprank, folder: Path, bought: Any) -> None:
    done = features("show", folder, *asks(bought), "--country", "DE", "--price", 999)
    assert (0, "") == (done.code, done.err)
    assert max(len(row) for row in done.out.splitlines()) <= 150
    words = " ".join(done.out.split())
    assert f"customer {bought['customer_id']}, sku {bought['sku']} at 999 cents" in words
    assert "unit_price 999 minor units unit_price 999 " in words
    assert "style_lines" in done.out
    assert "style_small_rate" not in done.out
    assert "missing: no payment method was given" in done.out


def test_show_as_json_holds_values_inputs_and_reasons(features: Keeprank, folder: Path, bought: Any) -> None:
    told = json.loads(features("show", folder, *asks(bought), "--json").out)
    assert ["customer_id", "sku", "country", "at", "unit_price", "known_customer", "features"] == list(told)
    assert (bought["ordered_at"].isoformat(), True) == (told["at"], told["known_customer"])
    by_name = {one["name"]: one for one in told["features"]}
    assert ["name", "family", "unit", "value", "inputs", "missing_because"] == list(by_name["style_lines"])
    assert by_name["style_lines"]["value"] == by_name["style_lines"]["inputs"]["style.ordered_lines"]
    assert (None, "no country was given") == tuple(by_name["country_return_rate"][key] for key in ("value", "missing_because"))


def test_show_of_an_unknown_customer_is_a_note(features: Keeprank, folder: Path, bought: Any) -> None:
    done = features("show", folder, "nobody", "--sku", bought["sku"])
    assert 0 == done.code
    assert "no table of this shop names the customer" in done.out
    assert "unknown customer" in done.out


# why


def test_why_prints_the_formula_and_the_facts(features: Keeprank, folder: Path, tables: dict[str, pd.DataFrame], bought: Any) -> None:
    done = features("why", folder, "customer_lines", *asks(bought), "--limit", 1)
    assert (0, "") == (done.code, done.err)
    assert 'return v["customer.ordered_lines"]' in done.out
    lines = tables["order_lines"]
    before = lines[(lines["customer_id"] == bought["customer_id"]) & (lines["ordered_at"].dt.floor("D") < bought["ordered_at"].floor("D"))]
    assert len(before) > 1
    assert f"customer.ordered_lines = {len(before)}: {len(before)} facts, the first 1 shown, {len(before) - 1} more" in done.out
    shown = {line_id for line_id in lines["line_id"] if line_id in done.out}
    assert 1 == len(shown & set(before["line_id"])) == len(shown)


def test_why_prints_the_moves_of_the_day(features: Keeprank, folder: Path, bought: Any) -> None:
    assert "the customer's moves of that day: " in features("why", folder, "today_views", *asks(bought)).out


# audit


def test_the_demo_shop_passes_the_audit(features: Keeprank, folder: Path, tmp_path: Path) -> None:
    done = features("audit", folder, "--rows", 200, "--json", "results/audit.json")
    assert 0 == done.code
    assert "audit passed" in done.out
    told = json.loads((tmp_path / "results/audit.json").read_text())
    assert (True, [], []) == (told["passed"], told["changes"], told["suspects"])
    assert {"order_lines", "returns", "events", "preferences", "consents"} <= set(told["tables"])
    assert told["labels"]["return"]["rows"] > 100
    assert "no look at fit labels: 0 labelled rows" in done.out


def test_a_shop_whose_discounts_tell_the_outcome_fails_the_audit(
    features: Keeprank, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    leaky = planted.with_told_discounts(Shop.of({name: tables[name] for name in ("products", "order_lines", "returns")}, {"": 30}))
    write_tables(leaky.tables, tmp_path / "leaky")
    done = features("audit", tmp_path / "leaky", "--rows", 1)
    assert 1 == done.code
    assert "audit failed; features that saw the future: 0, that tell too much: 1\n" in done.out
    row = next(row for row in done.out.splitlines() if " discount_share " in row)
    assert "too good to be true" in row


# Refusals.


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "{shop}", "c1", "--sku", "s0001-3"], "refused FeaturesRefused: no sku is called 's0001-3'; expected: perhaps s0001-"),
        (["show", "{shop}", "c1", "--sku", "{sku}", "--at", "2031-01-01"], "lies ahead; expected: a time up to the shop's now, "),
        (["why", "{shop}", "style_line", "c1", "--sku", "{sku}"], "no feature is called 'style_line'; expected: perhaps style_lines"),
        (["why", "{shop}", "style_verdicts", "c1", "--sku", "{sku}"], "this shop has no style_verdicts; expected: values in fit_feedback"),
        (["audit", "nowhere"], "refused TablesRefused: nowhere does not exist"),
        (["list", "nowhere"], "refused TablesRefused: nowhere does not exist"),
    ],
)
def test_a_refusal_is_one_message(arguments: list[str], named: str, features: Keeprank, folder: Path, bought: Any) -> None:
    done = features(*(argument.format(shop=folder, sku=bought["sku"]) for argument in arguments))
    assert (1, "") == (done.code, done.out)
    assert named in done.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "{shop}", "c1", "--sku", "s", "--at", "noon"], "'noon' is no time such as 2026-09-01T12:00"),
        (["show", "{shop}", "c1"], "Missing option '--sku'"),
        (["list", "--family", "friends"], "'friends' is not one of 'history', 'profile', 'cross', 'today'"),
        (["audit", "{shop}", "--suspicious", "2"], "should be less than or equal to 1"),
    ],
)
def test_a_wrong_use_ends_with_2(arguments: list[str], named: str, features: Keeprank, folder: Path) -> None:
    done = features(*(argument.format(shop=folder) for argument in arguments))
    assert (2, "") == (done.code, done.out)
    assert named in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize("command", ["list", "show", "why", "audit"])
def test_the_help_of_each_command_teaches_with_an_example(command: str, features: Keeprank) -> None:
    done = features(command, "--help")
    assert (0, "") == (done.code, done.err)
    assert f"Example: keeprank features {command} " in " ".join(done.out.split())
