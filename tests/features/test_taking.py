"""A snapshot made from the night before equals one made from all facts, and is only made where the past has not changed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SnapshotRefused
from features.keyed import hash_texts
from features.nights import LATEST, nights, take_night
from features.shop import Shop
from features.snapshot import Snapshot, load_snapshot
from features.taking import PastChanged, take_next, take_snapshot
from tests.support.moments import line, moment, product, sent_back
from tests.support.tiny_shops import QUICK, START, TinyShop, day_of, tiny_shops
from tests.support.told_facts import shop_of


def same_content(expected: Snapshot, found: Snapshot) -> None:
    assert set(expected.state) == set(found.state)
    for name, stack in expected.state.items():
        whole, other = stack.whole(), found.state[name].whole()
        np.testing.assert_array_equal(whole.keys, other.keys, err_msg=name)
        np.testing.assert_array_equal(whole.numbers, other.numbers, err_msg=name)
    for name in ("keys", "flags", "numbers", "occasion", "words"):
        np.testing.assert_array_equal(getattr(expected.people, name), getattr(found.people, name))
    np.testing.assert_array_equal(expected.people.sizes.numbers, found.people.sizes.numbers)
    assert expected.stock == found.stock


@given(tiny=tiny_shops(), gaps=st.lists(st.sampled_from([1, 1, 2, 10, 31, 92, 370]), min_size=2, max_size=4))
@QUICK
def test_night_after_night_gives_what_all_facts_give(tiny: TinyShop, gaps: list[int]) -> None:
    shop = tiny.shop()
    day, last = day_of(START, tiny.zone) + 1, None
    with tempfile.TemporaryDirectory() as scratch:
        for number, gap in enumerate([0, *gaps]):
            day = min(day + gap, shop.today)
            folder = Path(scratch) / str(number)
            if last is None or load_snapshot(last).day == day:
                take_snapshot(shop, folder, day=day)
            else:
                take_next(shop, folder, last, day=day)
            take_snapshot(shop, Path(scratch) / "full", day=day)
            same_content(load_snapshot(Path(scratch) / "full"), load_snapshot(folder))
            last = folder


@pytest.fixture
def night(shop: Shop, tmp_path: Path) -> Path:
    take_snapshot(shop, tmp_path / "last", day=shop.today - 3)
    return tmp_path / "last"


def test_a_night_of_the_demo_shop_from_the_last_equals_a_full_one(shop: Shop, night: Path, tmp_path: Path) -> None:
    take_next(shop, tmp_path / "next", night, day=shop.today)
    take_snapshot(shop, tmp_path / "full", day=shop.today)
    same_content(load_snapshot(tmp_path / "full"), load_snapshot(tmp_path / "next"))


def test_what_did_not_change_is_linked_and_not_written_again(shop: Shop, night: Path, tmp_path: Path) -> None:
    take_next(shop, tmp_path / "next", night, day=shop.today - 2)
    old, new = (folder / "histories" / "style_size" / "0" / "keys.npy" for folder in (night, tmp_path / "next"))
    assert old.stat().st_ino == new.stat().st_ino


def changed(shop: Shop, table: str, column: str, value: object) -> Shop:
    frame = shop.tables[table].copy()
    frame[column] = frame[column].where(np.arange(len(frame)) > 0, value)
    return Shop.of({**shop.tables, table: frame}, shop.windows, now=shop.now, zone=shop.zone)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("order_lines", "unit_price", 1),
        ("fit_feedback", "verdict", "large"),
        ("events", "sku", None),
        ("tickets", "topic", "other"),
        ("preferences", "value", "1"),
        ("products", "category", "another"),
        ("products", "material", "another"),
        ("products", "price", 1),
        ("products", "looks", "1 2 3 4"),
    ],
)
def test_a_row_of_the_past_that_reads_otherwise_is_noticed(
    shop: Shop, night: Path, tmp_path: Path, table: str, column: str, value: object
) -> None:
    with pytest.raises(PastChanged, match=f"{table}: what was known before"):
        take_next(changed(shop, table, column, value), tmp_path / "next", night, day=shop.today)
    assert not (tmp_path / "next").exists()


def test_a_row_of_the_past_that_is_gone_or_new_is_noticed(shop: Shop, night: Path, tmp_path: Path) -> None:
    less = Shop.of({**shop.tables, "events": shop.tables["events"].iloc[1:]}, shop.windows, now=shop.now, zone=shop.zone)
    with pytest.raises(PastChanged, match="events"):
        take_next(less, tmp_path / "next", night, day=shop.today)
    twice = pd.concat([shop.tables["events"].iloc[:1].assign(event_id="new"), shop.tables["events"]], ignore_index=True)
    more = Shop.of({**shop.tables, "events": twice}, shop.windows, now=shop.now, zone=shop.zone)
    with pytest.raises(PastChanged, match="events"):
        take_next(more, tmp_path / "next", night, day=shop.today)


def test_what_is_told_late_and_a_new_sku_leave_the_past_as_it_was(shop: Shop, night: Path, tmp_path: Path) -> None:
    at = load_snapshot(night).at
    late = shop.tables["events"].iloc[:1].assign(event_id="late", known_at=at + pd.Timedelta(hours=1))
    new = shop.tables["products"].iloc[:1].assign(sku="new")
    tables = {
        "events": pd.concat([shop.tables["events"], late.astype(shop.tables["events"].dtypes.to_dict())], ignore_index=True),
        "products": pd.concat([shop.tables["products"], new], ignore_index=True),
    }
    more = Shop.of({**shop.tables, **tables}, shop.windows, now=shop.now, zone=shop.zone)
    take_next(more, tmp_path / "next", night, day=shop.today)
    take_snapshot(more, tmp_path / "full", day=shop.today)
    same_content(load_snapshot(tmp_path / "full"), load_snapshot(tmp_path / "next"))


def test_another_list_price_changes_no_past_where_nobody_is_known_to_look_at_prices(tmp_path: Path) -> None:
    bought = [line("a", "2024-01-01"), line("b", "2024-01-20")]
    cheap, dear = (shop_of(products=[product("s1-38", price=price)], order_lines=bought) for price in (1000, 2000))
    night = day_of(moment("2024-01-17").to_pydatetime(), "UTC")
    take_snapshot(cheap, tmp_path / "last", day=night)
    take_next(dear, tmp_path / "next", tmp_path / "last", day=night + 5)
    take_snapshot(dear, tmp_path / "full", day=night + 5)
    same_content(load_snapshot(tmp_path / "full"), load_snapshot(tmp_path / "next"))


def test_another_clock_other_windows_and_other_tables_are_refused_by_name(shop: Shop, night: Path, tmp_path: Path) -> None:
    without = Shop.of({name: table for name, table in shop.tables.items() if name != "tickets"}, shop.windows, now=shop.now, zone=shop.zone)
    others = {"zone": replace(shop, zone="America/New_York"), "windows": replace(shop, windows={"": 3}), "present": without}
    for name, other in others.items():
        with pytest.raises(SnapshotRefused, match=f"another {name}"):
            take_next(other, tmp_path / "next", night, day=shop.today - 1)


def test_a_later_or_tampered_snapshot_is_no_start(shop: Shop, night: Path, tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="an earlier day"):
        take_next(shop, tmp_path / "next", night, day=shop.today - 3)
    file = night / "histories" / "style" / "0" / "numbers.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(SnapshotRefused, match=r"numbers\.npy is changed after it was sealed"):
        take_next(shop, tmp_path / "next", night, day=shop.today)


def consenting(shop: Shop, answers: dict[str, list[tuple[str, bool]]]) -> Shop:
    """The shop, had only these customers been asked, and answered so."""
    rows = [
        {"customer_id": who, "purpose": "personalisation", "granted": granted, "at": moment(at)}
        for who, given in answers.items()
        for at, granted in given
    ]
    consents = pd.DataFrame(rows).astype({"customer_id": "str", "purpose": "str"}).assign(notice_version=None)
    consents["at"] = consents["at"].astype("datetime64[us, UTC]")
    return Shop.of({**shop.tables, "consents": consents}, shop.windows, now=shop.now, zone=shop.zone)


def test_who_withdrew_is_gone_and_who_granted_is_there_with_all_the_past(shop: Shop, tmp_path: Path) -> None:
    buyers = shop.tables["order_lines"].groupby("customer_id")["ordered_at"].min().sort_values().index[:2].tolist()
    long_ago, lately = "2026-01-01", f"{load_day(shop, -1):%Y-%m-%d} 12:00"
    asked = consenting(shop, {buyers[0]: [(long_ago, True), (lately, False)], buyers[1]: [(lately, True)]})
    take_snapshot(asked, tmp_path / "last", day=shop.today - 2)
    take_next(asked, tmp_path / "next", tmp_path / "last", day=shop.today)
    take_snapshot(asked, tmp_path / "full", day=shop.today)
    same_content(load_snapshot(tmp_path / "full"), load_snapshot(tmp_path / "next"))
    known = [[load_snapshot(tmp_path / name).knows_customer(who) for who in buyers] for name in ("last", "next")]
    assert [[True, False], [False, True]] == known
    assert [False, True] == load_snapshot(tmp_path / "next").people.may_be_known(hash_texts(buyers)).tolist()


@pytest.mark.parametrize(
    "first",
    [
        line("a", "2024-01-01", delivered_at="2024-01-03"),  # its window ends
        line("a", "2024-01-03"),  # its window ends as far as can be told
        line("a", "2023-11-01", delivered_at="2024-01-17 10:00"),  # it comes after its window seemed closed
        line("a", "2024-01-17 12:00", delivered_at="2024-01-30"),
    ],
)
def test_a_line_that_nothing_is_said_of_that_night_but_its_moments_is_not_forgotten(first: dict[str, object], tmp_path: Path) -> None:
    others = [line("b", "2023-12-30", delivered_at="2024-01-01"), line("c", "2023-10-30", order_id="o-a")]
    shop = shop_of(order_lines=[first, *others], returns=[sent_back("b", "2024-01-05", "2024-01-06")])
    night = day_of(moment("2024-01-17").to_pydatetime(), "UTC")
    take_snapshot(shop, tmp_path / "last", day=night)
    take_next(shop, tmp_path / "next", tmp_path / "last", day=night + 1)
    take_snapshot(shop, tmp_path / "full", day=night + 1)
    same_content(load_snapshot(tmp_path / "full"), load_snapshot(tmp_path / "next"))
    last, following = (load_snapshot(tmp_path / name).state["style"].whole().numbers for name in ("last", "next"))
    assert not np.array_equal(last, following)


def load_day(shop: Shop, back: int) -> pd.Timestamp:
    return pd.Timestamp(shop.now) + pd.Timedelta(days=back)


def test_nights_lie_side_by_side_under_a_pointer_and_old_ones_go(shop: Shop, tmp_path: Path) -> None:
    taken = [take_night(shop, tmp_path, day=shop.today - back, keep=2) for back in (3, 2, 1)]
    assert [None, taken[0].folder, taken[1].folder] == [one.last for one in taken]
    assert [taken[1].folder, taken[2].folder] == nights(tmp_path)
    assert taken[2].seal == load_snapshot(tmp_path / LATEST).seal


def test_a_night_after_the_past_has_changed_is_made_in_full_and_says_why(shop: Shop, tmp_path: Path) -> None:
    take_night(shop, tmp_path, day=shop.today - 1)
    taken = take_night(changed(shop, "events", "sku", None), tmp_path, day=shop.today)
    assert taken.last is None
    assert "events: what was known before" in (taken.why_full or "")


def test_an_older_night_taken_later_does_not_move_the_pointer_back(shop: Shop, tmp_path: Path) -> None:
    newest = take_night(shop, tmp_path, day=shop.today)
    take_night(shop, tmp_path, day=shop.today - 1)
    assert newest.folder.name == (tmp_path / LATEST).readlink().name
