"""The Data Mining Cup 2016; every row here is made up."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contract import check
from domain.errors import ImportRefused
from training.adapters import ADAPTERS, Imported
from training.adapters import dmc_2016 as dmc

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HEAD = (
    "orderID;orderDate;articleID;colorCode;sizeCode;productGroup;quantity;price;rrp;voucherID;voucherAmount;customerID;deviceID;"
    "paymentMethod;returnQuantity"
)


def row(order: str = "a1", **changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "order": order,
        "ordered": "2014-01-01",
        "article": "i17",
        "colour": "1972",
        "size": "44",
        "group": 3,
        "units": 2,
        "price": "20.00",
        "rrp": "29.99",
        "voucher": "v55",
        "voucher_amount": "7.77",
        "customer": "c9",
        "device": 2,
        "payment": "BPRG",
        "back": 0,
    }
    return usual | changed


def text(*rows: dict[str, object]) -> str:
    return "\n".join([HEAD, *(";".join(str(value) for value in row.values()) for row in rows)]) + "\n"


def imported(folder: Path, *rows: dict[str, object]) -> Imported:
    (folder / "orders_train.txt").write_text(text(*rows))
    result = ADAPTERS["dmc-2016"].convert(folder / "orders_train.txt")
    assert [] == check(result.tables, now=NOW)[1]
    return result


def test_a_row_becomes_an_order_line_whose_unit_costs_its_share_of_the_price(tmp_path: Path) -> None:
    assert [
        {
            "line_id": "a1-1",
            "order_id": "a1",
            "customer_id": "c9",
            "sku": "i17-44-1972",
            "ordered_at": pd.Timestamp("2014-01-01", tz="UTC"),
            "channel": "2",
            "payment_method": "BPRG",
            "quantity": 2,
            "unit_price": 1000,
            "discount": 1999,
            "currency": "EUR",
        }
    ] == imported(tmp_path, row()).tables["order_lines"].to_dict("records")


def test_the_lines_of_an_order_are_numbered_in_the_order_of_the_file(tmp_path: Path) -> None:
    lines = imported(tmp_path, row("a1"), row("a2"), row("a1", article="i18")).tables["order_lines"]

    assert ["a1-1", "a2-1", "a1-2"] == lines["line_id"].tolist()


def test_units_come_back_fourteen_days_after_the_order_at_their_price(tmp_path: Path) -> None:
    back = imported(tmp_path, row(back=1), row("a2")).tables["returns"]

    assert [("a1-1", 1, pd.Timestamp("2014-01-15", tz="UTC"), 1000)] == list(
        back[["line_id", "quantity", "requested_at", "refund"]].itertuples(index=False, name=None)
    )


def test_the_recommended_price_is_the_list_price_and_where_it_is_missing_the_price_is(tmp_path: Path) -> None:
    rows = (row("a1"), row("a2", article="i18", rrp="NA"), row("a3", article="i19", rrp="8.00"))
    tables = imported(tmp_path, *rows).tables

    assert {"i17-44-1972": 2999, "i18-44-1972": 1000, "i19-44-1972": 800} == dict(
        zip(tables["products"]["sku"], tables["products"]["price"], strict=True)
    )
    assert [1999, None, None] == [None if pd.isna(saved) else saved for saved in tables["order_lines"]["discount"]]


def test_the_category_is_the_product_group_and_sizes_are_compared_inside_it(tmp_path: Path) -> None:
    rows = (row("a1"), row("a2", article="i18", size="M"), row("a3", article="i19", group="NA"), row("a4", article="i20", size="A"))
    products = imported(tmp_path, *rows).tables["products"]
    system = products["size_system"].astype(object).where(products["size_system"].notna(), None)

    assert [("3", "3 numbers"), ("3", "3 letters"), ("none", "none numbers"), ("3", None)] == list(
        zip(products["category"], system, strict=True)
    )


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({}, dmc.KEPT),
        ({"back": 1}, dmc.PARTLY),
        ({"back": 2}, dmc.RETURNED),
        ({"back": 3}, dmc.TOO_MANY),
        ({"units": 0, "price": 0}, dmc.NO_UNITS),
        ({"price": "-1", "back": 3}, dmc.NO_PRICE),
        ({"price": 0}, dmc.KEPT),
    ],
)
def test_every_row_has_one_outcome(tmp_path: Path, changed: dict[str, object], outcome: str) -> None:
    account = imported(tmp_path, row("a1", **changed), row("a2")).reconciliation
    expected = {outcome: 2} if outcome == dmc.KEPT else {outcome: 1, dmc.KEPT: 1}

    assert expected == {found.reason: found.rows for found in (*account.rows_out, *account.rejected) if found.rows}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3), st.sampled_from(["-1", "0", "19.99"]))))
@settings(max_examples=20, deadline=None)
def test_rows_in_are_rows_out_and_rows_rejected(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, int, str]]) -> None:
    rows = [row(units=units, back=back, price=price) for units, back, price in drawn]
    path = tmp_path_factory.mktemp("dmc") / "orders_train.txt"
    path.write_text(text(row(), *rows))
    found = ADAPTERS["dmc-2016"].convert(path)
    usable = [(units, back) for units, back, price in drawn if units > 0 and price != "-1" and 0 <= back <= units]

    assert len(rows) + 1 == found.reconciliation.rows_in
    assert len(usable) + 1 == len(found.tables["order_lines"])
    assert sum(back for _, back in usable) == found.tables["returns"]["quantity"].sum()


def test_vouchers_are_not_read(tmp_path: Path) -> None:
    tables = imported(tmp_path, row()).tables
    words = {str(value) for frame in tables.values() for value in [*frame.columns, *frame.to_numpy().ravel()]}

    assert set() == {word for word in words if "v55" in word or "777" in word or "voucher" in word}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text(row(units="two")), "quantity is no whole number in 1 row"),
        (text(row(back="NA", price="free")), "price is no number in 1 row .1., such as 'free'; returnQuantity is empty in 1 row"),
        (text(row(units=0)), "holds no usable row"),
        (text(row()).replace(";returnQuantity", ""), "lacks returnQuantity"),
        (text(row()).replace(";", ","), "lacks orderID, orderDate, articleID"),
    ],
)
def test_another_layout_is_refused_with_all_that_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "orders_train.txt").write_text(content)

    with pytest.raises(ImportRefused, match=message):
        ADAPTERS["dmc-2016"].convert(tmp_path / "orders_train.txt")
