from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import today
from features.catalogue import Values
from features.measures import LOOKS
from features.today import KINDS, LATEST, Askers, Moves, in_order, latest_moves, today_inputs, windows
from features.today_features import today as declared
from features.today_looks import looks_viewed
from tests.support.tiny_shops import Row
from tests.support.today_oracle import PRODUCTS, coded, slowly

SECOND = 1_000_000
MINUTE = 60 * SECOND
MIDNIGHT = 20_000 * 24 * 60 * MINUTE
NOON = MIDNIGHT + 12 * 60 * MINUTE

FEW = settings(max_examples=50, deadline=None)
_AFTER_MIDNIGHT = [-1, 0, 0, 1, 5 * SECOND, 5 * SECOND + 3, MINUTE, 11 * MINUTE, 11 * MINUTE, 12 * MINUTE + 7, 300 * MINUTE]
_TIMES = st.sampled_from(_AFTER_MIDNIGHT).map(lambda us: MIDNIGHT + us)
_WHO = st.sampled_from(["c1", "c1", "c2", None])
_SKU = st.sampled_from([*PRODUCTS, "unheard-of", None])
_MOVE = st.fixed_dictionaries({"customer": _WHO, "us": _TIMES, "kind": st.sampled_from(["view", "view", *KINDS]), "sku": _SKU})
_ROW = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["c1", "c1", "c2", "c3", None]),
        "us": _TIMES,
        "midnight_us": st.sampled_from([MIDNIGHT, MIDNIGHT, MIDNIGHT + MINUTE]),
        "sku": _SKU,
    }
)
MOVES = st.lists(_MOVE, max_size=14).map(lambda moves: [{"id": f"e{number}", **move} for number, move in enumerate(moves)])
ROWS = st.lists(_ROW, min_size=1, max_size=8)


def inputs(moves: list[Row], rows: list[Row]) -> dict[str, Values]:
    return today_inputs(*coded(moves, rows))


def did(kind: str, sku: str | None, minute: float, customer: str | None = "c1") -> Row:
    us = MIDNIGHT + round(minute * MINUTE)
    return {"id": f"{minute}-{kind}-{sku}-{customer}", "customer": customer, "us": us, "kind": kind, "sku": sku}


def asks(sku: str | None, minute: float, customer: str | None = "c1") -> Row:
    return {"customer": customer, "us": MIDNIGHT + round(minute * MINUTE), "midnight_us": MIDNIGHT, "sku": sku}


@contextmanager
def bounds(latest: int = LATEST, pairs: int = today.PAIRS) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(today, "LATEST", latest)
        patch.setattr(today, "PAIRS", pairs)
        yield


def test_a_day_in_words() -> None:
    moves = [
        did("search", None, 1),
        did("view", "s1-38", 2),  # for 1 minute
        did("view", "s1-40,5", 3),  # for 3 minutes
        did("size_guide", "s1-40,5", 6),
        did("basket", "s1-40,5", 7),
        did("view", "s3", 8),  # for 10 minutes and no more, until the row's moment
    ]
    found = {name.removeprefix("today."): values.tolist() for name, values in inputs(moves, [asks("s1-40,5", 30), asks("s3", 30)]).items()}
    expected = {
        "moves": [6, 6],
        "searches": [1, 1],
        "styles_viewed": [2, 2],
        "minutes_since_first_move": [29, 29],
        "minutes_since_last_move": [22, 22],
        "style_views": [2, 1],
        "style_skus_viewed": [2, 1],
        "style_dwell_s": [240, 600],
        "style_size_guides": [1, 0],
        "sku_dwell_s": [180, 600],
        "sku_basket_net": [1, 0],
        "category_views": [2, 1],
        "brand_views": [3, 3],
    }
    assert expected == {name: found[name] for name in expected}
    assert [40.5 - (38 * 1 + 40.5 * 3) / 4, 0.0] == found["size_vs_dwelt"]


def test_nothing_is_known_of_an_unknown_shopper() -> None:
    moves, rows = coded([did("view", "s3", 1, None)], [asks("s3", 2, None)])
    assert {True} == {bool(np.isnan(values).all()) for values in today_inputs(moves, rows).values()}
    assert 0 == len(latest_moves(moves).who)


def test_a_shopper_who_did_nothing_today_has_counts_of_0_and_no_times() -> None:
    found = {name: values.item() for name, values in inputs([], [asks("s3", 2)]).items()}
    missing = {name for name, value in found.items() if np.isnan(value)}
    assert {"today.minutes_since_first_move", "today.minutes_since_last_move", "today.size_vs_dwelt"} == missing
    assert {0.0} == {value for name, value in found.items() if name not in missing}


def test_of_an_unknown_sku_only_the_day_is_known() -> None:
    found = {name: values.item() for name, values in inputs([did("view", "s3", 1)], [asks("unheard-of", 2)]).items()}
    about_offers = ("today.style_", "today.sku_", "today.category_", "today.brand_", "today.size_vs")
    assert {name for name in found if name.startswith(about_offers)} == {name for name, value in found.items() if np.isnan(value)}


def test_rows_of_one_moment_in_two_markets_have_their_own_midnights() -> None:
    rows = [asks("s3", 9), {**asks("s3", 9), "midnight_us": MIDNIGHT + 5 * MINUTE}, asks("s3", 9)]
    assert [1.0, 0.0, 1.0] == inputs([did("view", "s3", 2)], rows)["today.views"].tolist()


def test_views_of_one_shopper_are_no_other_ones() -> None:
    found = inputs([did("view", "s1-38", 1, "c2")], [asks("s2-m", 2, "c1"), asks("s1-m", 2, "c2")])
    assert [0.0, 1.0] == found["today.style_views"].tolist()


@pytest.mark.parametrize(("viewed", "offered"), [("s3", "s2-m"), ("s1-38", "s1-m"), ("s1-m", "s2-m"), ("s2-m", "s2b"), ("s2b", "s2-m")])
def test_only_sizes_of_one_style_and_one_system_are_compared(viewed: str, offered: str) -> None:
    assert np.isnan(inputs([did("view", viewed, 1)], [asks(offered, 9)])["today.size_vs_dwelt"]).all()


def test_a_sku_without_a_size_does_not_count_for_the_mean_size() -> None:
    found = inputs([did("view", "s1-38", 1), did("view", "s1-one", 2)], [asks("s1-40,5", 3)])
    assert [2.5] == found["today.size_vs_dwelt"].tolist()


def test_no_rows_have_no_values() -> None:
    assert {0} == {len(values) for values in inputs([did("view", "s3", 1)], []).values()}


@FEW
@given(MOVES, ROWS, st.sampled_from([1, 2, 4, LATEST]), st.sampled_from([1, 5, today.PAIRS]))
def test_the_inputs_are_those_of_the_oracle(moves: list[Row], rows: list[Row], latest: int, pairs: int) -> None:
    with bounds(latest, pairs):
        np.testing.assert_equal(slowly(moves, rows), inputs(moves, rows))


@FEW
@given(MOVES, ROWS, _MOVE, st.integers(0, 2))
def test_a_move_at_the_rows_moment_or_later_changes_nothing(moves: list[Row], rows: list[Row], move: Row, later: int) -> None:
    after = {**move, "id": "after", "us": max(row["us"] for row in rows) + later}
    np.testing.assert_equal(inputs(moves, rows), inputs([*moves, after], rows))


@FEW
@given(MOVES, ROWS, _MOVE)
def test_moves_of_others_and_of_yesterday_change_nothing(moves: list[Row], rows: list[Row], move: Row) -> None:
    others = [{**move, "id": "other", "customer": "somebody else"}, {**move, "id": "unknown", "customer": None}]
    yesterday = {**move, "id": "yesterday", "us": MIDNIGHT - 1}
    np.testing.assert_equal(inputs(moves, rows), inputs([*others, yesterday, *moves], rows))


@FEW
@given(MOVES.flatmap(lambda moves: st.tuples(st.just(moves), st.permutations(moves))), ROWS)
def test_the_order_of_the_moves_does_not_matter(both: tuple[list[Row], list[Row]], rows: list[Row]) -> None:
    as_given, shuffled = both
    np.testing.assert_equal(inputs(as_given, rows), inputs(shuffled, rows))


@FEW
@given(MOVES, ROWS, st.integers(1, 6))
def test_rows_asked_one_by_one_are_those_asked_together(moves: list[Row], rows: list[Row], pairs: int) -> None:
    singly = [inputs(moves, [row]) for row in rows]
    with bounds(pairs=pairs):
        together = inputs(moves, rows)
    np.testing.assert_equal({name: np.concatenate([one[name] for one in singly]) for name in together}, together)


@FEW
@given(MOVES, ROWS, st.integers(1, 5))
def test_the_latest_moves_are_enough_for_rows_after_them(moves: list[Row], rows: list[Row], latest: int) -> None:
    after = [{**row, "us": NOON} for row in rows]
    everything, asked = coded(moves, after)
    with bounds(latest):
        kept = latest_moves(everything)
        np.testing.assert_equal(today_inputs(everything, asked), today_inputs(kept, asked))
        assert latest >= np.unique(kept.who, return_counts=True)[1].max(initial=0)


def test_only_the_latest_moves_of_a_day_count() -> None:
    moves = [did("view", "s1-38" if number < 3 else "s3", number) for number in range(LATEST + 3)]
    rows = [asks("s1-38", 500), asks("s3", 500)]
    found = inputs(moves, rows)
    np.testing.assert_equal(inputs(moves[3:], rows), found)
    assert [0.0, LATEST] == found["today.style_views"].tolist()


def test_a_bot_costs_no_more_than_a_keen_shopper() -> None:
    bot = _many(100_000)
    start, end = windows(in_order(bot), _asked_at([MIDNIGHT, NOON, NOON + 1]))
    assert [0, LATEST, LATEST] == (end - start).tolist()
    assert LATEST == len(latest_moves(bot).who)


@pytest.mark.parametrize("moves_each", [0, LATEST])
def test_parts_hold_about_as_many_askings_and_pairs_as_they_should(moves_each: int) -> None:
    with bounds(pairs=1000):
        parts = list(today._parts(np.full(5000, moves_each)))
    assert (0, 5000) == (parts[0][0], parts[-1][1])
    assert 1000 + LATEST >= max(high - low for low, high in parts) * (moves_each + 1)


def test_every_input_is_read_by_a_feature_and_every_feature_reads_today() -> None:
    read = {name for feature in declared.features for name in feature.reads if name.startswith("today.")}
    looks = looks_viewed(*coded([], [asks("s3", 1)]), np.full((9, len(LOOKS)), np.nan))
    assert {*inputs([], [asks("s3", 1)]), *looks} == read
    assert {True} == {feature.name.startswith("today_") for feature in declared.features}
    assert {("today", "personalisation")} == {(feature.kind, feature.purpose) for feature in declared.features}


def test_no_feature_is_another_one_up_to_a_constant() -> None:
    random = np.random.default_rng(7)
    skus = [*PRODUCTS, None]
    moves = [did(KINDS[random.integers(8)], skus[random.integers(len(skus))], minute, f"c{random.integers(19)}") for minute in range(600)]
    rows = [asks(skus[number % 7], 600, f"c{number % 19}") for number in range(133)]
    values = inputs(moves, rows)
    of_moves = [feature for feature in declared.features if set(feature.reads) <= set(values)]
    alike = pd.DataFrame({feature.name: feature.formula(values) for feature in of_moves}).corr().abs().to_numpy()
    assert 0.999 > (alike - np.eye(len(alike))).max()


def test_the_share_of_dwell_is_the_skus_of_its_styles() -> None:
    formula = next(feature.formula for feature in declared.features if feature.name == "today_sku_share_of_dwell")
    found = inputs([did("view", "s1-38", 1), did("view", "s1-m", 2)], [asks("s1-38", 5), asks("s1-m", 5), asks("s3", 5)])
    np.testing.assert_equal(formula(found), [0.25, 0.75, np.nan])


def _many(count: int) -> Moves:
    same = np.zeros(count, dtype="int64")
    times = MIDNIGHT + np.arange(count, dtype="int64") * SECOND // 10
    return Moves(same, times, same, same, same, same, same, same, np.full(count, np.nan), np.arange(count))


def _asked_at(times: list[int]) -> Askers:
    same = np.zeros(len(times), dtype="int64")
    asked = Askers(same, same, same + MIDNIGHT, same, same, same, same, same, np.full(len(times), np.nan))
    return dataclasses.replace(asked, us=np.array(times, dtype="int64"))
