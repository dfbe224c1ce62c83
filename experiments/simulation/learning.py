"""What a shop learns from its own log: P(order) and P(return), from impressions with the features that they were served with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from domain.outcomes import outcomes
from domain.policy import Policy
from domain.tables import Tables
from features.asked import of_impressions
from features.build import build
from features.shop import Shop
from training.model import SHOWN_POSITION, Model, fit
from training.settings import Settings

_SHUFFLES = 20


@dataclass(frozen=True, eq=False)
class Log:
    """Impressions with their features, in order of time.

    Attributes:
        shown: request_id, at, position, line_id (missing where nothing was ordered).
        inputs: their features.
    """

    shown: pd.DataFrame
    inputs: pd.DataFrame

    @classmethod
    def of(cls, impressions: pd.DataFrame, inputs: pd.DataFrame) -> Log:
        """Of rows of the impressions table and their features, row by row."""
        return cls(impressions[["request_id", "at", "position", "line_id"]], inputs)

    def __add__(self, later: Log) -> Log:
        return Log(pd.concat([self.shown, later.shown], ignore_index=True), pd.concat([self.inputs, later.inputs], ignore_index=True))


def log_of(shop: Shop, impressions: pd.DataFrame, most: int) -> Log:
    """The shop's own log so far: the newest impressions, and the older ones that led to an order.

    Args:
        shop: the shop, at the moment of learning.
        impressions: what it has shown.
        most: how many of the newest are taken whether they led to an order or not.
    """
    impressions = impressions.sort_values("at", kind="stable")
    newest = np.arange(len(impressions)) >= len(impressions) - most
    taken = impressions[newest | impressions["line_id"].notna().to_numpy()].reset_index(drop=True)
    inputs = build(shop, of_impressions({**shop.tables, "impressions": taken}))
    return Log.of(taken, inputs)


def learn(
    log: Log, tables: Tables, policy: Policy, settings: Settings, now: dt.datetime, *, most: int, shuffled: bool = False
) -> Mapping[str, Model]:
    """Train both models on what has matured by now.

    P(return) is learned as of the impression that led to the order, since that is when it will be asked for.

    Args:
        log: impressions with features.
        tables: the shop's order lines and returns as known now.
        policy: its return windows.
        settings: forests.
        now: the moment.
        most: impressions that the order model learns from, the newest.
        shuffled: learn from labels of other rows: a model that knows nothing, to see whether a simulation notices.
    """
    known = outcomes(tables["order_lines"], tables["returns"], policy.window_days, now=now).set_index("line_id")
    led_to = known.reindex(log.shown["line_id"])
    matured = (led_to["window_ends"] <= now).to_numpy() & log.shown["line_id"].notna().to_numpy()
    came_back = led_to["asked_back"].to_numpy()[matured].astype(bool).astype("int64")
    shown = np.flatnonzero((log.shown["at"] < now).to_numpy())[-most:]
    ordered = log.shown["line_id"].notna().to_numpy()[shown].astype("int64")
    position = {SHOWN_POSITION: log.shown["position"].to_numpy(dtype="float64")}
    return {
        "return": _fitted("return", log.inputs[matured], came_back, settings, shuffled=shuffled),
        "order": _fitted("order", log.inputs.assign(**position).iloc[shown], ordered, settings, shuffled=shuffled),
    }


def _fitted(kind: str, inputs: pd.DataFrame, y: npt.NDArray[np.int64], settings: Settings, *, shuffled: bool) -> Model:
    """The newest rows calibrate; nothing judges, for the simulation does."""
    return _of_shuffled(kind, inputs, y, settings) if shuffled else _of(kind, inputs, y, settings)


def _of(kind: str, inputs: pd.DataFrame, y: npt.NDArray[np.int64], settings: Settings) -> Model:
    border = round(len(y) * (1 - settings.blocks.calibrate))
    blocks = [(inputs.iloc[:border], y[:border]), (inputs.iloc[border:], y[border:])]
    return fit(kind, blocks[0], blocks[1], settings.forests[kind], seed=settings.seed, threads=settings.threads)


def _of_shuffled(kind: str, inputs: pd.DataFrame, y: npt.NDArray[np.int64], settings: Settings) -> Model:
    """Every other model of shuffled labels forecasts the opposite by chance, and is refused when it is calibrated: shuffle again."""
    rng, refused = np.random.default_rng(settings.seed), NotEnoughData("never shuffled")
    for _ in range(_SHUFFLES):
        try:
            return _of(kind, inputs, rng.permutation(y), settings)
        except NotEnoughData as error:
            refused = error
    raise refused
