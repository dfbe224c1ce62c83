"""The Data Mining Cup 2014 and BADS share their conversion; every row here is made up."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contract import check
from domain.errors import ImportRefused
from training.adapters import ADAPTERS, Imported, bads, dmc_2014
from training.adapters import fashion_orders as fo

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DMC_HEAD = (
    "orderItemID;orderDate;deliveryDate;itemID;size;color;manufacturerID;price;customerID;salutation;dateOfBirth;state;creationDate;"
    "returnShipment"
)
BADS_HEAD = (
    "order_item_id,order_date,delivery_date,item_id,item_size,item_color,brand_id,item_price,user_id,user_title,user_dob,user_state,"
    "user_reg_date,return"
)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def row(line: object = 1, **changed: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "line": line,
        "ordered": "2012-05-02",
        "delivered": "2012-05-04",
        "item": 17,
        "size": "m",
        "colour": "blue",
        "brand": 5,
        "price": "49.9",
        "customer": 77,
        "title": "Mrs",
        "born": "1947-11-11",
        "state": "Saxony",
        "joined": "2011-02-16",
        "returned": 0,
    }
    return usual | changed


def dmc(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "orders_train.txt"
    path.write_text("\n".join([DMC_HEAD, *(";".join(str(value) for value in row.values()) for row in rows)]) + "\n")
    return path


def imported(folder: Path, *rows: dict[str, object]) -> Imported:
    result = ADAPTERS["dmc-2014"].convert(dmc(folder, *rows))
    assert [] == check(result.tables, now=NOW)[1]
    return result


def outcomes(folder: Path, *rows: dict[str, object]) -> dict[str, int]:
    account = imported(folder, *rows).reconciliation
    return {outcome.reason: outcome.rows for outcome in (*account.rows_out, *account.rejected) if outcome.rows}


def test_a_row_becomes_an_order_line_of_one_unit_in_whole_cents(tmp_path: Path) -> None:
    assert [
        {
            "line_id": "1",
            "customer_id": "77",
            "sku": "17-m-blue",
            "ordered_at": day("2012-05-02"),
            "delivered_at": day("2012-05-04"),
            "order_id": "77-20120502",
            "country": "DE",
            "quantity": 1,
            "unit_price": 4990,
            "currency": "EUR",
        }
    ] == imported(tmp_path, row()).tables["order_lines"].to_dict("records")


def test_what_a_customer_orders_on_one_day_is_one_order(tmp_path: Path) -> None:
    rows = (row(1), row(2, item=18), row(3, ordered="2012-05-03"), row(4, customer=78))

    assert ["77-20120502", "77-20120502", "77-20120503", "78-20120502"] == imported(tmp_path, *rows).tables["order_lines"][
        "order_id"
    ].tolist()


def test_a_return_is_dated_fourteen_days_after_the_delivery_and_refunds_the_price(tmp_path: Path) -> None:
    back = imported(tmp_path, row(1, returned=1), row(2)).tables["returns"]

    assert [("1", 1, day("2012-05-18"), day("2012-05-18"), 4990)] == list(
        back[["line_id", "quantity", "requested_at", "received_at", "refund"]].itertuples(index=False, name=None)
    )


@pytest.mark.parametrize("delivered", ["?", "1990-12-31"])
def test_an_unbelievable_delivery_is_not_told(tmp_path: Path, delivered: str) -> None:
    tables = imported(tmp_path, row(delivered=delivered, returned=1)).tables

    assert tables["order_lines"]["delivered_at"].isna().all()
    assert [day("2012-05-16")] == tables["returns"]["requested_at"].tolist()


def test_every_row_has_one_outcome(tmp_path: Path) -> None:
    rows = (row(1), row(2, returned=1), row(3, delivered="?"), row(4, delivered="?", returned=1), row(5, price="-1", returned=1))

    assert {fo.KEPT: 1, fo.RETURNED: 2, fo.UNDELIVERED: 1, fo.NO_PRICE: 1} == outcomes(tmp_path, *rows)
    assert ["1", "2", "3", "4"] == imported(tmp_path, *rows).tables["order_lines"]["line_id"].tolist()


@given(st.lists(st.tuples(st.sampled_from(["49.9", "0", "-3", "?"]), st.sampled_from(["?", "2012-05-04"]), st.integers(0, 1)), min_size=1))
@settings(max_examples=20, deadline=None)
def test_rows_in_are_rows_out_and_rows_rejected(tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, str, int]]) -> None:
    rows = [row(line, price=price, delivered=delivered, returned=back) for line, (price, delivered, back) in enumerate(drawn)]
    found = ADAPTERS["dmc-2014"].convert(dmc(tmp_path_factory.mktemp("dmc"), row(-1), *rows))
    rejected = sum(outcome.rows for outcome in found.reconciliation.rejected)

    assert len(rows) + 1 == found.reconciliation.rows_in == len(found.tables["order_lines"]) + rejected
    assert sum(price == "-3" for price, _, _ in drawn) == rejected
    assert sum(back for price, _, back in drawn if price != "-3") == len(found.tables["returns"])


def test_a_question_mark_is_a_missing_value(tmp_path: Path) -> None:
    tables = imported(tmp_path, row(1, size="?", colour="?", price="?", joined="?"), row(2)).tables

    assert ["17--", "17-m-blue"] == tables["order_lines"]["sku"].tolist()
    assert [True, False] == tables["order_lines"]["unit_price"].isna().tolist()
    assert [("77", day("2011-02-16"))] == list(tables["customers"][["customer_id", "joined_at"]].itertuples(index=False, name=None))


def test_a_customer_whose_account_was_opened_nobody_knows_when_is_not_in_the_table(tmp_path: Path) -> None:
    assert ["78"] == imported(tmp_path, row(1, joined="?"), row(2, customer=78)).tables["customers"]["customer_id"].tolist()


def test_sizes_have_the_system_that_they_are_spelled_in(tmp_path: Path) -> None:
    sizes = ["m", "xxl", "38", "3432", "38+", "unsized", "?"]
    products = imported(tmp_path, *(row(number, size=size) for number, size in enumerate(sizes))).tables["products"]
    systems = dict(zip(products["sku"], products["size_system"].astype(object).where(products["size_system"].notna(), None), strict=True))

    assert {
        "17-m-blue": "letters",
        "17-xxl-blue": "letters",
        "17-38-blue": "numbers",
        "17-3432-blue": "width and length",
        "17-38+-blue": None,
        "17-unsized-blue": None,
        "17--blue": None,
    } == systems


def test_a_product_costs_what_it_cost_last(tmp_path: Path) -> None:
    rows = (row(1, price="30", ordered="2012-06-01", delivered="?"), row(2, price="50"))

    assert [("17-m-blue", "17", "5", "fashion", 3000)] == list(
        imported(tmp_path, *rows).tables["products"][["sku", "style_id", "brand", "category", "price"]].itertuples(index=False, name=None)
    )


def test_nothing_tells_of_sex_age_or_state(tmp_path: Path) -> None:
    tables = imported(tmp_path, row(title="Family", born="1947-11-11", state="Saxony")).tables
    words = {str(value) for frame in tables.values() for value in [*frame.columns, *frame.to_numpy().ravel()]}

    assert set() == {
        word for word in words if any(trace in word.lower() for trace in ("family", "1947", "saxony", "title", "state", "birth"))
    }


def test_bads_has_the_same_tables_as_the_cup(tmp_path: Path) -> None:
    rows = (row(1, returned=1), row(2, delivered="?", size="38"))
    path = tmp_path / "BADS_WS1819_known.csv"
    path.write_text("\n".join([BADS_HEAD, *(",".join(str(value) for value in row.values()) for row in rows)]))
    found, cup = ADAPTERS["bads"].convert(path), imported(tmp_path, *rows)

    assert cup.reconciliation == found.reconciliation
    for name, frame in cup.tables.items():
        pd.testing.assert_frame_equal(frame, found.tables[name])


def test_a_file_to_be_forecast_is_no_file_to_learn_from_but_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "orders_class.txt"
    path.write_text("\n".join(line.rpartition(";")[0] for line in dmc(tmp_path, row()).read_text().splitlines()))

    assert ["1"] == dmc_2014.LAYOUT.read(path, labelled=False)["line_id"].tolist()
    with pytest.raises(ImportRefused, match=r"orders_class\.txt lacks returnShipment; expected: columns orderItemID \(text\)"):
        ADAPTERS["dmc-2014"].convert(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((row(1, returned=2),), "returnShipment holds 2; expected: one row per orderItemID, returnShipment 0 or 1"),
        ((row(1, returned=2), row(1)), "orderItemID holds 1 twice; returnShipment holds 2"),
        ((row(ordered="02.05.2012"),), "orderDate is no time in 1 row"),
        ((row(price="4,99"),), "price is no number in 1 row"),
        ((row(item="?", customer="?"),), "itemID is empty in 1 row .1.; customerID is empty in 1 row"),
        ((), "holds no rows"),
    ],
)
def test_another_layout_is_refused_with_all_that_is_wrong(tmp_path: Path, rows: tuple[dict[str, object], ...], message: str) -> None:
    with pytest.raises(ImportRefused, match=message):
        ADAPTERS["dmc-2014"].convert(dmc(tmp_path, *rows))


@pytest.mark.parametrize("source", ["dmc-2014", "bads", "dmc-2016"])
def test_a_file_of_another_source_is_refused_by_the_columns_it_lacks(tmp_path: Path, source: str) -> None:
    path = tmp_path / "orders.txt"
    path.write_text("orderItemID,price\n1,2\n")

    with pytest.raises(ImportRefused, match="lacks"):
        ADAPTERS[source].convert(path)


def test_the_layouts_read_every_column_that_is_not_about_the_person() -> None:
    personal = {"salutation", "dateOfBirth", "state", "user_title", "user_dob", "user_state"}

    assert set(DMC_HEAD.split(";")) - personal == set(dmc_2014.LAYOUT.fields())
    assert set(BADS_HEAD.split(",")) - personal == set(bads.LAYOUT.fields())
