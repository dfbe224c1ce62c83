from __future__ import annotations

import pandas as pd
import pytest

from domain.known import first_told
from experiments.demo_shop import DemoShop


@pytest.fixture(scope="module")
def tickets(shop: DemoShop, lines: pd.DataFrame) -> pd.DataFrame:
    """Tickets that name a line, with that line and its truth."""
    return shop.tables["tickets"].drop(columns="sku").merge(lines, on="line_id")


@pytest.mark.parametrize(("name", "happened"), [("events", "at"), ("fit_feedback", "given_at")])
def test_a_few_facts_are_told_hours_late(shop: DemoShop, name: str, happened: str) -> None:
    late = shop.tables[name].dropna(subset="known_at")
    hours = (late["known_at"] - late[happened]).dt.total_seconds() / 3_600

    assert 0.01 < len(late) / len(shop.tables[name]) < 0.03
    assert hours.between(0.99, 12).all()


def test_a_few_returns_get_another_reason_after_their_inspection(shop: DemoShop) -> None:
    returns = shop.tables["returns"]
    first, later = first_told(returns), returns.dropna(subset="known_at")
    both = first.merge(later, on="return_id", suffixes=("", "_later"))
    days = (both["known_at_later"] - both["received_at"]).dt.total_seconds() / 86_400

    assert 0.02 < len(later) / len(first) < 0.05
    assert len(first) + len(later) == len(returns)
    assert first["known_at"].isna().all()
    assert days.between(0.99, 3).all()
    assert (both["reason"] != both["reason_later"]).all()
    unchanged = [column for column in returns.columns if column not in ("reason", "known_at", "return_id")]
    pd.testing.assert_frame_equal(both[unchanged], both[[f"{name}_later" for name in unchanged]].set_axis(unchanged, axis=1))


def test_a_ticket_names_a_line_or_an_sku(shop: DemoShop) -> None:
    tickets = shop.tables["tickets"]

    assert (tickets["line_id"].notna() ^ tickets["sku"].notna()).all()
    assert 0.1 < tickets["sku"].notna().mean() < 0.35


def test_tickets_are_opened_after_the_order_and_in_order_of_time(shop: DemoShop, tickets: pd.DataFrame) -> None:
    assert (tickets["opened_at"] > tickets["ordered_at"]).all()
    assert shop.tables["tickets"]["opened_at"].is_monotonic_increasing


def test_who_complains_of_the_delivery_waits_longer_than_promised(tickets: pd.DataFrame) -> None:
    late = tickets[tickets["topic"] == "delivery"]

    assert len(late) > 20
    assert not (late["delivered_at"] <= late["promised_at"]).any()
    assert (late["opened_at"] > late["promised_at"]).all()


def test_who_complains_of_the_size_found_it_wrong(tickets: pd.DataFrame) -> None:
    misfits = tickets[tickets["topic"] == "size"]

    assert len(misfits) > 50
    assert (misfits["verdict"] != 1).all()
    assert misfits["size"].notna().all()


def test_who_complains_of_the_product_sends_it_back(tickets: pd.DataFrame) -> None:
    assert tickets.loc[tickets["topic"] == "product", "returned"].all()


def test_complaints_are_rare(shop: DemoShop) -> None:
    assert 0.02 < len(shop.tables["tickets"]) / len(shop.tables["order_lines"]) < 0.08
