"""Leak lint: does a feature see the future, or tell the outcome too well to be true?

A formula or query that looks ahead changes its value when the future changes (`experiments.foresight`). A column that was filled in after
the fact leaks through every clock, as it lies in the table from the beginning; it shows in an AUC that no honest input has
(`experiments.telling`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.errors import NotEnoughData
from experiments.foresight import Change, Foresight, askings, foresight
from experiments.telling import Telling, Told, told_by_all
from features.build import Progress
from features.shop import Shop

SHOWN = 5
"""The most telling features are shown even when nothing is wrong with them."""


@dataclass(frozen=True)
class Audit:
    """What the audit found.

    Attributes:
        seed: drew everything.
        suspicious: an AUC above this is too good to be true.
        foresight: whether rewriting the future changed a feature.
        told: how much each feature tells, by model.
    """

    seed: int
    suspicious: float
    foresight: Foresight
    told: Mapping[str, Told]

    @property
    def suspects(self) -> tuple[Telling, ...]:
        """Features that tell too much."""
        return tuple(one for told in self.told.values() for one in told.features if one.auc > self.suspicious)

    @property
    def passed(self) -> bool:
        """Whether no leak was found."""
        return not self.foresight.changes and not self.suspects

    def to_json(self) -> dict[str, Any]:
        """For --json: keys stay as they are."""
        seen = self.foresight
        return {
            "passed": self.passed,
            "seed": self.seed,
            "suspicious": self.suspicious,
            "rows": seen.rows,
            "cuts": [cut.isoformat() for cut in seen.cuts],
            "values_compared": seen.compared,
            "tables": {name: {"facts_rewritten": facts} for name, facts in seen.facts.items()},
            "changes": [_change(change) for change in seen.changes],
            "labels": {kind: _told(told) for kind, told in self.told.items()},
            "suspects": [_telling(one) for one in self.suspects],
        }


def audit(shop: Shop, *, rows: int, seed: int, suspicious: float, progress: Progress) -> Audit:
    """Look for leaks.

    Args:
        shop: the shop.
        rows: about how many rows to ask with another future.
        seed: draws rows, moments and what the future becomes.
        suspicious: the AUC of a single feature above which it is too good to be true.
        progress: wraps loops.

    Raises:
        NotEnoughData: the shop has no order lines.
    """
    if not len(shop.tables["order_lines"]):
        raise NotEnoughData("the shop has no order lines", expected="at least one: the audit asks for the features of some")
    draw = np.random.default_rng(seed)
    seen = foresight(shop, askings(shop, rows, draw), seed, progress)
    return Audit(seed, suspicious, seen, told_by_all(shop, draw, progress))


def _change(change: Change) -> dict[str, Any]:
    before, after = (None if math.isnan(value) else value for value in (change.before, change.after))
    row = {"rows": change.rows, "line_id": change.line_id, "at": change.at.isoformat(), "before": before, "after": after}
    return {"feature": change.feature, "table": change.table, "future": change.how, **row}


def _told(told: Told) -> dict[str, Any]:
    return {"rows": told.rows, "skipped": told.skipped or None, "features": [_telling(one) for one in told.features]}


def _telling(one: Telling) -> dict[str, Any]:
    return {"kind": one.kind, "feature": one.feature, "of": one.of, "auc": one.auc}
