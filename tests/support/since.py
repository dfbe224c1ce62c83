"""What a shop learned on a day, as the service is told it: the tables that a snapshot joins with what was known before."""

from __future__ import annotations

import pandas as pd

from domain.known import known_since
from domain.tables import Tables
from features.clock import midnight
from features.shop import Shop

_HAPPENED = {"events": "at", "preferences": "stated_at", "consents": "at", "returns": "requested_at", "order_lines": "ordered_at"}


def since(shop: Shop, day: int, *, customer_id: str | None = None) -> dict[str, pd.DataFrame]:
    """What became known on a day, since its midnight and before the next.

    Args:
        shop: the shop.
        day: since 1970-01-01 on the shop's clock.
        customer_id: only what concerns this customer; by default everybody.

    Returns:
        Tables of the contract; with the returns come what was told of them before and the lines that they are about.
    """
    tables = {name: shop.tables[name] for name in _HAPPENED if name in shop.tables}
    told = {name: frame[_between(_known(frame, name), shop, day)] for name, frame in tables.items()}
    returns, lines = tables["returns"], tables["order_lines"]
    told["returns"] = returns[
        returns["return_id"].isin(told["returns"]["return_id"]) & (_known(returns, "returns") < midnight(day + 1, shop.zone))
    ]
    told["order_lines"] = lines[lines["line_id"].isin([*told["order_lines"]["line_id"], *told["returns"]["line_id"]])]
    return told if customer_id is None else _of(told, customer_id)


def _known(frame: pd.DataFrame, name: str) -> pd.Series:
    happened = _HAPPENED[name]
    return known_since(frame, happened) if "known_at" in frame.columns else frame[happened]


def _between(moments: pd.Series, shop: Shop, day: int) -> pd.Series:
    within: pd.Series = (moments >= midnight(day, shop.zone)) & (moments < midnight(day + 1, shop.zone))
    return within


def _of(told: Tables, customer_id: str) -> dict[str, pd.DataFrame]:
    lines = told["order_lines"][told["order_lines"]["customer_id"] == customer_id]
    own = {name: frame[frame["customer_id"] == customer_id] for name, frame in told.items() if name != "returns"}
    return {**own, "returns": told["returns"][told["returns"]["line_id"].isin(lines["line_id"])]}
