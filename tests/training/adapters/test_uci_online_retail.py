import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contract import check
from domain.errors import ImportRefused
from training.adapters import ADAPTERS, Imported
from training.adapters import uci_online_retail as uci

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def row(
    invoice: str = "500001",
    units: int = 1,
    *,
    sku: str = "85123A",
    at: str = "2011-01-10 10:00",
    price: float = 2.0,
    customer: int | None = 17850,
    country: str | None = "United Kingdom",
) -> dict[str, object]:
    moment = pd.Timestamp(at, tz="UTC")
    names = ("InvoiceNo", "Quantity", "StockCode", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
    return dict(zip(names, (invoice, units, sku, moment, price, customer, country), strict=True))


def imported(*rows: dict[str, object]) -> Imported:
    frame = pd.DataFrame(list(rows)).astype({"CustomerID": "Int64", "UnitPrice": "float64", "Country": "str"})
    result = uci.tables_of(frame)
    assert [] == check(result.tables, now=NOW)[1]
    return result


def outcomes(*rows: dict[str, object]) -> dict[str, int]:
    account = imported(*rows).reconciliation
    return {outcome.reason: outcome.rows for outcome in (*account.rows_out, *account.rejected) if outcome.rows}


def table(name: str, *rows: dict[str, object]) -> list[dict[str, object]]:
    frame = imported(*rows).tables[name]
    return [{str(key): value for key, value in record.items()} for record in frame.to_dict("records")]


def test_a_purchase_becomes_an_order_line_in_pence() -> None:
    assert [
        {
            "line_id": "500001-1",
            "order_id": "500001",
            "customer_id": "17850",
            "sku": "85123A",
            "ordered_at": pd.Timestamp("2011-01-10 10:00", tz="UTC"),
            "country": "GB",
            "quantity": 6,
            "unit_price": 255,
            "currency": "GBP",
        }
    ] == table("order_lines", row(units=6, price=2.55))


def test_a_line_is_numbered_by_its_place_on_the_invoice_even_after_rejected_rows() -> None:
    lines = table("order_lines", row(sku="POST"), row(), row("500002"), row())

    assert ["500001-2", "500002-1", "500001-3"] == [line["line_id"] for line in lines]


@pytest.mark.parametrize(("price", "pence"), [(0.125, 12), (0.135, 14), (1.005, 100), (8.175, 818), (2.1, 210), (0.006, 1)])
def test_prices_round_half_to_even(price: float, pence: int) -> None:
    assert [pence] == [line["unit_price"] for line in table("order_lines", row(price=price))]


@pytest.mark.parametrize(("country", "code"), [("EIRE", "IE"), ("RSA", "ZA"), ("USA", "US"), ("Lithuania", "LT")])
def test_a_country_gets_its_iso_code(country: str, code: str) -> None:
    assert [code] == [line["country"] for line in table("order_lines", row(country=country))]


@pytest.mark.parametrize("country", ["Unspecified", "European Community", "Channel Islands", "Atlantis", None])
def test_what_is_no_single_country_has_no_code(country: str | None) -> None:
    assert imported(row(country=country)).tables["order_lines"]["country"].isna().all()


def test_rows_that_repeat_another_are_lines_of_their_own() -> None:
    assert {uci.PURCHASE: 2} == outcomes(row(), row())


def test_a_row_without_customer_is_rejected() -> None:
    assert {uci.NO_CUSTOMER: 1} == outcomes(row(customer=None))


@pytest.mark.parametrize(
    "sku", ["POST", "D", "M", "m", "C2", "DOT", "S", "B", "PADS", "CRUK", "AMAZONFEE", "BANK CHARGES", "gift_0001_20", "8512", "851234"]
)
def test_a_code_that_is_no_product_is_rejected(sku: str) -> None:
    assert {uci.NO_PRODUCT: 1} == outcomes(row(sku=sku))


@pytest.mark.parametrize("sku", ["71053", "85123A", "85123a", "15056BL", "DCGS0069", "DCGSSBOY"])
def test_a_code_of_a_product_is_kept(sku: str) -> None:
    assert {uci.PURCHASE: 1} == outcomes(row(sku=sku))


@pytest.mark.parametrize("price", [0.0, -1.0, 0.001, 0.005])
def test_a_price_of_less_than_a_penny_is_rejected(price: float) -> None:
    assert {uci.NO_PRICE: 1} == outcomes(row(price=price))


@pytest.mark.parametrize(("invoice", "units"), [("500001", -5), ("500001", 0), ("C500001", 5), ("C500001", 0)])
def test_a_quantity_that_is_neither_bought_nor_cancelled_is_rejected(invoice: str, units: int) -> None:
    assert {uci.NO_UNITS: 1} == outcomes(row(invoice, units))


def test_of_several_objections_the_first_counts() -> None:
    assert {uci.NO_CUSTOMER: 1, uci.NO_PRODUCT: 1, uci.NO_PRICE: 1} == outcomes(
        row(units=-1, sku="POST", price=0.0, customer=None), row(units=-1, sku="POST", price=0.0), row(units=-1, price=0.0)
    )


def test_a_cancellation_without_a_purchase_is_rejected() -> None:
    assert {uci.UNMATCHED: 1} == outcomes(row("C500002", -1))


def test_a_cancellation_before_the_purchase_is_rejected() -> None:
    assert {uci.UNMATCHED: 1, uci.PURCHASE: 1} == outcomes(row("C500002", -1, at="2011-01-09"), row())


def test_a_cancellation_of_a_rejected_row_is_rejected() -> None:
    assert {uci.NO_PRICE: 1, uci.UNMATCHED: 1} == outcomes(row(price=0.0), row("C500002", -1, at="2011-01-12"))


def test_a_later_cancellation_is_a_return_of_its_units() -> None:
    cancelled_at = pd.Timestamp("2011-01-12 15:00", tz="UTC")

    assert [
        {
            "return_id": "C500002-1",
            "line_id": "500001-1",
            "quantity": 2,
            "requested_at": cancelled_at,
            "received_at": cancelled_at,
            "refund": 400,
        }
    ] == table("returns", row(units=5), row("C500002", -2, at="2011-01-12 15:00"))


def test_a_line_can_come_back_in_two_parts() -> None:
    rows = (row(units=5), row("C500002", -2, at="2011-01-12"), row("C500003", -3, at="2011-01-13"))

    assert [("500001-1", 2), ("500001-1", 3)] == [(back["line_id"], back["quantity"]) for back in table("returns", *rows)]
    assert {uci.PURCHASE: 1, uci.RETURN: 2} == outcomes(*rows)


def test_a_line_never_gives_back_more_than_was_ordered() -> None:
    rows = (row(units=5), row("C500002", -3, at="2011-01-12"), row("C500003", -3, at="2011-01-13"))

    assert {uci.PURCHASE: 1, uci.RETURN: 1, uci.UNMATCHED: 1} == outcomes(*rows)


def test_the_latest_of_two_purchases_comes_back() -> None:
    rows = (row(units=2), row("500002", 2, at="2011-01-11"), row("C500003", -2, at="2011-01-15"))

    assert ["500002-1"] == [back["line_id"] for back in table("returns", *rows)]


@pytest.mark.parametrize(("cancelled_at_price", "refund"), [(1.5, 150), (2.0, 200), (3.0, 200)])
def test_the_refund_is_never_more_than_was_paid(cancelled_at_price: float, refund: int) -> None:
    returns = table("returns", row(price=2.0), row("C500002", -1, at="2011-01-12", price=cancelled_at_price))

    assert [refund] == [back["refund"] for back in returns]


def test_a_correction_on_the_same_day_makes_the_purchase_smaller() -> None:
    rows = (row(units=5, at="2011-01-10 10:00"), row("C500002", -2, at="2011-01-10 23:59"))

    assert [3] == [line["quantity"] for line in table("order_lines", *rows)]
    assert {uci.PURCHASE: 1, uci.CORRECTION: 1} == outcomes(*rows)


def test_the_next_day_begins_at_midnight() -> None:
    assert {uci.PURCHASE: 1, uci.RETURN: 1} == outcomes(row(at="2011-01-10 23:59"), row("C500002", -1, at="2011-01-11 00:00"))


def test_a_purchase_that_is_wholly_corrected_disappears() -> None:
    rows = (row(units=5), row("C500002", -5, at="2011-01-10 11:00"))

    assert dict.fromkeys(["products", "order_lines", "returns", "customers"], 0) == {
        name: len(frame) for name, frame in imported(*rows).tables.items()
    }
    assert {uci.CANCELLED: 1, uci.CORRECTION: 1} == outcomes(*rows)


def test_units_that_were_corrected_cannot_come_back() -> None:
    rows = (row(units=5), row("C500002", -2, at="2011-01-10 11:00"), row("C500003", -4, at="2011-01-12"))

    assert {uci.PURCHASE: 1, uci.CORRECTION: 1, uci.UNMATCHED: 1} == outcomes(*rows)


def test_the_letters_of_a_code_tell_the_variants_of_a_style_apart() -> None:
    products = table("products", row(sku="85123A"), row(sku="85123BL"))

    assert [("85123", "A"), ("85123", "BL")] == [(product["style_id"], product["colour"]) for product in products]


def test_a_code_without_letters_has_no_colour() -> None:
    products = imported(row(sku="71053"), row(sku="DCGSSBOY")).tables["products"]

    assert ["71053", "DCGSSBOY"] == products["style_id"].tolist()
    assert products["colour"].isna().all()


def test_a_product_has_the_price_of_its_latest_purchase() -> None:
    products = table("products", row(price=3.0, at="2011-02-01"), row("500002", price=2.0, at="2011-01-01"))

    assert [("gift", 300, "GBP")] == [(product["category"], product["price"], product["currency"]) for product in products]


def test_a_customer_joins_with_the_first_purchase_and_its_country() -> None:
    customers = table("customers", row(at="2011-02-01", country="France"), row("500002", at="2011-01-01", country="Spain"))

    assert [{"customer_id": "17850", "joined_at": pd.Timestamp("2011-01-01", tz="UTC"), "country": "ES"}] == customers


ROWS = st.builds(
    row,
    st.sampled_from(["500001", "500002", "C500003", "C500004"]),
    st.integers(-4, 4),
    sku=st.sampled_from(["71053", "85123A", "POST"]),
    at=st.sampled_from(["2011-01-10 10:00", "2011-01-10 11:00", "2011-01-11", "2011-01-20"]),
    price=st.sampled_from([-1.0, 0.0, 0.125, 2.0, 2.0, 3.0]),
    customer=st.sampled_from([None, 12346, 17850]),
)


@given(st.lists(ROWS, min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_every_row_has_one_outcome_and_no_line_gives_back_more_than_was_ordered(rows: list[dict[str, object]]) -> None:
    result = imported(*rows)
    lines, returns = result.tables["order_lines"], result.tables["returns"]
    came_back = returns.groupby("line_id")["quantity"].sum()
    ordered = lines.set_index("line_id")["quantity"].reindex(came_back.index)
    by_reason = {outcome.reason: outcome.rows for outcome in result.reconciliation.rows_out}

    assert len(rows) == result.reconciliation.rows_in
    assert (len(lines), len(returns)) == (by_reason[uci.PURCHASE], by_reason[uci.RETURN])
    assert (came_back <= ordered).all()


def test_the_adapter_reads_a_file_with_the_columns_of_the_source(tmp_path: Path) -> None:
    csv = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    (tmp_path / "retail.csv").write_text(csv + "536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n")

    assert 1 == ADAPTERS["uci-online-retail"].convert(tmp_path / "retail.csv").reconciliation.rows_in


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "retail.csv").write_text("InvoiceNo,StockCode\n536365,85123A\n")

    with pytest.raises(ImportRefused, match=r"retail\.csv lacks Quantity, InvoiceDate, UnitPrice, CustomerID, Country"):
        uci.convert(tmp_path / "retail.csv")


@pytest.mark.real_data
def test_the_real_file_keeps_the_contract_and_its_known_return_rate(real_data: Path) -> None:
    path = real_data / "online_retail" / "online_retail.parquet"
    result = uci.convert(path)
    lines, returns = result.tables["order_lines"], result.tables["returns"]
    lag = returns["requested_at"] - returns["line_id"].map(lines.set_index("line_id")["ordered_at"])

    assert pq.read_metadata(path).num_rows == result.reconciliation.rows_in
    assert [] == check(result.tables, now=dt.datetime.now(dt.UTC))[1]
    assert 7 <= lag.dt.total_seconds().median() / 86_400 <= 11
    assert 0.015 <= returns["line_id"].nunique() / len(lines) <= 0.022
