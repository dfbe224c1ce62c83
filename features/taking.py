"""Takes the nightly snapshot: the whole of it from all facts, or the next one from last night's and what the day brought."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from domain.errors import SnapshotRefused
from features.build import Track
from features.clock import midnight
from features.engine import Embedded, embedded
from features.entities import Wanted
from features.fact_text import OF_A_PRODUCT, Said
from features.feature_set import FEATURE_SET_HASH, existing, needed
from features.keyed import LAYER_FILES, Layer, Stack
from features.past import fingerprints
from features.people import People
from features.persons import OWN
from features.relations import give, sources_of
from features.sealed import read_manifest, read_sealed, write_sealed
from features.snapshot import PROBE, load_stack
from features.state import CONSENTING, Span, full_state, next_state, people_changed
from features.stored import AnyShop
from features.told import Told

_PEOPLE, _HISTORIES = "people", "histories"

Beside = Callable[[Path], None]
"""Writes what else a service needs of the same night into the snapshot's folder, before it is sealed."""


def nothing_beside(_: Path) -> None:
    """Write nothing more."""


class PastChanged(SnapshotRefused):
    """The tables say something else of the past than they did last night: only a full snapshot is right."""


@dataclass(frozen=True, eq=False)
class Night:
    """What a snapshot is taken of.

    Attributes:
        shop: the shop.
        day: since 1970-01-01 on the shop's clock.
        told: what its customers told it.
    """

    shop: AnyShop
    day: int
    told: Told

    @property
    def at(self) -> pd.Timestamp:
        """Its moment."""
        return midnight(self.day, self.shop.zone)

    @property
    def plan(self) -> tuple[Wanted, ...]:
        """The histories that it holds."""
        return needed(existing(self.shop.present))


def night_of(shop: AnyShop, day: int | None = None) -> Night:
    """The night on which a day begins; by default the day that has begun at the shop's `now`.

    Raises:
        SnapshotRefused: the day begins after the shop's `now`: nobody knows yet what was kept by then.
    """
    day = shop.today if day is None else day
    if day > shop.today:
        raise SnapshotRefused(
            f"a snapshot of {midnight(day, shop.zone):%Y-%m-%d}", expected=f"a day up to the shop's now, {shop.now:%Y-%m-%d %H:%M}"
        )
    return Night(shop, day, Told.of(shop.tables))


def take_snapshot(shop: AnyShop, folder: Path, *, day: int | None = None, track: Track = iter, beside: Beside = nothing_beside) -> str:
    """Write the shop's online state at the start of a day into `folder`, sealed.

    Of customers it holds what their consent allows and nothing else.

    Args:
        shop: the shop.
        folder: where to.
        day: days since 1970-01-01; by default the day that has begun at the shop's `now`.
        track: wraps the loop over entities, to show progress.
        beside: what else to write into it.

    Returns:
        The snapshot's seal.

    Raises:
        SnapshotRefused: the day begins after the shop's `now`.
    """
    night = night_of(shop, day)
    with embedded() as engine, _people(night) as people:
        said = _give(engine, night)
        state = full_state(engine, said, night.plan, night.day, everybody=night.told.everybody, track=track)
        (past,) = fingerprints(engine, sources_of(shop), night.at)
        return _write(night, folder, state, past, people, beside)


def take_next(
    shop: AnyShop, folder: Path, last: Path, *, day: int | None = None, track: Track = iter, beside: Beside = nothing_beside
) -> str:
    """The same, from an earlier day's snapshot: it reads the facts of the days between and of those that fall out of windows.

    Files of `last` that did not change are linked, not copied, so both folders have to lie on one disk.

    Args:
        shop: the shop.
        folder: where to.
        last: an earlier day's snapshot of the same shop.
        day: as in `take_snapshot`.
        track: wraps the loop over entities, to show progress.
        beside: what else to write into it.

    Returns:
        The snapshot's seal.

    Raises:
        PastChanged: the tables say something else of the days before `last` than they did then.
        SnapshotRefused: `last` is damaged, of another feature set or shop, or not earlier.
    """
    night, last = night_of(shop, day), last.resolve()
    _, manifest = read_sealed(last, SnapshotRefused)
    _require_earlier(night, last, manifest)
    span = Span(int(manifest["day"]), night.day, shop.zone)
    with embedded() as engine, _people(night) as people:
        said = _give(engine, night)
        past = _same_past(engine, night, last, manifest)
        before = {one.entity.name: load_stack(last / _HISTORIES / one.entity.name) for one in night.plan}
        state = next_state(engine, said, night.plan, span, before, everybody=night.told.everybody, track=track)
        minds = _changed_minds(night, span)
        if len(minds):
            engine.give("minds", minds)
            changed, granted = (f"customer_id IN (SELECT customer_id FROM minds{where})" for where in ("", " WHERE granted"))  # noqa: S608
            state = people_changed(engine, said, night.plan, night.day, state, changed, granted)
        return _write(night, folder, state, past, people, beside, last=last)


def _give(engine: Embedded, night: Night) -> Said:
    said = give(engine, night.shop, night.told)
    engine.give(CONSENTING, _consenting(night.told, int(night.at.timestamp() * 1e6)))
    return said


def _consenting(told: Told, at_us: int) -> pa.Table:
    """The customers who at a moment allowed the use of their history."""
    spans = told.spans
    holds = (spans["from_us"] < at_us) & (at_us <= spans["until_us"]) & spans[OWN]
    return pa.table({"customer_id": pa.array(spans.loc[holds, "customer_id"], type=pa.string())})


def _changed_minds(night: Night, span: Span) -> pa.Table:
    """The customers whose answer to the use of their history differs between two midnights: customer_id, granted."""
    if night.told.everybody:
        return pa.table({"customer_id": pa.array([], type=pa.string()), "granted": pa.array([], type=pa.bool_())})
    first, last = (set(_consenting(night.told, at)["customer_id"].to_pylist()) for at in span.micros())
    changed = sorted(first ^ last)
    return pa.table(
        {"customer_id": pa.array(changed, type=pa.string()), "granted": pa.array([who in last for who in changed], type=pa.bool_())}
    )


def _require_earlier(night: Night, last: Path, manifest: Mapping[str, Any]) -> None:
    wanted = {
        "kind": "snapshot",
        "feature_set": FEATURE_SET_HASH,
        "probe": PROBE,
        "zone": night.shop.zone,
        "present": sorted(night.shop.present),
        "windows": dict(night.shop.windows),
    }
    other = [name for name, value in wanted.items() if manifest.get(name) != value]
    if other:
        raise SnapshotRefused(f"{last.name} was taken with another {other[0]}", advice="take a full snapshot")
    if int(manifest["day"]) >= night.day:
        raise SnapshotRefused(f"{last.name} is of {midnight(int(manifest['day']), night.shop.zone):%Y-%m-%d}", expected="an earlier day")


def _same_past(engine: Embedded, night: Night, last: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprints of what is known at the night, if the tables still say of the days before `last` what they said then.

    Raises:
        PastChanged: they do not.
    """
    before = midnight(int(manifest["day"]), night.shop.zone)
    then, now = fingerprints(engine, sources_of(night.shop), before, night.at)
    changed = [name for name in then if manifest["past"].get(name) != then[name]]
    summed = {measure for one in night.plan for measure in one.measures}
    if _products_changed(pd.read_parquet(last / "products.parquet"), night.shop.tables["products"], summed):
        changed.append("products")
    if changed:
        raise PastChanged(f"{', '.join(changed)}: what was known before {before:%Y-%m-%d %H:%M} has changed", advice="take a full snapshot")
    return now


def _products_changed(then: pd.DataFrame, now: pd.DataFrame, summed: Set[str]) -> bool:
    """Whether a sku that was there says something else of itself, as far as facts inherit it: price and looks only if they are summed."""
    numbers = {"price": {"priced_views"}, "looks": {"pictured_views", "pictured_lines"}}
    inherited = [*OF_A_PRODUCT, "value_tags", *(column for column, counted in numbers.items() if counted & summed)]
    old, new = (frame[["sku", *inherited]].set_index("sku") for frame in (then, now))
    return not old.equals(new.reindex(old.index).astype(old.dtypes.to_dict()))


@contextmanager
def _people(night: Night) -> Iterator[Callable[[], People]]:
    """What is held of customers, found out in the background while the engine counts."""
    with ThreadPoolExecutor(1, thread_name_prefix="people") as pool:
        yield pool.submit(People.of, night.told, int(night.at.timestamp() * 1e6)).result


def _write(
    night: Night,
    folder: Path,
    state: Mapping[str, Stack],
    past: Mapping[str, str],
    people: Callable[[], People],
    beside: Beside,
    *,
    last: Path | None = None,
) -> str:
    facts = {
        "kind": "snapshot",
        "day": night.day,
        "zone": night.shop.zone,
        "windows": dict(night.shop.windows),
        "present": sorted(night.shop.present),
        "feature_set": FEATURE_SET_HASH,
        "probe": PROBE,
        "past": dict(past),
    }
    linked: dict[str, str] = {}
    sealed = {} if last is None else dict(read_manifest(last)["files"])

    def write(partial: Path) -> None:
        for name, stack in state.items():
            for number, layer in enumerate(stack.layers):
                linked.update(_write_layer(layer, partial, f"{_HISTORIES}/{name}/{number}", last, sealed))
        people().write(partial / _PEOPLE)
        night.shop.tables["products"].to_parquet(partial / "products.parquet", index=False)
        _in_stock(night.shop.tables.get("stock"), night.at).to_parquet(partial / "stock.parquet", index=False)
        beside(partial)

    return write_sealed(folder, write, facts, linked=linked)


def _write_layer(layer: Layer, partial: Path, place: str, last: Path | None, sealed: Mapping[str, str]) -> dict[str, str]:
    """Write a layer, or link it where it lies in the last snapshot already; returns the hashes of what was linked."""
    lies_at = layer.folder
    if last is None or lies_at is None:
        layer.write(partial / place)
        return {}
    (partial / place).mkdir(parents=True)
    linked = {}
    for name in LAYER_FILES:
        os.link(lies_at / name, partial / place / name)
        linked[f"{place}/{name}"] = sealed[(lies_at / name).relative_to(last).as_posix()]
    return linked


def _in_stock(stock: pd.DataFrame | None, at: pd.Timestamp) -> pd.DataFrame:
    """Units that can be sold per sku, at each location's latest count before a moment."""
    if stock is None:
        return pd.DataFrame({"sku": pd.Series([], dtype="str"), "available": pd.Series([], dtype="int64")})
    latest = stock[stock["at"] < at].sort_values("at").drop_duplicates(["sku", "location"], keep="last")
    return latest.groupby("sku")["available"].sum().astype("int64").reset_index()
