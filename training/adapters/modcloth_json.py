"""ModCloth as its authors publish it, modcloth_final_data.json(.gz): clothes, what customers said of the fit, and their measurements.

How the source is read:

- **It has no dates.** Every line is ordered and judged at `MOMENT`, measurements are declared the day before. Nothing so comes before
  anything else: a split by time is refused for want of earlier rows, and only a random split, which leaves time out of account, means
  something.
- A line is one unit without a price; nothing is known of returns. A second line of the same customer, style and size is rejected.
- Inches become centimetres. A measurement that is spelled otherwise or implausible counts as not declared. Of a cup in two alphabets
  (dd/e) the second counts.
- Sizes are comparable inside a category only: that is their system.
- Quality (the rating), length, review text and summary are known only afterwards, and a user's name is nobody's business: none is read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from training.adapters.adapter import Adapter, Imported
from training.adapters.json_lines import read_objects
from training.adapters.rent_the_runway_json import cup_letters
from training.adapters.source_file import Field
from training.adapters.verdict_tables import CM_PER_INCH, VERDICTS, cup_places, measured, refuse_other_verdicts, verdict_tables

FIELDS = {
    "item_id": Field("whole number"),
    "size": Field("whole number"),
    "category": Field("text"),
    "fit": Field("text"),
    "user_id": Field("whole number"),
    "height": Field("text", may_be_empty=True),
    "bra size": Field("text", may_be_empty=True),
    "cup size": Field("text", may_be_empty=True),
    "waist": Field("text", may_be_empty=True),
    "hips": Field("text", may_be_empty=True),
}
"""The keys read."""

MOMENT = pd.Timestamp("2018-10-02", tz="UTC")
"""The first day of the conference at which the data were published: all of it had happened by then."""

WORN = "order line with a verdict on the fit"
REPEATED = "same customer, style and size as an earlier line"

_ATTRIBUTES = ("height_cm", "bust_band_in", "bust_cup", "waist_cm", "hips_cm")


def convert(path: Path) -> Imported:
    """Read the JSON file and turn it into tables.

    Raises:
        ImportRefused: the file is not ModCloth.
    """
    source = read_objects(path, FIELDS)
    refuse_other_verdicts(source["fit"], path)
    return verdict_tables(_rows(source), _ATTRIBUTES, said=WORN, repeated=REPEATED)


def _rows(source: pd.DataFrame) -> pd.DataFrame:
    """The source in the contract's words."""
    style_id, size = source["item_id"].astype("str"), source["size"].astype("str")
    height = source["height"].str.extract(r"^(?P<feet>\d+)ft(?:\s*(?P<inches>\d+)in)?$").astype("float64")
    inches = {name: pd.to_numeric(source[name], errors="coerce") for name in ("waist", "hips")}
    return pd.DataFrame(
        {
            "line_id": "m" + pd.Series(range(len(source)), index=source.index).astype("str"),
            "customer_id": source["user_id"].astype("str"),
            "sku": style_id + "-" + size,
            "style_id": style_id,
            "category": source["category"],
            "size": size,
            "size_system": "modcloth " + source["category"],
            "at": MOMENT,
            "verdict": source["fit"].map(VERDICTS).astype("str"),
            "height_cm": measured((height["feet"] * 12 + height["inches"].fillna(0)) * CM_PER_INCH, "height_cm", decimals=1),
            "bust_band_in": measured(pd.to_numeric(source["bra size"], errors="coerce"), "bust_band_in", decimals=0),
            "bust_cup": cup_places(cup_letters(source["cup size"])),
            "waist_cm": measured(inches["waist"] * CM_PER_INCH, "waist_cm", decimals=1),
            "hips_cm": measured(inches["hips"] * CM_PER_INCH, "hips_cm", decimals=1),
        }
    )


ADAPTER = Adapter(
    "modcloth-json",
    "ModCloth: clothes with the customer's verdict on the fit and declared measurements, without dates: compare by random split only "
    "(Misra, Wan and McAuley, RecSys 2018; research use with citation, no redistribution).",
    convert,
    then="backtest {dest} --model fit --split random",
)
