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


def test_there_are_three_to_six_events_per_visit(shop: DemoShop) -> None:
    assert 3 <= len(shop.tables["events"]) / shop.tables["impressions"]["request_id"].nunique() <= 6


def test_a_visit_its_session_and_its_order_have_one_number(shop: DemoShop) -> None:
    impressions, lines, events = (shop.tables[name] for name in ("impressions", "order_lines", "events"))
    visit = {name: set(ids.str[1:]) for name, ids in (("ranking", impressions["request_id"]), ("order", lines["order_id"]))}
    customer = impressions.assign(session_id="b" + impressions["request_id"].str[1:]).groupby("session_id")["customer_id"].first()

    assert visit["order"] <= visit["ranking"]
    assert (impressions["session_id"].str[1:] == impressions["request_id"].str[1:]).all()
    assert (events["customer_id"] == events["session_id"].map(customer)).mean() > 0.99  # the others were shown nothing


def test_only_searches_are_about_no_sku(shop: DemoShop) -> None:
    events = shop.tables["events"]
    assert {"search"} == set(events.loc[events["sku"].isna(), "kind"])
    assert events.loc[events["kind"] == "search", "sku"].isna().all()


def test_a_search_comes_shortly_before_the_ranking(shop: DemoShop, events: pd.DataFrame) -> None:
    asked = shop.tables["impressions"].groupby("session_id")["at"].first()
    searches = events[(events["kind"] == "search") & events["session_id"].isin(asked.index)]
    before = (searches["session_id"].map(asked) - searches["at"]).dt.total_seconds()

    assert before.between(5, 120).all()


def test_wishes_and_first_looks_come_before_the_ranking_and_baskets_after(shop: DemoShop, events: pd.DataFrame) -> None:
    asked = events["session_id"].map(shop.tables["impressions"].groupby("session_id")["at"].first())
    hours = (events["at"] - asked).dt.total_seconds() / 3_600

    assert hours[events["kind"] == "wishlist"].dropna().between(-45, -25.9).all()
    assert hours[events["kind"] == "view"].dropna().between(-5.01, 50 / 60).all()
    assert hours[events["kind"].isin(["basket", "remove_from_basket"])].dropna().between(0, 50 / 60).all()


def test_nothing_that_an_order_leads_to_comes_before_the_ranking_that_led_to_the_order(
    shop: DemoShop, events: pd.DataFrame, ordered: pd.DataFrame
) -> None:
    """Or the ranking would be shown its own effect."""
    asked = events["session_id"].map(shop.tables["impressions"].groupby("session_id")["at"].first())
    number = events["event_id"].str[1:].astype("int64") % 1_024
    about_a_line = number >= 256

    assert about_a_line.sum() > len(ordered)
    assert (events["at"] > asked)[about_a_line].all()


def test_what_is_ordered_was_looked_at_before_more_often_than_what_else_was_shown(shop: DemoShop, events: pd.DataFrame) -> None:
    shown = shop.tables["impressions"].merge(shop.tables["products"][["sku", "style_id"]], on="sku")
    views = events[events["kind"] == "view"].merge(shown.groupby("session_id")["at"].first().rename("asked"), on="session_id")
    before = views[views["at"] < views["asked"]][["session_id", "style_id"]].drop_duplicates().assign(looked=True)
    looked = shown.merge(before, on=["session_id", "style_id"], how="left")["looked"].notna()

    assert looked[shown["line_id"].notna()].mean() > 2 * looked[shown["line_id"].isna()].mean()


def test_clicks_are_views_of_what_was_shown(shop: DemoShop, events: pd.DataFrame) -> None:
    clicked = shop.tables["impressions"].dropna(subset="clicked_at")
    views = events.loc[events["kind"] == "view", ["session_id", "sku", "at"]].assign(there=True)
    found = clicked.merge(views, left_on=["session_id", "sku", "clicked_at"], right_on=["session_id", "sku", "at"], how="left")

    assert len(clicked) > 1_000
    assert found["there"].notna().all()


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
    people, assortment = shop.truth.shop.people, shop.truth.shop.assortment
    who, what = (
        pd.Index(known).get_indexer(pd.Index(asked))
        for known, asked in ((people.ids, compared["customer_id"]), (assortment.skus, compared["sku"]))
    )
    at = np.full(len(who), shop.truth.shop.settings.start)
    fits = fit_of(people, assortment, who, what, at).feels[:, FITS]

    assert np.mean(compared["stay"][fits > 0.8]) > 2 * np.mean(compared["stay"][fits < 0.2])


def test_the_stay_tells_whether_the_ordered_size_is_kept(compared: pd.DataFrame, ordered: pd.DataFrame) -> None:
    whole = compared.groupby(["session_id", "style_id"])["stay"].transform("sum")
    shares = compared.assign(share=compared["stay"] / whole).merge(ordered, on=["session_id", "style_id", "sku"])
    share = shares.groupby("returned")["share"].mean()

    assert share[False] > share[True] + 0.03
