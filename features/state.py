"""The histories of every entity at the start of a day: all of it from the facts, or from yesterday's and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from features.build import Track, define_facts
from features.clock import day_starts
from features.engine import Engine, embedded
from features.entities import FIRST_DAY, LAST_DAY, Wanted
from features.fact_text import Said
from features.histories import change_sql, state_sql
from features.keyed import GONE, MISSING, Hashes, Ints, Layer, Stack, fold, hash_texts
from features.near import near_tables

CONSENTING = "consenting"
"""The relation of customers whose history may be used: customer_id."""

THIN = 0.2
"""A layer above this share of the one below is merged into it."""


@dataclass(frozen=True)
class Span:
    """The days [first, last) since 1970-01-01, and the clock that tells them."""

    first: int
    last: int
    zone: str

    def micros(self, back: int = 0) -> tuple[int, int]:
        """The same number of days, so many days earlier, as UTC microseconds [first, last)."""
        starts = day_starts(self.first - back, self.last - back, self.zone)
        return int(starts[0]), int(starts[-1])


def full_state(engine: Engine, said: Said, plan: Sequence[Wanted], day: int, *, everybody: bool, track: Track = iter) -> dict[str, Stack]:
    """Every history at the start of a day, from all facts before it.

    Args:
        engine: where the shop's relations are known.
        said: the shop's words.
        plan: what to know.
        day: since 1970-01-01.
        everybody: whether all customers' histories may be used; otherwise those of the relation `consenting`.
        track: wraps the loop over entities, to show progress.
    """
    told = define_facts(engine, said, plan)
    return {
        one.entity.name: Stack((_layer(one, engine.fetch(state_sql(one, told, day, _allowed(one, everybody)))),)) for one in track(plan)
    }


def next_state(
    engine: Engine,
    said: Said,
    plan: Sequence[Wanted],
    span: Span,
    before: dict[str, Stack],
    *,
    everybody: bool,
    track: Track = iter,
) -> dict[str, Stack]:
    """Every history at the end of a span of days, from those at its start.

    Only facts of the span are read, and of the days that fall out of windows.

    Args:
        engine: where the shop's relations are known.
        said: the shop's words.
        plan: what to know.
        span: from the day of `before` to the new one.
        before: the histories at the start of the span.
        everybody: as in `full_state`; the relation must not have changed since (see `people_changed`).
        track: wraps the loop over entities, to show progress.
    """
    windows = sorted({one.days for wanted in plan for one in wanted.sums if one.days})
    spanned = replace(said, spans=tuple(span.micros(back) for back in (0, *windows)))
    after = {}
    with embedded() as near:
        _give_near(near, engine, spanned, everybody)
        told = define_facts(near, spanned, plan)
        for one in track(plan):
            changes = near.fetch(change_sql(one, told, span.first, span.last, _allowed(one, everybody)))
            after[one.entity.name] = _stacked(before[one.entity.name], _added(one, before[one.entity.name], changes))
    return after


def _give_near(near: Engine, engine: Engine, said: Said, everybody: bool) -> None:
    """Give the rows that bear on the spans to an engine of their own, whose facts then read little."""
    for name, table in near_tables(engine, said):
        near.give(name, table)
    for name in ("skus", "told", *(() if everybody else (CONSENTING,))):
        near.give(name, engine.fetch(f"SELECT * FROM {name}"))  # noqa: S608


def people_changed(
    engine: Engine, said: Said, plan: Sequence[Wanted], day: int, state: dict[str, Stack], changed: str, granted: str
) -> dict[str, Stack]:
    """The state after customers changed their mind: their entries are taken out, or made anew from all their facts.

    Args:
        engine: where the shop's relations are known.
        said: the shop's words.
        plan: what to know.
        day: of the state.
        state: the histories on that day.
        changed: a condition on customer_id that holds for customers who granted or withdrew the use of their history since the day before.
        granted: one that holds for those of them who granted it.
    """
    after = dict(state)
    told = define_facts(engine, replace(said, people=changed), plan)
    for one in (one for one in plan if "customer_id" in one.entity.keys):
        out = engine.fetch(state_sql(one, told, day, changed))
        back = _layer(one, engine.fetch(state_sql(one, told, day, f"({changed}) AND ({granted})")))
        gone = _hashes(one, out)
        layer = Layer.of(gone, np.full((len(gone), len(one.names)), GONE)).under(back)
        after[one.entity.name] = _stacked(state[one.entity.name], layer)
    return after


def nothing_of(wanted: Wanted) -> Ints:
    """The histories of what has no facts: sums of 0, and no days."""
    return np.array([MISSING if name in (FIRST_DAY, LAST_DAY) else 0 for name in wanted.names], dtype="int64")


def _allowed(wanted: Wanted, everybody: bool) -> str:
    if everybody or "customer_id" not in wanted.entity.keys:
        return "1 = 1"
    return f"customer_id IN (SELECT customer_id FROM {CONSENTING})"  # noqa: S608


def _layer(wanted: Wanted, found: pa.Table) -> Layer:
    return Layer.of(_hashes(wanted, found), _numbers(wanted, found))


def _hashes(wanted: Wanted, found: pa.Table) -> Hashes:
    return fold([hash_texts(found[key].to_pandas().to_numpy(dtype=object)) for key in wanted.entity.keys], len(found))


def _numbers(wanted: Wanted, found: pa.Table) -> Ints:
    nothing = nothing_of(wanted)
    columns = [found[name].fill_null(int(unknown)).to_numpy() for name, unknown in zip(wanted.names, nothing, strict=True)]
    return np.column_stack(columns).astype("int64") if columns else np.empty((len(found), 0), dtype="int64")


def _added(wanted: Wanted, before: Stack, found: pa.Table) -> Layer:
    """The entries that changed, with their new numbers."""
    keys, change = _hashes(wanted, found), _numbers(wanted, found)
    old = before.look_up(keys, nothing_of(wanted))
    new = old + np.where(change == MISSING, 0, change)
    for column, name in enumerate(wanted.names):
        if name == FIRST_DAY:
            new[:, column] = _earlier(old[:, column], change[:, column])
        if name == LAST_DAY:
            new[:, column] = np.maximum(old[:, column], change[:, column])  # MISSING is below every day
    return Layer.of(keys, new)


def _earlier(old: Ints, new: Ints) -> Ints:
    return np.where(old == MISSING, new, np.where(new == MISSING, old, np.minimum(old, new)))


def _stacked(below: Stack, layer: Layer) -> Stack:
    """Put a layer on a stack of at most two; a layer that has grown thick is merged into the one below."""
    base, *above = below.layers
    top = above[0].under(layer) if above else layer
    if not len(top):
        return Stack((base,))
    return Stack((base.under(top).without_gone(),)) if len(top) > THIN * len(base) else Stack((base, top))
