from __future__ import annotations

import numpy as np

from domain.policy import Policy, parse_policy
from features.shop import Shop
from tests.support.moments import line, moment, product, sent_back, shop_tables
from training.money import at_stake
from training.rows import labelled

POLICY = """
[shop]
time_zone = "UTC"
[returns]
window_days = 14
[vat]
rate = 0.25
[vat.by_country]
US = 0.0
[economics]
preset = "eu_fashion_ehi2023"
[exchange]
"""


def _policy() -> Policy:
    return parse_policy(POLICY)


def _stake(*lines: dict[str, object]) -> tuple[list[bool], list[int], list[int]]:
    products = [product("s1-38", unit_cost=2000), product("s2-40")]
    tables = shop_tables(products=products, order_lines=lines, returns=[sent_back("l1", "2024-01-05", "2024-01-08")])
    shop = Shop.of(tables, {"": 14}, now=moment("2024-03-01"))
    priced, kept, lost = at_stake(labelled("return", shop), tables["products"], _policy())
    return priced.tolist(), kept.tolist(), lost.tolist()


def test_margin_and_loss_are_those_of_the_policy_net_of_vat() -> None:
    # 50.00 net 40.00; fee 0.75; shipping 3.90; return 7.50; resale loss (1 - (0.625 + 0.375 * 0.5)) * 40.00 = 7.50
    assert ([True], [4000 - 2000 - 390 - 75], [390 + 75 + 750 + 750]) == _stake(line("l1", "2024-01-01", unit_price=5000))


def test_every_market_has_its_own_vat_and_lines_keep_their_order() -> None:
    in_us = line("l2", "2024-01-02", unit_price=5000, country="US")
    in_de = [line(name, day, unit_price=5000, country="DE") for name, day in (("l1", "2024-01-01"), ("l3", "2024-01-03"))]
    _, kept, lost = _stake(in_de[0], in_us, in_de[1])
    assert [1535, 1535 + 1000, 1535] == kept
    assert lost[0] == lost[2] < lost[1]


def test_a_line_counts_with_its_quantity() -> None:
    _, kept, lost = _stake(line("l1", "2024-01-01", unit_price=5000, quantity=3))
    assert ([3 * 1535], [3 * 1965]) == (kept, lost)


def test_lines_without_a_price_are_left_out_and_an_unknown_cost_is_the_policys_share() -> None:
    without = line("l2", "2024-01-02", unit_price=None)
    priced, kept, _ = _stake(line("l1", "2024-01-01", unit_price=5000), without, line("l3", "2024-01-03", unit_price=5000, sku="s2-40"))
    share = _policy().economics(None).unit_cost_share
    assert [True, False, True] == priced
    assert [1535, round(4000 * (1 - share)) - 390 - 75] == kept


def test_a_shop_without_prices_has_nothing_at_stake() -> None:
    priced, kept, lost = _stake(line("l1", "2024-01-01", unit_price=None))
    assert ([False], [], []) == (priced, kept, lost)
    assert not np.any(priced)
