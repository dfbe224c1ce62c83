from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.demo_shop import DemoShop
from experiments.demo_shop.fit import FITS, fit_of


@pytest.fixture(scope="module")
def events(shop: DemoShop) -> pd.DataFrame:
    """Events in the order of their sessions, with their style and the seconds until the session's next event."""
    told = shop.tables["events"].merge(shop.tables["products"][["sku", "style_id"]], on="sku", how="left")
    told = told.sort_values(["session_id", "at"], kind="stable", ignore_index=True)
    following = told.groupby("session_id")["at"].shift(-1)
    return told.assign(stay=(following - told["at"]).dt.total_seconds())


@pytest.fixture(scope="module")
def ordered(lines: pd.DataFrame) -> pd.DataFrame:
    """Order lines with the session that led to them."""
    return lines.assign(session_id="b" + lines["order_id"].str[1:])


@pytest.fixture(scope="module")
def compared(events: pd.DataFrame) -> pd.DataFrame:
    """Seconds stayed at each size, where a session has looked at several of a style."""
    views = events[(events["kind"] == "view") & (events["stay"] < 420)]
    stays = views.groupby(["customer_id", "session_id", "style_id", "sku"])["stay"].sum().reset_index()
    return stays[stays.groupby(["session_id", "style_id"])["sku"].transform("size") > 1]


def test_there_are_five_to_nine_events_per_order(shop: DemoShop) -> None:
    assert 5 <= len(shop.tables["events"]) / shop.tables["order_lines"]["order_id"].nunique() <= 9


def test_only_searches_are_about_no_sku(shop: DemoShop) -> None:
    events = shop.tables["events"]
    assert {"search"} == set(events.loc[events["sku"].isna(), "kind"])
    assert events.loc[events["kind"] == "search", "sku"].isna().all()


def test_a_search_comes_shortly_before_a_view(events: pd.DataFrame) -> None:
    searched = events["kind"] == "search"
    assert (events.loc[searched, "stay"] <= 120).mean() > 0.95


def test_what_stays_in_the_basket_leads_to_an_order_of_the_same_sku(shop: DemoShop, events: pd.DataFrame) -> None:
    taken_out = events.loc[events["kind"] == "remove_from_basket", ["session_id", "sku"]].assign(taken_out=True)
    baskets = events[events["kind"] == "basket"].merge(taken_out, on=["session_id", "sku"], how="left")
    orders = shop.tables["order_lines"].groupby(["customer_id", "sku"])["ordered_at"].max()
    left = baskets[baskets["taken_out"].isna()].join(orders, on=["customer_id", "sku"])

    assert (left["at"] <= left["ordered_at"]).all()


def test_what_is_taken_out_of_the_basket_lay_in_it_and_is_another_size_of_what_is_ordered(
    events: pd.DataFrame, ordered: pd.DataFrame
) -> None:
    out = events[events["kind"] == "remove_from_basket"]
    put = events[events["kind"] == "basket"].rename(columns={"at": "put_at"})[["session_id", "sku", "put_at"]]
    pairs = out.merge(put, on=["session_id", "sku"], how="left").merge(
        ordered[["session_id", "style_id", "sku"]], on=["session_id", "style_id"]
    )

    assert len(out) > 50
    assert set(out["event_id"]) == set(pairs["event_id"])
    assert (pairs["put_at"] < pairs["at"]).all()
    assert (pairs["sku_x"] != pairs["sku_y"]).all()


def test_the_sizes_of_many_ordered_styles_are_compared_before_the_order(
    events: pd.DataFrame, compared: pd.DataFrame, ordered: pd.DataFrame
) -> None:
    styles = ordered[ordered["size"].notna()].drop_duplicates(["session_id", "style_id"])
    seen = compared.groupby(["session_id", "style_id"])["sku"].nunique().rename("sizes").reset_index()
    joined = styles.merge(seen, on=["session_id", "style_id"])
    last = events[events["kind"] == "view"].groupby(["session_id", "style_id"])["at"].max().rename("last_view").reset_index()
    times = joined.merge(last, on=["session_id", "style_id"])

    assert 0.2 < len(joined) / len(styles) < 0.5
    assert 3 <= joined["sizes"].median() <= 5
    assert (times["last_view"] < times["ordered_at"]).all()


def test_customers_stay_longer_at_sizes_that_would_fit(shop: DemoShop, compared: pd.DataFrame) -> None:
    people, assortment = shop.truth.people, shop.truth.assortment
    who, what = (
        pd.Index(known).get_indexer(pd.Index(asked))
        for known, asked in ((people.ids, compared["customer_id"]), (assortment.skus, compared["sku"]))
    )
    fits = fit_of(people, assortment, who, what).feels[:, FITS]

    assert np.mean(compared["stay"][fits > 0.8]) > 2 * np.mean(compared["stay"][fits < 0.2])


def test_the_stay_tells_whether_the_ordered_size_is_kept(compared: pd.DataFrame, ordered: pd.DataFrame) -> None:
    whole = compared.groupby(["session_id", "style_id"])["stay"].transform("sum")
    shares = compared.assign(share=compared["stay"] / whole).merge(ordered, on=["session_id", "style_id", "sku"])
    share = shares.groupby("returned")["share"].mean()

    assert share[False] > share[True] + 0.03
