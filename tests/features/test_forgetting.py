from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from domain.contract import checked
from domain.errors import TablesRefused
from domain.forgetting import Erased
from experiments.demo_shop import DemoShop
from features.forgetting import WhoWasErased, forget
from features.source import is_ours, read_raw, read_tables, write_tables
from tests.support.told import NOON

AT = "2026-11-24T12:00:00Z"


def erased(*people: str) -> WhoWasErased:
    def of(customers: Iterable[str]) -> Erased:
        return dict.fromkeys(set(people) & set(customers))

    return of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two customers' tables as a shop exports them: CSV, Parquet, and a folder of Parquet files."""
    shop = tmp_path / "shop"
    (shop / "events" / "day=1").mkdir(parents=True)
    (shop / "products.csv").write_text("sku,style_id,category,currency\n007,a,shirt,EUR\n")
    (shop / "order_lines.csv").write_text(
        f"line_id,order_id,customer_id,sku,ordered_at,quantity,currency\n01,o1,ann,007,{AT},1,EUR\n02,o2,bob,007,{AT},1,EUR\n"
    )
    pd.DataFrame({"return_id": ["r1", "r2"], "line_id": ["01", "02"]}).to_parquet(shop / "returns.parquet")
    events = pd.DataFrame({"event_id": ["e1", "e2"], "customer_id": ["ann", "bob"], "at": pd.to_datetime([AT, AT], utc=True)})
    for part in (1, 2):
        events.to_parquet(shop / "events" / "day=1" / f"{part}.parquet", row_group_size=1)
    return shop


def whole(folder: Path) -> str:
    return "".join(str(file.read_bytes()) for file in folder.rglob("*") if file.is_file())


def test_people_who_were_erased_are_taken_out_of_every_table(folder: Path) -> None:
    assert {"events": 2, "order_lines": 1, "returns": 1} == forget(folder, erased("ann", "eve"))

    tables = read_raw(folder)
    assert (["02"], ["r2"], ["007"]) == (
        tables["order_lines"]["line_id"].tolist(),
        tables["returns"]["return_id"].tolist(),
        tables["products"]["sku"].tolist(),
    )
    assert ["bob", "bob"] == tables["events"]["customer_id"].tolist()
    assert "ann" not in whole(folder)
    assert ["shop"] == [entry.name for entry in folder.parent.iterdir()]


def test_done_twice_it_is_done_once_and_nothing_is_written(folder: Path) -> None:
    forget(folder, erased("ann"))
    before = {file: file.stat().st_ino for file in folder.rglob("*")}

    assert {} == forget(folder, erased("ann"))
    assert before == {file: file.stat().st_ino for file in folder.rglob("*")}


def test_a_file_that_loses_nothing_is_not_written_anew(folder: Path) -> None:
    before = (folder / "products.csv").stat().st_ino
    forget(folder, erased("ann"))

    assert before == (folder / "products.csv").stat().st_ino


def test_a_run_that_fails_leaves_the_folder_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = whole(folder)
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))

    with pytest.raises(OSError, match="the disk is full"):
        forget(folder, erased("ann"))
    assert before == whole(folder)
    assert ["shop"] == [entry.name for entry in folder.parent.iterdir()]


def test_what_a_killed_run_left_is_put_in_order_first(folder: Path) -> None:
    folder.rename(folder.with_name(".shop.17.replaced"))
    (folder.parent / ".shop.17.partial").mkdir()

    assert {"events", "order_lines", "returns"} == set(forget(folder, erased("ann")))
    (folder.parent / ".shop.18.replaced").mkdir()
    forget(folder, erased("ann"))
    assert ["shop"] == [entry.name for entry in folder.parent.iterdir()]


@pytest.mark.parametrize("name", ["customers.xlsx", "letters.csv", "events/day=1/x.csv", "old/events.parquet"])
def test_a_file_in_which_people_would_be_overlooked_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("ann")

    with pytest.raises(TablesRefused, match=name):
        forget(folder, erased("ann"))


def test_what_is_no_folder_or_cannot_be_read_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TablesRefused, match="is no folder"):
        forget(tmp_path / "nowhere", erased("ann"))
    (folder / "returns.parquet").write_bytes(b"half")
    with pytest.raises(TablesRefused, match="cannot be read"):
        forget(folder, erased("ann"))


def test_a_shop_without_them_still_keeps_the_contract(demo_shop: DemoShop, tmp_path: Path) -> None:
    tables, folder = demo_shop.tables, tmp_path / "shop"
    write_tables(tables, folder)
    who = tables["order_lines"]["customer_id"].iloc[0]
    removed = forget(folder, erased(who))
    left = read_tables(folder, now=NOON)

    assert is_ours(folder)
    assert (tables["order_lines"]["customer_id"] == who).sum() == removed["order_lines"]
    assert {name: len(tables[name]) - removed.get(name, 0) for name in left} == {name: len(frame) for name, frame in left.items()}
    assert not any((frame["customer_id"] == who).any() for frame in left.values() if "customer_id" in frame.columns)
    assert {name: str(frame.dtypes.to_dict()) for name, frame in checked(tables, now=NOON).items() if name in left} == {
        name: str(frame.dtypes.to_dict()) for name, frame in left.items()
    }
