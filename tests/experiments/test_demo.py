from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from rich.console import Console

from domain.errors import SettingsRefused
from domain.outcomes import KEPT, RETURNED
from domain.policy import parse_policy
from experiments.demo import run_demo, shopper_of
from experiments.simulation.small import small_comparison
from features.shop import Shop
from features.source import write_tables
from tests.conftest import POLICY, ROOT
from tests.support import quiet
from training.pipeline import silent
from training.settings import parse_settings

pytestmark = quiet.MLFLOW


def unseen(_total: int, _sentence: str) -> AbstractContextManager[Callable[[], None]]:
    """A bar that nobody sees."""
    return nullcontext(lambda: None)


TREES = re.compile(r"^(trees|fewest_rows_per_leaf|fewest_rows) = \d+", flags=re.MULTILINE)


def test_the_demo_runs_on_a_shops_own_tables_and_ranks_over_http(shop: Shop, tmp_path: Path) -> None:
    write_tables(shop.tables, tmp_path / "own")
    config = tmp_path / "config"
    config.mkdir()
    (config / "policy.toml").write_text(POLICY)
    (config / "training.toml").write_text(TREES.sub(r"\1 = 30", (ROOT / "config/training.toml").read_text()))
    (config / "serving.toml").write_text((ROOT / "config/serving.toml").read_text())
    said = io.StringIO()
    run_demo(tmp_path / "own", tmp_path / "work", config=config, console=Console(file=said, width=200), progress=silent, ticking=unseen)
    text = said.getvalue()
    assert f"for customer {shopper_of(shop).customer_id}" in text
    assert "as of 2026-10-02 00:00" in text, "the shop's midnight, and not that of UTC"
    assert 12 == len(re.findall(r"^ +\d+ .*EUR|^not offered: ", text, flags=re.MULTILINE))


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SettingsRefused, match=r"holds thesis\.tex"):
        run_demo(None, tmp_path, config=ROOT / "config", console=Console(quiet=True), progress=silent, ticking=unseen)
    assert "years of work" == (tmp_path / "thesis.tex").read_text()


def test_the_shopper_has_kept_and_returned_things_and_the_offers_are_of_different_styles(shop: Shop) -> None:
    shopper = shopper_of(shop)
    lines = shop.tables["order_lines"].assign(outcome=shop.outcomes["outcome"].to_numpy())
    mine = lines[lines["customer_id"] == shopper.customer_id]
    assert (len(mine), (mine["outcome"] == RETURNED).sum()) == (shopper.ordered, shopper.returned)
    assert (mine["outcome"] == KEPT).any()
    styles = shop.tables["products"].set_index("sku")["style_id"].loc[list(shopper.skus)]
    assert 12 == len(styles) == styles.nunique()


def test_the_demos_comparison_is_of_what_a_newcomer_should_see() -> None:
    comparison = small_comparison(parse_policy(POLICY), parse_settings((ROOT / "config/training.toml").read_text()))
    assert ["conversion", "return_blind_margin", "kept_margin", "oracle"] == [one.name for one in comparison.contenders]
    assert 2 == len(comparison.seeds)


def test_a_shop_of_one_pending_line_has_a_shopper_too(shop: Shop) -> None:
    lines = shop.tables["order_lines"].tail(1).reset_index(drop=True)
    few = Shop.of({**shop.tables, "order_lines": lines, "returns": shop.tables["returns"].iloc[:0]}, shop.windows)
    assert lines["customer_id"][0] == shopper_of(few).customer_id
