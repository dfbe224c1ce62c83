from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from domain.errors import NotEnoughData
from domain.tables import RETURN_REASONS
from features.asked import ASKED
from features.shop import Shop
from tests.support.moments import line, moment, product, sent_back, shop_tables
from training.model import CLASSES
from training.rows import Rows, labelled

PRODUCTS = [product("s1-38"), product("s2-40", category="jeans")]
NOW = moment("2024-03-01")


def _shop(**tables: list[dict[str, object]]) -> Shop:
    return Shop.of(shop_tables(products=PRODUCTS, **tables), {"": 14, "GB": 30}, now=NOW)


def _told(rows: Rows) -> list[tuple[str, int, pd.Timestamp]]:
    return list(zip(rows.line_id, rows.y.tolist(), rows.known_at, strict=True))


def test_only_lines_whose_window_has_closed_are_labelled_oldest_order_first() -> None:
    lines = [line("open", "2024-02-20"), line("new", "2024-02-01"), line("old", "2024-01-01"), line("british", "2024-02-02", country="GB")]
    rows = labelled("return", _shop(order_lines=lines, returns=[sent_back("old", "2024-01-05", "2024-01-08")]))
    assert [("old", 1, moment("2024-01-15")), ("new", 0, moment("2024-02-15"))] == _told(rows)


def test_a_window_that_closes_at_this_moment_is_closed() -> None:
    lines = [line("closing", "2024-02-16"), line("old", "2024-01-01")]
    rows = labelled("return", _shop(order_lines=lines, returns=[sent_back("old", "2024-01-05", "2024-01-08")]))
    assert ["old", "closing"] == rows.line_id.tolist()


def test_a_line_returned_early_inside_an_open_window_is_not_a_row_yet() -> None:
    rows = labelled("return", _shop(order_lines=[line("l1", "2024-02-20")], returns=[sent_back("l1", "2024-02-22", "2024-02-25")]))
    assert [] == _told(rows)


def test_what_was_asked_back_is_labelled_at_the_windows_end_however_slow_the_parcel() -> None:
    back = [sent_back("late", "2024-01-14", "2024-02-10"), sent_back("away", "2024-01-14", None)]
    rows = labelled("return", _shop(order_lines=[line("late", "2024-01-01"), line("away", "2024-01-01")], returns=back))
    assert [("late", 1, moment("2024-01-15")), ("away", 1, moment("2024-01-15"))] == _told(rows)


def test_a_request_that_was_told_after_the_window_labels_the_line_only_then() -> None:
    back = [
        {**sent_back("late", "2024-01-10", "2024-01-20"), "known_at": "2024-02-03"},
        {**sent_back("unheard", "2024-01-10", "2024-01-20"), "known_at": "2024-03-02"},
    ]
    rows = labelled("return", _shop(order_lines=[line("late", "2024-01-01"), line("unheard", "2024-01-01")], returns=back))
    assert [("late", 1, moment("2024-02-03")), ("unheard", 0, moment("2024-01-15"))] == _told(rows)


def test_a_shop_without_returns_has_no_return_rows() -> None:
    assert 0 == len(labelled("return", _shop(order_lines=[line("l1", "2024-01-01")])))


def test_rows_are_asked_for_as_features_want_them_and_know_their_category() -> None:
    lines = [line("l2", "2024-01-02", sku="s2-40", order_id="o"), line("l1", "2024-01-01")]
    rows = labelled("return", _shop(order_lines=lines, returns=[sent_back("l1", "2024-01-05", "2024-01-08")]))
    assert list(ASKED) == list(rows.asked.columns)
    assert ["s1-38", "s2-40"] == rows.asked["sku"].tolist()
    assert ["dress", "jeans"] == rows.category.tolist()


def _said(line_id: str | None, given_at: str, verdict: str, customer: str = "c1") -> dict[str, object]:
    return {"customer_id": customer, "sku": "s1-38", "line_id": line_id, "given_at": given_at, "verdict": verdict}


def test_verdict_rows_need_a_line_id_and_are_known_when_given() -> None:
    lines = [line("l1", "2024-01-01"), line("l2", "2024-01-02"), line("l3", "2024-02-28")]
    said = [_said("l3", "2024-02-29", "large"), _said(None, "2024-01-09", "fits"), _said("l1", "2024-01-20", "small")]
    rows = labelled("fit", _shop(order_lines=lines, fit_feedback=said))
    assert [("l1", 0, moment("2024-01-20")), ("l3", 2, moment("2024-02-29"))] == _told(rows)


def test_the_last_verdict_on_a_line_holds() -> None:
    said = [_said("l1", "2024-01-20", "fits"), _said("l1", "2024-01-10", "large")]
    rows = labelled("fit", _shop(order_lines=[line("l1", "2024-01-01")], fit_feedback=said))
    assert [("l1", 1, moment("2024-01-20"))] == _told(rows)


def test_a_shop_without_verdicts_or_with_verdicts_on_no_line_has_no_fit_rows() -> None:
    lines = [line("l1", "2024-01-01")]
    unknown: dict[str, object] = {"customer_id": "c1", "sku": "s1-38", "given_at": "2024-01-10", "verdict": "fits"}
    assert 0 == len(labelled("fit", _shop(order_lines=lines)))
    assert 0 == len(labelled("fit", _shop(order_lines=lines, fit_feedback=[unknown])))


# Impressions.


def _shown(request_id: str, at: str, sku: str = "s1-38", position: int = 1, **columns: object) -> dict[str, object]:
    return {"request_id": request_id, "at": at, "sku": sku, "position": position, **columns}


IMPRESSIONS = [
    _shown("r2", "2024-01-05", position=3, customer_id="c1"),
    _shown("r1", "2024-01-01", position=1, line_id="l1"),
    _shown("r1", "2024-01-01", "s2-40", position=2),
    _shown("new", "2024-02-29 00:00:00.000001"),
    _shown("old enough", "2024-02-29"),
]


def _of_impressions() -> Rows:
    return labelled("order", _shop(order_lines=[line("l1", "2024-01-01 00:10")], impressions=IMPRESSIONS))


def test_an_impression_is_ordered_if_it_led_to_a_line_and_known_a_day_after_it_was_shown() -> None:
    rows = _of_impressions()
    assert rows.shown is not None
    assert [1, 0, 0, 0] == rows.y.tolist()
    assert [moment("2024-01-02"), moment("2024-01-02"), moment("2024-01-06"), NOW] == rows.known_at.tolist()
    assert ["r1", "r1", "r2", "old enough"] == rows.shown["request_id"].tolist()
    assert ["dress", "jeans", "dress", "dress"] == rows.category.tolist()
    assert ["l1"] == rows.line_id.dropna().tolist()


def test_where_impressions_were_shown_stands_beside_their_features_and_nothing_beside_those_of_order_lines() -> None:
    rows, inputs = _of_impressions(), pd.DataFrame({"price": [1.0, 2.0, 3.0, 4.0]}, index=list("abcd"))
    assert {"price": [1.0, 2.0, 3.0, 4.0], "shown_position": [1.0, 2.0, 3.0, 1.0]} == rows.with_position(inputs).to_dict("list")
    assert ["price"] == list(replace(rows, shown=None).with_position(inputs))


def test_the_newest_rows_are_chosen_with_their_positions() -> None:
    newest = _of_impressions().newest(2)
    assert newest.shown is not None
    assert [("r2", 3), ("old enough", 1)] == list(newest.shown.itertuples(index=False, name=None))
    assert [moment("2024-01-05"), moment("2024-02-29")] == newest.asked["at"].tolist()
    assert 4 == len(_of_impressions().newest(9))


def test_a_shop_without_impressions_has_no_order_rows_and_hears_why() -> None:
    for shop in (_shop(order_lines=[line("l1", "2024-01-01")]), _shop(order_lines=[line("l1", "2024-01-01")], impressions=[])):
        with pytest.raises(NotEnoughData, match="tells of no impressions; what to do: give the table impressions"):
            labelled("order", shop)


def test_rows_are_chosen_by_flag_or_by_number() -> None:
    lines = [line(name, f"2024-01-0{day}") for day, name in enumerate(("l1", "l2", "l3"), start=1)]
    rows = labelled("return", _shop(order_lines=lines, returns=[sent_back("l1", "2024-01-05", "2024-01-08")]))
    chosen = rows.where(rows.line_id.ne("l2").to_numpy())
    assert [("l1", 1), ("l3", 0)] == list(zip(chosen.line_id, chosen.y.tolist(), strict=True))
    assert [0, 1] == chosen.asked.index.tolist()


# Why it came back.


def _reasons(*back: dict[str, object], lines: list[dict[str, object]] | None = None) -> list[tuple[str, str, pd.Timestamp]]:
    rows = labelled("reason", _shop(order_lines=lines or [line("l1", "2024-01-01")], returns=list(back)))
    return [(line_id, CLASSES["reason"][number], known_at) for line_id, number, known_at in _told(rows)]


@pytest.mark.parametrize(
    ("reason", "group"),
    [
        ("too_small", "size"),
        ("too_large", "size"),
        ("size", "size"),
        ("quality", "quality"),
        ("damaged", "quality"),
        ("not_as_described", "quality"),
        ("wrong_item", "quality"),
        ("style", "taste"),
        ("changed_mind", "taste"),
        ("late", "other"),
        ("other", "other"),
    ],
)
def test_every_reason_belongs_to_one_of_four_groups(reason: str, group: str) -> None:
    assert [("l1", group, moment("2024-01-15"))] == _reasons(sent_back("l1", "2024-01-05", "2024-01-08", reason=reason))


def test_no_reason_of_the_contract_is_left_out() -> None:
    groups = test_every_reason_belongs_to_one_of_four_groups.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert sorted(RETURN_REASONS) == sorted(reason for reason, _ in groups)


def test_lines_without_a_reason_or_that_were_kept_or_still_have_time_have_none() -> None:
    lines = [line("silent", "2024-01-01"), line("kept", "2024-01-02"), line("open", "2024-02-20"), line("told", "2024-01-03")]
    back = [sent_back("silent", "2024-01-05", "2024-01-08")] + [
        sent_back(line_id, asked, None, reason="style") for line_id, asked in (("open", "2024-02-21"), ("told", "2024-01-04"))
    ]
    assert [("told", "taste", moment("2024-01-17"))] == _reasons(*back, lines=lines)


def test_the_first_reason_counts_and_a_correction_does_not() -> None:
    first = sent_back("l1", "2024-01-05", "2024-01-08", reason="late")
    second = {**sent_back("l1", "2024-01-07", "2024-01-09", reason="style"), "return_id": "r2"}
    corrected = {**first, "reason": "quality", "known_at": "2024-02-01"}
    two = [line("l1", "2024-01-01", quantity=2)]
    assert [("l1", "other", moment("2024-01-15"))] == _reasons(corrected, second, first, lines=two)


def test_a_reason_that_was_told_late_labels_the_line_only_then() -> None:
    late = {**sent_back("l1", "2024-01-07", "2024-01-09", reason="style"), "return_id": "r2", "known_at": "2024-02-03"}
    two = [line("l1", "2024-01-01", quantity=2)]
    assert [("l1", "taste", moment("2024-02-03"))] == _reasons(sent_back("l1", "2024-01-05", "2024-01-08"), late, lines=two)


def test_a_return_row_says_since_when_the_first_request_was_known() -> None:
    lines = [line("kept", "2024-01-01"), line("back", "2024-01-02"), line("told", "2024-01-03"), line("goodwill", "2024-01-04")]
    back = [sent_back("back", "2024-01-05", None), sent_back("goodwill", "2024-01-25", None)]
    told = {**sent_back("told", "2024-01-06", None), "known_at": "2024-01-09"}
    rows = labelled("return", _shop(order_lines=lines, returns=[*back, told]))
    expected = [None, moment("2024-01-05"), moment("2024-01-09"), None]
    assert rows.asked_back_at is not None
    assert expected == rows.asked_back_at.astype(object).where(rows.asked_back_at.notna(), None).tolist()


def test_a_shop_that_asks_nobody_why_has_no_reason_rows() -> None:
    assert [] == _reasons()
    assert [] == _reasons(sent_back("l1", "2024-01-05", "2024-01-08"))
