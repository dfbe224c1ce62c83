"""Does what a shop learns only later change a feature? Rewrites the future of rows, builds them anew, and compares bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.future import Future, Rewrite, added, altered, dated, removed
from features.asked import of_order_lines
from features.build import Progress, build
from features.shop import Shop

CUTS = 4
"""Moments at which rows are asked."""

REWRITES: Mapping[str, tuple[Rewrite, ...]] = {"taken away": (removed,), "made something else": (altered, added)}
"""What happens to the future."""


@dataclass(frozen=True)
class Change:
    """A feature that saw the future.

    Attributes:
        feature: its name.
        table: whose future it saw.
        how: what had happened to the future.
        at: the first moment at which it did.
        rows: how many of that moment's rows it changed for.
        line_id: the order line that one of these rows was made of.
        before: its value with the future as it came.
        after: its value with another future.
    """

    feature: str
    table: str
    how: str
    at: pd.Timestamp
    rows: int
    line_id: str
    before: float
    after: float


@dataclass(frozen=True)
class Foresight:
    """What became of the features.

    Attributes:
        rows: how many rows were asked.
        cuts: when.
        facts: how many facts were taken away, made something else or added, by table.
        compared: how many values were compared.
        changes: the features that changed.
    """

    rows: int
    cuts: tuple[pd.Timestamp, ...]
    facts: Mapping[str, int]
    compared: int
    changes: tuple[Change, ...]


def foresight(shop: Shop, asked: pd.DataFrame, seed: int, progress: Progress) -> Foresight:
    """Rewrite the future of rows and compare their features.

    All tables are rewritten at once, which finds whatever rewriting one of them would. Where a feature changes for the first time, it is
    done table by table, to tell whose future it saw.

    Args:
        shop: the shop.
        asked: what `askings` returns.
        seed: draws what the future becomes.
        progress: wraps the loop over moments and rewritings.
    """
    cuts, tables = tuple(sorted(asked["at"].unique())), dated(shop.tables)
    built = build(shop, asked)
    facts, compared = dict.fromkeys(tables, 0), 0
    changes: dict[tuple[str, str, str], Change] = {}
    for number, how in progress([(number, how) for number in range(len(cuts)) for how in REWRITES], "rewriting the future"):
        chosen = (asked["at"] == cuts[number]).to_numpy()
        trial = _Trial(shop, asked[chosen].reset_index(drop=True), built[chosen].reset_index(drop=True), how, (seed, number))
        values, rewritten, changed = trial.of(tables)
        compared += values
        facts = {name: facts[name] + rewritten[name] for name in tables}
        if {change.feature for change in changed} - {feature for feature, _, before in changes if before == how}:
            alone = [change for name in tables for change in trial.of([name])[2]]
            changes = {(change.feature, change.table, how): change for change in alone or changed} | changes
    return Foresight(len(asked), cuts, facts, compared, tuple(changes.values()))


def askings(shop: Shop, rows: int, draw: np.random.Generator, *, cuts: int = CUTS) -> pd.DataFrame:
    """Random order lines as if they were ordered at a few moments at which somebody did; half of them are from around then.

    Args:
        shop: a shop with order lines.
        rows: about how many, in all.
        draw: draws lines and moments.
        cuts: at most so many moments.

    Returns:
        Rows as `features.asked.ASKED` says, with their line_id.
    """
    lines = of_order_lines(shop.tables).assign(line_id=shop.tables["order_lines"]["line_id"].to_numpy())
    lines = lines.sort_values("at", kind="stable").reset_index(drop=True)
    past = len(lines) // 4  # the first moments have next to none
    drawn = past + draw.choice(len(lines) - past, size=min(cuts, rows, len(lines) - past), replace=False)
    return pd.concat([_asked_at(lines, cut, max(1, rows // len(drawn)), draw) for cut in drawn.tolist()], ignore_index=True)


def _asked_at(lines: pd.DataFrame, cut: int, rows: int, draw: np.random.Generator) -> pd.DataFrame:
    near = min(rows - rows // 2, len(lines))
    first = min(max(0, cut - near // 2), len(lines) - near)
    anywhere = draw.integers(len(lines), size=rows // 2)
    return lines.iloc[[*range(first, first + near), *anywhere.tolist()]].assign(at=lines["at"].iloc[cut])


@dataclass(frozen=True, eq=False)
class _Trial:
    """Rows of one moment with their features, and what is to become of their future."""

    shop: Shop
    asked: pd.DataFrame
    built: pd.DataFrame
    how: str
    seed: tuple[int, int]

    def of(self, names: Sequence[str]) -> tuple[int, dict[str, int], list[Change]]:
        """How many values were compared, how many facts of these tables rewritten, and what changed."""
        tables, facts = dict(self.shop.tables), {}
        for name in names:
            tables[name], facts[name] = self._rewritten(name)
        other = Shop.of(tables, self.shop.windows, now=self.shop.now, zone=self.shop.zone)
        after = build(other, self.asked)
        before = self.built[[name for name in self.built.columns if name in after.columns]]  # a table may have been all future
        differs = ~((before == after) | (before.isna() & after.isna()))
        told = " and ".join(names)
        changes = [self._change(name, told, differs[name], after[name]) for name in differs.columns[differs.any()]]
        return differs.size, facts, changes

    def _rewritten(self, name: str) -> tuple[pd.DataFrame, int]:
        draw = np.random.default_rng([*self.seed, *name.encode()])  # the same alone as with the others
        future = Future(self.asked["at"].iloc[0], self._about(draw), draw)
        table, facts = self.shop.tables[name], 0
        for rewrite in REWRITES[self.how]:
            table, rewritten = rewrite(name, table, future)
            facts += rewritten
        return table, facts

    def _about(self, draw: np.random.Generator) -> pd.DataFrame:
        """Customer and sku of each row, with an order line that the customer had placed before, if there is one."""
        lines = self.shop.tables["order_lines"]
        earlier = lines[lines["ordered_at"] < self.asked["at"].iloc[0]].sample(frac=1, random_state=draw).drop_duplicates("customer_id")
        placed = earlier.set_index("customer_id")["line_id"].reindex(self.asked["customer_id"]).reset_index(drop=True)
        placed = placed.fillna(self.asked["line_id"])
        ordered = placed.map(lines.set_index("line_id")["ordered_at"])
        return self.asked[["customer_id", "sku"]].assign(line_id=placed, ordered_at=ordered)

    def _change(self, feature: str, table: str, differs: pd.Series, after: pd.Series) -> Change:
        row = int(np.flatnonzero(differs)[0])
        values = (float(self.built[feature].iloc[row]), float(after.iloc[row]))
        return Change(feature, table, self.how, self.asked["at"].iloc[row], int(differs.sum()), self.asked["line_id"].iloc[row], *values)
