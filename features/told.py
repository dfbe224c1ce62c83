"""What customers told the shop of themselves and allow it to use: one row for each span of time in which it stayed the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.sizes import size_positions
from domain.tables import CONSENT_PURPOSES, UTC, Tables
from features.catalogue import PROTECTED
from features.clock import micros

MEASUREMENTS = ("height_cm", "weight_kg", "bust_band_in", "bust_cup")
"""Declared numbers that serve as inputs; age, gender and other protected attributes never do."""

ATTRIBUTES = (*MEASUREMENTS, "occasion")
if set(ATTRIBUTES) & PROTECTED:
    raise ValueError("a protected attribute cannot be an input")

STATED_SIZE = "size:"
"""How an attribute begins that states the usual size in a category, such as size:dress."""

HEIGHT_BAND_CM, WEIGHT_BAND_KG = 5.0, 3.0

LARGEST = 999.0
"""A declared number outside 0 to this is no measurement."""

FOREVER = np.iinfo("int64").max
_NO_DAY = -1.0


@dataclass(frozen=True, eq=False)
class Told:
    """Everything that customers told a shop of themselves.

    Attributes:
        spans: what each declared and consented to, as `spans_of` returns it.
        sizes: the usual sizes stated, as `stated_sizes` returns them.
        joined_us: when each account was opened, UTC microseconds by customer_id.
        everybody: whether who was never asked allows everything: without a consents table the shop answers for its legal basis itself.
    """

    spans: pd.DataFrame
    sizes: pd.DataFrame
    joined_us: pd.Series
    everybody: bool

    @classmethod
    def of(cls, tables: Tables) -> Told:
        """Read preferences, consents and customers; each may be absent."""
        return cls(spans_of(tables), stated_sizes(tables), _joined_us(tables), "consents" not in tables)

    def __bool__(self) -> bool:
        """Whether anybody declared or decided anything."""
        return bool(len(self.spans) or len(self.sizes))


def spans_of(tables: Tables) -> pd.DataFrame:
    """Spans of what each customer has declared and consented to.

    Args:
        tables: preferences and consents are read; either may be absent.

    Returns:
        By customer and time: customer_id, from_us and until_us (UTC microseconds: the span holds for moments after the first, up to
        and with the second), a flag for each consent purpose, the `ATTRIBUTES` as last stated (numbers, but for the occasion), when
        each of them was last said as `<name>_us`; and needed_us, the day for which the occasion is. Who said nothing has no row.
    """
    changes = pd.concat([_stated(tables.get("preferences")), _said(tables.get("consents"))], axis=1).sort_index()
    spans = changes.groupby(level="customer_id").ffill().reset_index().rename(columns={"us": "from_us"})
    spans = spans.astype({"from_us": "int64", "customer_id": "str"})
    until = spans.groupby("customer_id")["from_us"].shift(-1)
    spans["until_us"] = until.astype("Int64").fillna(FOREVER).astype("int64")
    for name in MEASUREMENTS:
        spans[name] = _measured(spans[name])
    spans["needed_us"] = spans["needed_us"].where(spans["needed_us"] != _NO_DAY)
    for purpose in CONSENT_PURPOSES:
        spans[purpose] = spans[purpose].astype("boolean").fillna("consents" not in tables).astype(bool)
    return spans


def personal_keys(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans as facts may use them: body bands, occasion and whole-number measures, where the use of measurements is allowed."""
    allowed = spans["measurements"]
    height, weight = (spans[name].where(allowed) for name in ("height_cm", "weight_kg"))
    return spans[["customer_id", "from_us", "until_us"]].assign(
        height_band=bands(height, HEIGHT_BAND_CM),
        weight_band=bands(weight, WEIGHT_BAND_KG),
        occasion=spans["occasion"].where(allowed).astype("str"),
        height_mm=np.rint(height * 10).astype("Int64"),
        weight_hg=np.rint(weight * 10).astype("Int64"),
    )


def bands(values: pd.Series, width: float) -> pd.Series:
    """Which band of this width each value lies in, as a text key; missing values have none."""
    numbers: pd.Series = np.floor(values / width).astype("Int64")
    return numbers.astype("str").where(numbers.notna())


def stated_sizes(tables: Tables) -> pd.DataFrame:
    """The usual sizes that customers stated.

    Returns:
        customer_id, category, from_us and stated_us (when, UTC microseconds), position (`domain.sizes`; missing when it has no order).
    """
    preferences = _preferences(tables.get("preferences"))
    sizes = preferences[preferences["attribute"].str.startswith(STATED_SIZE)]
    return pd.DataFrame(
        {
            "customer_id": sizes["customer_id"],
            "category": sizes["attribute"].str.slice(len(STATED_SIZE)),
            "from_us": micros(sizes["stated_at"]),
            "stated_us": micros(sizes["stated_at"]),
            "position": size_positions(sizes["value"]),
        }
    ).reset_index(drop=True)


def as_of(facts: pd.DataFrame, by: list[str], asked: pd.DataFrame, at_us: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The latest fact about each asked-for row that was known strictly before the row's moment.

    Args:
        facts: the columns `by`, from_us and any further columns.
        by: the columns that say whom or what a fact is about.
        asked: rows with the columns `by`; a row in which one is missing finds nothing.
        at_us: their moments, UTC microseconds.

    Returns:
        The further columns of `facts`, one row per asked-for row in their order, missing where nothing was known.
    """
    both = pd.concat([facts[by], asked[by]], ignore_index=True)
    codes = both.groupby(by, sort=False, dropna=True).ngroup().to_numpy()  # -1 where one is missing
    known = facts.drop(columns=by).assign(who=codes[: len(facts)]).sort_values("from_us", kind="stable")
    rows = pd.DataFrame({"who": codes[len(facts) :], "at_us": at_us, "row": np.arange(len(asked))}).sort_values("at_us", kind="stable")
    rows, known = rows[rows["who"] >= 0], known[known["who"] >= 0]
    found = pd.merge_asof(rows, known, left_on="at_us", right_on="from_us", by="who", allow_exact_matches=False)
    return found.set_index("row").drop(columns=["who", "at_us", "from_us"]).reindex(pd.RangeIndex(len(asked)))


def _joined_us(tables: Tables) -> pd.Series:
    if "customers" not in tables:
        return pd.Series([], index=pd.Index([], dtype="str"), dtype="float64")
    accounts = tables["customers"]
    return pd.Series(micros(accounts["joined_at"]), index=pd.Index(accounts["customer_id"], dtype="str"), dtype="float64")


def _preferences(preferences: pd.DataFrame | None) -> pd.DataFrame:
    if preferences is not None:
        return preferences
    texts = {name: pd.Series([], dtype="str") for name in ("customer_id", "attribute", "value")}
    return pd.DataFrame({**texts, "stated_at": pd.Series([], dtype=UTC)})


def _stated(preferences: pd.DataFrame | None) -> pd.DataFrame:
    """By customer and moment: the texts stated then, each with its moment, and the day of the occasion."""
    whole = _preferences(preferences)
    used = whole[whole["attribute"].isin(ATTRIBUTES)]
    used = used.assign(us=micros(used["stated_at"]), needed_us=_needed(used))
    by_attribute = used.set_index(["customer_id", "us", "attribute"])
    wide = by_attribute["value"].unstack("attribute").reindex(columns=list(ATTRIBUTES)).astype("str")  # noqa: PD010
    occasions = used[used["attribute"] == "occasion"].set_index(["customer_id", "us"])["needed_us"]
    return _with_moments(wide, ATTRIBUTES).assign(needed_us=occasions.reindex(wide.index))


def _with_moments(wide: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Beside what was said at each moment, the moment: filled forward, it tells when something was last said."""
    moments = wide.index.get_level_values("us").to_numpy(dtype="float64")
    return wide.assign(**{f"{name}_us": np.where(wide[name].notna(), moments, np.nan) for name in names})


def _needed(stated: pd.DataFrame) -> npt.NDArray[np.float64]:
    if "needed_on" not in stated.columns:
        return np.full(len(stated), _NO_DAY)
    known = stated["needed_on"].notna()
    days = np.full(len(stated), _NO_DAY)
    days[known.to_numpy()] = micros(stated.loc[known, "needed_on"])
    return days


def _said(consents: pd.DataFrame | None) -> pd.DataFrame:
    """By customer and moment: the purposes granted or withdrawn then."""
    if consents is None:
        index = pd.MultiIndex.from_arrays([pd.Series([], dtype="str"), pd.Series([], dtype="int64")], names=["customer_id", "us"])
        return _with_moments(pd.DataFrame(index=index, columns=list(CONSENT_PURPOSES), dtype="boolean"), CONSENT_PURPOSES)
    said = consents.assign(us=micros(consents["at"])).set_index(["customer_id", "us", "purpose"])["granted"].astype("boolean")
    wide = said.unstack("purpose").reindex(columns=list(CONSENT_PURPOSES))  # noqa: PD010
    return _with_moments(wide, CONSENT_PURPOSES)


def _measured(texts: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    return numbers.where(numbers.between(0.0, LARGEST))
