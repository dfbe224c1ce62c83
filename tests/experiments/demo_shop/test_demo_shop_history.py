from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.demo_shop import ShopSettings, generate
from experiments.demo_shop.arrays import DAY
from experiments.demo_shop.choosing import appeal
from experiments.demo_shop.history import Frames, Shop, State, as_known, browsed_before, candidates, joined, logged_day, written_down
from experiments.demo_shop.orders import NOT_SHOWN, Shown, shop_on

SETTINGS = ShopSettings(seed=7, customers=1_500, styles=40, days=60)
FIRST_DAYS, FROM, UNTIL = 20, 40, 50
KEYS = {
    "order_lines": ["line_id"],
    "returns": ["return_id", "known_at"],
    "fit_feedback": ["line_id"],
    "events": ["event_id"],
    "impressions": ["request_id", "position"],
    "tickets": ["ticket_id"],
    "stock": ["at", "sku"],
    "truth": ["line_id"],
}


def _days(shop: Shop, state: State, days: range) -> dict[str, pd.DataFrame]:
    return joined([logged_day(shop, state, day)[1] for day in days])


def _same(one: Frames, other: Frames) -> None:
    assert set(one) == set(other)
    for name, frame in one.items():
        key = KEYS.get(name, list(frame.columns))
        ours, theirs = (told.sort_values(key, ignore_index=True) for told in (frame, other[name]))
        pd.testing.assert_frame_equal(ours, theirs, obj=name)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.of(SETTINGS)


@pytest.fixture(scope="module")
def whole(shop: Shop) -> dict[str, pd.DataFrame]:
    """All that is ever told of the first days."""
    return _days(shop, State.of(shop), range(FROM))


def test_the_same_days_are_told_the_same_again(whole: Frames) -> None:
    again = Shop.of(SETTINGS)

    _same(whole, _days(again, State.of(again), range(FROM)))


def test_days_told_together_are_the_days_told_one_by_one(shop: Shop) -> None:
    one_by_one = _days(shop, State.of(shop), range(SETTINGS.days))
    together = generate(SETTINGS)

    last_count = together.tables["stock"]["at"] < together.tables["stock"]["at"].max()
    told = {**together.tables, "stock": together.tables["stock"][last_count]}

    for name, frame in as_known({name: days for name, days in one_by_one.items() if name != "truth"}, SETTINGS.end).items():
        ours, theirs = (table.sort_values(KEYS[name], ignore_index=True)[list(frame.columns)] for table in (frame, told[name]))
        pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, obj=name)


def test_what_is_known_of_the_first_days_does_not_depend_on_those_that_follow(shop: Shop, whole: Frames) -> None:
    """But for what later visitors did on the days before their visits."""
    few, at = _days(shop, State.of(shop), range(FIRST_DAYS)), shop.begins(FIRST_DAYS)
    ours = whole["events"][whole["events"]["session_id"].isin(few["events"]["session_id"])].reset_index(drop=True)
    first, later = (
        as_known({name: told for name, told in days.items() if name != "truth"}, at) for days in (few, {**whole, "events": ours})
    )

    _same(first, later)


MIDDAY = 15 * DAY + 15 * 3_600 + 1_234


@pytest.mark.parametrize("after", [10 * DAY, MIDDAY, 25 * DAY])
def test_what_becomes_known_never_changes_what_was_known(shop: Shop, whole: Frames, after: int) -> None:
    tables = {name: told for name, told in whole.items() if name != "truth"}
    for later in (MIDDAY, 30 * DAY, 90 * DAY):
        if later >= after:
            _same(as_known(tables, shop.begins(0) + after), as_known(as_known(tables, shop.begins(0) + later), shop.begins(0) + after))


@pytest.mark.parametrize("after", [MIDDAY, 25 * DAY])
def test_nothing_is_known_before_it_happens(shop: Shop, whole: Frames, after: int) -> None:
    moment = pd.Timestamp(shop.begins(0) + after, unit="s", tz="UTC")
    known = as_known({name: told for name, told in whole.items() if name != "truth"}, shop.begins(0) + after)

    for name, frame in known.items():
        for column in frame.select_dtypes("datetimetz"):
            if column != "promised_at":
                assert not (frame[column] >= moment).any(), (name, column)
    assert known["impressions"]["line_id"].dropna().isin(known["order_lines"]["line_id"]).all()
    assert known["returns"].loc[known["returns"]["received_at"].isna(), ["condition", "refund"]].isna().all(axis=None)


def _another_policy(shop: Shop, state: State, day: int) -> Frames:
    """What was found first is shown first."""
    state.stock.receive(shop.begins(day), day)
    visits = shop.visits(day, state.visits)
    state.visits += len(visits)
    sizes, offered = candidates(shop, state, visits)
    order = np.argsort(~offered, axis=1, kind="stable")[:, :12]
    shown = Shown(np.where(np.take_along_axis(offered, order, axis=1), order, NOT_SHOWN), np.ones(order.shape), "as_found")
    world, units, v = (
        shop.settings.world,
        state.stock.units.copy(),
        appeal(shop.settings.world.visits, shop.people, shop.assortment, visits),
    )
    happened = shop_on(world, shop.assortment, shop.noise, visits, sizes, v, shown, state.stock, state.experience)
    return written_down(shop, happened, day, units, browsed_before(shop, visits, v))


@pytest.fixture(scope="module")
def two_policies(shop: Shop) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The same ten days under the logging policy and under another one, after the same past."""
    past = State.of(shop)
    for day in range(FROM):
        logged_day(shop, past, day)
    one, other = past.copy(), past.copy()
    days = range(FROM, UNTIL)
    return _days(shop, one, days), joined([_another_policy(shop, other, day) for day in days])


def test_the_same_visitors_come_whatever_is_shown(two_policies: tuple[Frames, Frames]) -> None:
    one, other = (told["impressions"].groupby("request_id")[["customer_id", "at"]].first() for told in two_policies)
    before, others_before = (told["events"][told["events"]["kind"].isin(["search", "wishlist"])] for told in two_policies)

    assert len(one) > 300
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(before.reset_index(drop=True), others_before.reset_index(drop=True))


def test_what_is_shown_differs(two_policies: tuple[Frames, Frames]) -> None:
    one, other = (told["impressions"].groupby("request_id")["sku"].first() for told in two_policies)

    assert (one != other).mean() > 0.5


def test_the_same_thing_ordered_in_the_same_visit_has_the_same_fate(two_policies: tuple[Frames, Frames]) -> None:
    def lines(told: Frames) -> pd.DataFrame:
        first = told["returns"].drop_duplicates("return_id").drop(columns=["quantity", "known_at"])
        every = told["order_lines"].merge(told["truth"], on="line_id").merge(first, on="line_id", how="left")
        verdicts = told["fit_feedback"].drop(columns=["customer_id", "sku"])
        alone = every[~every["bracketed"]].merge(verdicts, on="line_id", how="left", suffixes=("", "_said"))
        return alone.drop(columns=["line_id", "return_id"]).set_index(["order_id", "sku"]).sort_index()

    one, other = (lines(told) for told in two_policies)
    both = one.index.intersection(other.index)

    assert 30 < len(both) < len(one)
    pd.testing.assert_frame_equal(one.loc[both], other.loc[both])
    assert one.loc[both, "returned"].any()
