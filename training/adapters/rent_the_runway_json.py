"""RentTheRunway as its authors publish it, renttherunway_final_data.json(.gz): one JSON object a rental.

It is read into the columns of `rent_the_runway`, and becomes the same tables. Review text and summary are known only afterwards, as is
the rating, and age is protected: none of them is kept. A measurement that is spelled otherwise counts as not declared. Of a cup in two
alphabets (ddd/e) the second counts, and of d, d+ and dd each is a d, as in the other layout. A line's id is its place in the file, from 0.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from domain.errors import ImportRefused
from training.adapters.adapter import Adapter, Imported
from training.adapters.json_lines import read_objects
from training.adapters.rent_the_runway import tables_of
from training.adapters.source_file import Field
from training.adapters.verdict_tables import refuse_other_verdicts

FIELDS = {
    "fit": Field("text"),
    "user_id": Field("whole number"),
    "item_id": Field("whole number"),
    "category": Field("text"),
    "size": Field("whole number"),
    "review_date": Field("text"),
    "weight": Field("text", may_be_empty=True),
    "height": Field("text", may_be_empty=True),
    "bust size": Field("text", may_be_empty=True),
    "body type": Field("text", may_be_empty=True),
    "rented for": Field("text", may_be_empty=True),
}
"""The keys read."""

_DATE = "%B %d, %Y"


def convert(path: Path) -> Imported:
    """Read the JSON file and turn it into tables.

    Raises:
        ImportRefused: the file is not RentTheRunway.
    """
    source = read_objects(path, FIELDS)
    refuse_other_verdicts(source["fit"], path)
    return tables_of(_in_columns(source, path))


def _in_columns(source: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The columns of `rent_the_runway.FIELDS`."""
    bust = source["bust size"].str.extract(r"^(?P<band>\d+)(?P<cup>\D+)$")
    height = source["height"].str.extract(r"^(?P<feet>\d+)'\s*(?P<inches>\d+)\"$").astype("float64")
    return pd.DataFrame(
        {
            "row_id": range(len(source)),
            "fit": source["fit"],
            "user_id": source["user_id"],
            "item_id": source["item_id"],
            "category": source["category"],
            "size": source["size"],
            "review_date": _days(source["review_date"], path),
            "weight_lbs": source["weight"].str.extract(r"^(\d+)lbs$", expand=False).astype("float64"),
            "height_in": height["feet"] * 12 + height["inches"],
            "bust_size_num": bust["band"].astype("float64"),
            "bust_size_letter": cup_letters(bust["cup"]),
            "body_type": source["body type"],
            "rented_for": source["rented for"].str.replace(r":.*$", "", regex=True),
        }
    )


def cup_letters(cups: pd.Series) -> pd.Series:
    """Of two alphabets the second, and of repeated letters (but aa) one."""
    second = cups.astype("str").str.lower().str.replace(r"^.*/", "", regex=True)
    return second.where(second == "aa", second.str[:1])


def _days(written: pd.Series, path: Path) -> pd.Series:
    days = pd.to_datetime(written, format=_DATE, errors="coerce", utc=True).dt.as_unit("us")
    if days.isna().any():
        wrong = written[days.isna()]
        told = f"review_date is no day in {len(wrong):,} lines ({wrong.index[0] + 1:,}, …), such as {wrong.iloc[0]!r}"
        raise ImportRefused(f"{path}: {told}", expected="days such as 'April 20, 2016'")
    return days


ADAPTER = Adapter(
    "rent-the-runway-json",
    "RentTheRunway, the authors' own file: rentals with the customer's verdict on the fit and declared measurements "
    "(Misra, Wan and McAuley, RecSys 2018; research use with citation, no redistribution).",
    convert,
)
