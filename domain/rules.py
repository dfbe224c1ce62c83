"""What must hold between tables: a return belongs to a line, comes after it, and gives back no more than was paid."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from domain.known import holds
from domain.tables import UTC, Tables
from domain.violations import Violation, violation_of

_MAY_LIE_AHEAD = {("order_lines", "promised_at"), ("stock", "inbound_at"), ("preferences", "needed_on"), ("products", "launched_at")}
"""Times that are plans, not facts."""

_REFERENCES = (
    ("order_lines", "sku", "products"),
    ("returns", "line_id", "order_lines"),
    ("fit_feedback", "sku", "products"),
    ("fit_feedback", "line_id", "order_lines"),
    ("events", "sku", "products"),
    ("impressions", "sku", "products"),
    ("impressions", "line_id", "order_lines"),
    ("stock", "sku", "products"),
    ("tickets", "sku", "products"),
    ("tickets", "line_id", "order_lines"),
)
"""(table, column, the table whose rows it must name by the same column)."""

_HAPPENED = {"returns": "requested_at", "fit_feedback": "given_at", "events": "at", "tickets": "opened_at"}
"""When the rows of the tables with a `known_at` happened."""

_NEVER_CORRECTED = ("line_id", "requested_at", "received_at")
"""What all rows of one return must agree on."""


def future_violations(tables: Tables, now: dt.datetime) -> list[Violation]:
    """Facts that claim to have happened after `now`."""
    found: list[Violation] = []
    for name, frame in tables.items():
        moments = [column for column in frame.columns if frame[column].dtype == UTC and (name, column) not in _MAY_LIE_AHEAD]
        for column in moments:
            found += violation_of(
                name,
                column,
                f"lies after {now:%Y-%m-%d %H:%M} UTC",
                frame[column] > now,
                "a fact cannot lie in the future; check the time zone",
            )
    return found


def cross_table_violations(tables: Tables) -> list[Violation]:
    """Every rule that needs more than one column or table; tables that are absent (or broken) are passed over."""
    found: list[Violation] = []
    for name, column, other in _REFERENCES:
        if name in tables and other in tables:
            found += _unknown_reference(tables, name, column, other)
    for name, happened in _HAPPENED.items():
        if name in tables:
            found += _known_too_early(tables[name], name, happened)
    for name, rule in (("order_lines", _line_times), ("returns", _corrections), ("products", _uneven_looks)):
        if name in tables:
            found += rule(tables[name])
    if "order_lines" in tables and "returns" in tables:
        found += _returns_against_lines(tables["returns"], tables["order_lines"])
    if "order_lines" in tables and "fit_feedback" in tables:
        found += _verdicts_against_lines(tables["fit_feedback"], tables["order_lines"])
    if "products" in tables and "order_lines" in tables:
        found += _mixed_currencies(tables)
    return found


def _unknown_reference(tables: Tables, name: str, column: str, other: str) -> list[Violation]:
    key = tables[name][column]
    unknown = key.notna() & ~key.isin(tables[other][column])
    return violation_of(name, column, f"is not in {other}", unknown, f"add the row to {other}, or leave these out")


def _line_times(lines: pd.DataFrame) -> list[Violation]:
    early = lines["delivered_at"] < lines["ordered_at"]
    return violation_of("order_lines", "delivered_at", "lies before ordered_at", early, "check the time zone of both")


def _known_too_early(facts: pd.DataFrame, name: str, happened: str) -> list[Violation]:
    early = _true(facts["known_at"] < facts[happened])
    advice = "nothing is known before it happened; leave known_at empty where the shop knew at once"
    return violation_of(name, "known_at", f"lies before {happened}", early, advice)


def _corrections(returns: pd.DataFrame) -> list[Violation]:
    """A correction may leave received_at empty: the parcel has arrived all the same."""
    advice = "a correction changes the reason, condition, disposition, quantity or money of a return; another parcel is another return"
    corrected = returns[returns["return_id"].notna() & returns.duplicated("return_id", keep=False)]
    told, first = corrected[list(_NEVER_CORRECTED)], corrected.groupby("return_id")[list(_NEVER_CORRECTED)].transform("first")
    differs = ((told != first) & told.notna()).reindex(returns.index, fill_value=False)
    rule = "differs between the rows of one return"
    return [found for column in _NEVER_CORRECTED for found in violation_of("returns", column, rule, differs[column], advice)]


def _lines_of(facts: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The order line of each fact, by its line_id; missing where there is none."""
    first = lines.drop_duplicates("line_id").reset_index(drop=True)
    position = pd.Series(range(len(first)), index=first["line_id"].astype("object"), dtype="float64")
    return first.reindex(position.reindex(facts["line_id"].astype("object").tolist()).to_numpy()).reset_index(drop=True)


def _returns_against_lines(returns: pd.DataFrame, lines: pd.DataFrame) -> list[Violation]:
    """Every row is judged, but only those that hold are added up."""
    line = _lines_of(returns, lines)
    ordered_at, requested_at, received_at = line["ordered_at"], returns["requested_at"], returns["received_at"]
    held = returns[holds(returns)]
    whole = held.assign(refund=held["refund"].astype("Int64").fillna(0)).groupby("line_id", dropna=False)
    units, refunded = (whole[column].transform("sum").reindex(returns.index) for column in ("quantity", "refund"))
    paid = line["quantity"].astype("Int64") * line["unit_price"].astype("Int64")
    broken = (
        ("requested_at", "lies before the line was ordered", requested_at < ordered_at, "check the time zone of both"),
        ("received_at", "lies before the line was ordered", received_at < ordered_at, "check the time zone of both"),
        ("received_at", "lies before requested_at", received_at < requested_at, "a return arrives after it was asked for"),
        ("quantity", "adds up to more units than were ordered", units > line["quantity"], "a line's returns hold at most its quantity"),
        ("refund", "adds up to more than was paid", refunded > paid, "a line's refunds hold at most quantity x unit_price"),
    )
    return [found for column, rule, offends, advice in broken for found in violation_of("returns", column, rule, _true(offends), advice)]


def _verdicts_against_lines(said: pd.DataFrame, lines: pd.DataFrame) -> list[Violation]:
    line = _lines_of(said, lines)
    of_another = line["line_id"].notna() & ((said["customer_id"] != line["customer_id"]) | (said["sku"] != line["sku"]))
    early = _true(said["given_at"] < line["ordered_at"])
    return [
        *violation_of("fit_feedback", "line_id", "is a line of another customer or sku", _true(of_another), "name its own line"),
        *violation_of("fit_feedback", "given_at", "lies before the line was ordered", early, "check the time zone of both"),
    ]


def _true(offends: pd.Series) -> pd.Series:
    """Where a comparison holds for certain; a missing value offends nobody."""
    return offends.astype("boolean").fillna(False).astype(bool)


def _uneven_looks(products: pd.DataFrame) -> list[Violation]:
    count = products["looks"].str.count(r"\S+")
    usual = count.mode()
    if usual.empty:
        return []
    rule = f"holds another number of coordinates than the usual {usual[0]:.0f}"
    return violation_of("products", "looks", rule, count.notna() & (count != usual[0]), "take all looks from one embedding")


def _mixed_currencies(tables: Tables) -> list[Violation]:
    usual = tables["order_lines"]["currency"].mode()
    if usual.empty:
        return []
    found: list[Violation] = []
    for name in ("order_lines", "products"):
        other = tables[name]["currency"] != usual[0]
        found += violation_of(name, "currency", f"differs from the shop's {usual[0]}", other, "keep one folder of tables per currency")
    return found
