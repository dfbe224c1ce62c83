"""Labelled rows: order lines, verdicts and impressions whose outcome is known, each asked for as of its own time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from domain.known import first_told, known_since
from domain.tables import UTC
from features.asked import of_impressions, of_order_lines
from features.measures import REASONS
from features.shop import Shop
from training.model import CLASSES, SHOWN_POSITION
from training.sampled import known_at, sampled_impressions, served_shift
from training.settings import Sampling

KINDS = ("return", "reason", "fit")
"""The models whose rows are order lines; those of the order model are impressions."""

ORDERED_WITHIN = pd.Timedelta(days=1)
"""An order follows in the session that showed the offer, so a day later an impression that led to none is one."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Labelled rows of one model, by the time that they were ordered or shown at.

    Attributes:
        kind: "return", "reason", "fit" or "order".
        line_id: the order line of each row; that of an impression is the one it led to, missing where it led to none.
        asked: the rows as `features.asked.ASKED` says.
        y: class of each row, as in `training.model.CLASSES`.
        known_at: when the label was known (UTC): for returns and reasons the end of the window, or later where a request was told late;
            for fit the verdict's time; for impressions `ORDERED_WITHIN` after they were shown.
        category: category of each row's sku.
        shown: of impressions, `request_id` (with the sku it names the row) and `position` (1 at the top); None for order lines.
        asked_back_at: of return rows, when the shop knew of the first request; missing where the line was kept. None for others.
        shift: log-odds by which what is served differs from what these rows say (`training.sampled`); 0 but for drawn ones.
    """

    kind: str
    line_id: pd.Series
    asked: pd.DataFrame
    y: npt.NDArray[np.int64]
    known_at: pd.Series
    category: pd.Series
    shown: pd.DataFrame | None = None
    shift: float = 0.0
    asked_back_at: pd.Series | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def learned_from(self) -> str:
        """What kind of rows these are, in words."""
        if self.kind == "order":
            return "order lines beside skus that were drawn, at an assumed rate" if self.shift else "impressions"
        return {
            "return": "order lines whose window has closed",
            "reason": "order lines asked back, with a reason",
            "fit": "verdicts on order lines",
        }[self.kind]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return self.at(np.flatnonzero(chosen))

    def at(self, numbers: npt.NDArray[np.int64]) -> Rows:
        """The rows of these numbers, in their order."""
        line_id, known_at, category = (
            column.iloc[numbers].reset_index(drop=True) for column in (self.line_id, self.known_at, self.category)
        )
        shown = None if self.shown is None else self.shown.iloc[numbers].reset_index(drop=True)
        asked = self.asked.iloc[numbers].reset_index(drop=True)
        back = None if self.asked_back_at is None else self.asked_back_at.iloc[numbers].reset_index(drop=True)
        return Rows(self.kind, line_id, asked, self.y[numbers], known_at, category, shown, self.shift, back)

    def newest(self, most: int) -> Rows:
        """At most so many rows, the newest."""
        return self.at(np.arange(max(len(self) - most, 0), len(self)))

    def with_position(self, inputs: pd.DataFrame) -> pd.DataFrame:
        """Their features, and of impressions the training-only input beside them (`training.model.FIXED`)."""
        return inputs if self.shown is None else inputs.assign(**{SHOWN_POSITION: self.shown["position"].to_numpy(dtype="float64")})


def labelled(kind: str, shop: Shop) -> Rows:
    """Every row whose label is known, oldest order (or impression) first.

    A return row says whether a return was asked for inside the window, and is a row as soon as the window has closed, whatever the
    answer. Any other rule would bias the newest rows: before the window's end, early returns would be labelled and their kept
    neighbours not; waiting for parcels to arrive would label the kept ones first.

    A reason row says why such a line was asked back, as it was told first; a line without a reason is none.

    An order row says whether an impression led to an order line, and is a row once nobody who saw it orders any more.

    Raises:
        NotEnoughData: order rows are asked for, and the shop tells of no impressions.
    """
    return _by_time({"return": _return_rows, "reason": _reason_rows, "fit": _fit_rows, "order": _order_rows}[kind](shop))


def sampled(shop: Shop, sampling: Sampling, *, most: int, seed: int) -> Rows:
    """Order rows of a shop that tells of no impressions: its newest order lines beside skus that were drawn, oldest first.

    Raises:
        NotEnoughData: no list has both an ordered sku and another.
    """
    shown = sampled_impressions(shop, sampling, most=most, seed=seed)
    rows = _of_shown(shop, shown, known_at(shop, shown))
    if len(np.unique(rows.y)) < 2:
        raise NotEnoughData("no order line stands beside a sku that was on offer too", advice="give more order lines")
    return _by_time(replace(rows, shift=served_shift(rows.y, sampling)))


def _by_time(rows: Rows) -> Rows:
    return rows.at(np.argsort(rows.asked["at"].to_numpy(), kind="stable"))


def _return_rows(shop: Shop) -> Rows:
    outcomes = shop.outcomes
    closed = (outcomes["window_ends"] <= shop.now).to_numpy() & shop.has("returns")
    y = outcomes["asked_back"].to_numpy().astype("int64")
    back = _requests(shop).groupby("line_id")["known"].min().reindex(outcomes["line_id"]).reset_index(drop=True)
    rows = _rows("return", shop, outcomes["line_id"], of_order_lines(shop.tables), y, outcomes["label_known_at"])
    return replace(rows, asked_back_at=back.astype(UTC)).where(closed)


def _reason_rows(shop: Shop) -> Rows:
    told = _first_reasons(shop)
    rows = _return_rows(shop)
    asked_back = rows.where(rows.line_id.isin(told.index).to_numpy())
    why = told.loc[asked_back.line_id].reset_index(drop=True)
    known_at = asked_back.known_at.mask(why["known"] > asked_back.known_at, why["known"])
    return replace(asked_back, kind="reason", y=why["group"].to_numpy().astype("int64"), known_at=known_at, asked_back_at=None)


def _first_reasons(shop: Shop) -> pd.DataFrame:
    """The group of the first reason that is known of each line, and since when."""
    told = _requests(shop).dropna(subset="reason").sort_values("known", kind="stable").drop_duplicates("line_id")
    return told.assign(group=told["reason"].map(_group)).set_index("line_id")[["group", "known"]]


def _requests(shop: Shop) -> pd.DataFrame:
    """Returns that were asked for inside their line's window, as they were first told, and since when each is `known`."""
    told = first_told(shop.tables["returns"]).merge(shop.outcomes[["line_id", "window_ends"]], on="line_id")
    known = told.assign(known=known_since(told, "requested_at").astype(UTC))
    return known[(known["requested_at"] <= known["window_ends"]) & (known["known"] <= shop.now)]


def _group(reason: str) -> int:
    groups = CLASSES["reason"]
    return next((number for number, group in enumerate(groups) if reason in REASONS.get(group, ())), groups.index("other"))


def _fit_rows(shop: Shop) -> Rows:
    lines = shop.tables["order_lines"]
    asked = of_order_lines(shop.tables).assign(line_id=lines["line_id"].to_numpy())
    said = shop.tables.get("fit_feedback", pd.DataFrame({"line_id": [], "verdict": [], "given_at": [], "known_at": []}))
    known = said.assign(known=known_since(said, "given_at")).dropna(subset=["line_id"])
    known = known[known["known"] <= shop.now] if len(known) else known
    last = known.sort_values("known", kind="stable").drop_duplicates("line_id", keep="last")
    joined = asked.merge(last[["line_id", "verdict", "known"]].astype({"line_id": "str"}), on="line_id")
    y = joined["verdict"].map({name: number for number, name in enumerate(CLASSES["fit"])}).to_numpy().astype("int64")
    return _rows("fit", shop, joined["line_id"], joined.drop(columns=["line_id", "verdict", "known"]), y, joined["known"].astype(UTC))


def _order_rows(shop: Shop) -> Rows:
    if not shop.has("impressions"):
        raise NotEnoughData("the shop tells of no impressions", advice="give the table impressions: what was shown, at which position")
    shown = shop.tables["impressions"]
    return _of_shown(shop, shown, (shown["at"] + ORDERED_WITHIN).astype(UTC))


def _of_shown(shop: Shop, shown: pd.DataFrame, known: pd.Series) -> Rows:
    y = shown["line_id"].notna().to_numpy().astype("int64")
    rows = _rows("order", shop, shown["line_id"], of_impressions({**shop.tables, "impressions": shown}), y, known)
    return replace(rows, shown=shown[["request_id", "position"]]).where((known <= shop.now).to_numpy())


def _rows(kind: str, shop: Shop, line_id: pd.Series, asked: pd.DataFrame, y: npt.NDArray[np.int64], known_at: pd.Series) -> Rows:
    category = asked["sku"].map(shop.tables["products"].set_index("sku")["category"])
    return Rows(kind, line_id, asked, y, known_at, category)
