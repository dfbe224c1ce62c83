"""The official splits of the Data Mining Cups: learn from the training file, forecast the class file, count the Cups' points.

Histories of the rows to be forecast end on the day before the first of them, so that no order of the class file tells of another; what
came back is known to them as far as the adapters date it before that day, so a little later than the competitors knew it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.contract import checked
from domain.errors import ImportRefused
from domain.tables import Tables
from features.asked import of_order_lines
from features.build import build
from features.clock import days
from features.shop import Shop
from training.adapters import dmc_2014, dmc_2016, fashion_orders
from training.adapters.source_file import Delimited, Field, read_fields
from training.blocks import Split
from training.pipeline import Progress, Trained, train_one
from training.rows import Rows, labelled
from training.settings import Settings

FILES = ("orders_train.txt", "orders_class.txt", "orders_realclass.txt")
"""What a Cup's folder holds: to learn from, to forecast, and the answers that were published afterwards."""

MOST_ROWS = 500_000
"""Of a larger training file the newest lines train; histories know all."""

_OPEN = pd.Timedelta(days=120)
"""After so many days every return window has closed."""


@dataclass(frozen=True, eq=False)
class Task:
    """A competition's files.

    Attributes:
        learned: tables of the training file.
        asked: tables of the class file, without an answer.
        answers: units that came back, line by line of `asked`.
    """

    learned: Tables
    asked: Tables
    answers: npt.NDArray[np.int64]


def dmc_2014_task(folder: Path) -> Task:
    """The files of 2014.

    Raises:
        ImportRefused: a file has another layout.
    """
    train, unseen, answers = (folder / name for name in FILES)
    rows = dmc_2014.LAYOUT.read(unseen, labelled=False)
    asked = fashion_orders.tables_of(rows).tables
    told = read_fields(answers, {"orderItemID": Field("text"), "returnShipment": Field("whole number")}, dmc_2014.LAYOUT.text)
    return Task(dmc_2014.LAYOUT.convert(train).tables, asked, _answers(told.set_index("orderItemID")["returnShipment"], asked, answers))


def dmc_2016_task(folder: Path) -> Task:
    """The files of 2016; answers stand in the class file's order.

    Raises:
        ImportRefused: a file has another layout.
    """
    train, unseen, answers = (folder / name for name in FILES)
    rows = dmc_2016.read(unseen, labelled=False)
    told = read_fields(answers, {"returnQuantity": Field("whole number")}, Delimited(";"))["returnQuantity"]
    if len(told) != len(rows):
        raise ImportRefused(f"{answers} answers {len(told):,} rows", expected=f"the {len(rows):,} of {unseen}")
    asked = dmc_2016.tables_of(rows).tables
    return Task(dmc_2016.convert(train).tables, asked, _answers(told.set_axis(dmc_2016.rows_of(rows)["line_id"]), asked, answers))


def _answers(told: pd.Series, asked: Tables, path: Path) -> npt.NDArray[np.int64]:
    found = told.reindex(asked["order_lines"]["line_id"])
    if found.isna().any():
        raise ImportRefused(f"{path} answers {found.notna().sum():,} of {len(found):,} rows", expected="an answer to each")
    return found.to_numpy(dtype="int64")


def forecast(task: Task, settings: Settings, progress: Progress) -> Trained:
    """Learn from the training file and forecast the class file.

    Raises:
        NotEnoughData: there are too few rows to learn from.
    """
    unseen = checked(task.asked, now=_now())
    first, last = unseen["order_lines"]["ordered_at"].min(), unseen["order_lines"]["ordered_at"].max()
    shop = Shop.of(_with_unseen_products(task), {"": 30}, now=(last + _OPEN).to_pydatetime())
    rows = labelled("return", shop).newest(MOST_ROWS)
    inputs = build(shop, rows.asked, track=lambda steps: progress(steps, "building features to learn from"))
    asked = of_order_lines(unseen)
    day = int(days(pd.Series([first]), shop.zone)[0])
    judged = build(shop, asked, history_day=day, track=lambda steps: progress(steps, "building features to forecast from"))
    learned = np.arange(len(rows))
    border = round(len(rows) * (1 - settings.blocks.calibrate))
    split = Split(learned[:border], learned[border:], len(rows) + np.arange(len(asked)), first)
    both = _together(rows, asked, unseen, task.answers)
    return train_one(both, pd.concat([inputs, judged], ignore_index=True), split, settings, progress)


def _with_unseen_products(task: Task) -> Tables:
    """The training file's tables; products and accounts also of the class file, whose orders stay unknown."""
    tables = dict(task.learned)
    for name, key in (("products", "sku"), ("customers", "customer_id")):
        if name in tables:
            tables[name] = pd.concat([tables[name], task.asked[name]]).drop_duplicates(key).reset_index(drop=True)
    return checked(tables, now=_now())


def _together(rows: Rows, asked: pd.DataFrame, unseen: Tables, answers: npt.NDArray[np.int64]) -> Rows:
    category = asked["sku"].map(unseen["products"].set_index("sku")["category"])
    return Rows(
        "return",
        pd.concat([rows.line_id, unseen["order_lines"]["line_id"]], ignore_index=True),
        pd.concat([rows.asked, asked], ignore_index=True),
        np.concatenate([rows.y, (answers > 0).astype("int64")]),
        pd.concat([rows.known_at, asked["at"]], ignore_index=True),
        pd.concat([rows.category, category], ignore_index=True),
    )


def points(task: Task, p: npt.NDArray[np.float64]) -> int:
    """The Cups' measure, lower is better: the sum over lines of |units that came back - units forecast|.

    A line is forecast to come back whole where its probability is 1/2 or more, and not at all elsewhere: with single units no other
    forecast is expected to do better.
    """
    units = task.asked["order_lines"]["quantity"].to_numpy(dtype="int64")
    return int(np.abs(task.answers - np.where(p >= 0.5, units, 0)).sum())


def course_cost_cents(y: npt.NDArray[np.int64], p: npt.NDArray[np.float64], price_cents: npt.NDArray[np.float64]) -> float:
    """What the decisions of the BADS course cost: a customer is warned where a warning is expected to cost less than none.

    A warning of what would have been kept costs half the price; a return that nobody warned of 0.5 x 5 x (3 euros + 0.1 x price).
    """
    warned_in_vain, unwarned = 0.5 * price_cents, 2.5 * (300.0 + 0.1 * price_cents)
    warns = p * unwarned > (1 - p) * warned_in_vain
    return float(np.where(y == 1, np.where(warns, 0.0, unwarned), np.where(warns, warned_in_vain, 0.0)).sum())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
