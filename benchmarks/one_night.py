"""One night's increment against the full snapshot, from tables on disk to a sealed folder on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generated import LAST_DAY, WINDOWS, ZONE
from benchmarks.measured import Clock
from features.snapshot import Snapshot, load_snapshot
from features.stored import Stored
from features.taking import take_next, take_snapshot


def full(clock: Clock, tables: str, folder: str, *, back: int = 0) -> dict[str, Any]:
    """Take the snapshot of a day from all facts; by default of the last day with orders, or so many days before."""
    with clock.phase("full snapshot"):
        take_snapshot(Stored.of(Path(tables), WINDOWS, ZONE), Path(folder), day=LAST_DAY - back)
    return {"MiB": _mib(Path(folder)), "entries": sum(len(stack.layers[0]) for stack in load_snapshot(Path(folder)).state.values())}


def increment(clock: Clock, tables: str, folder: str, last: str) -> dict[str, Any]:
    """Take the snapshot of the last day with orders from an earlier one."""
    with clock.phase("increment"):
        take_next(Stored.of(Path(tables), WINDOWS, ZONE), Path(folder), Path(last), day=LAST_DAY)
    return {"MiB": _mib(Path(folder)), "entries": sum(len(layer) for stack in _loaded(folder).state.values() for layer in stack.layers[1:])}


def equal(clock: Clock, one: str, other: str) -> dict[str, Any]:
    """Compare every entry of two snapshots."""
    with clock.phase("comparison"):
        found, expected = _loaded(one), _loaded(other)
        entries, different = 0, []
        for name, stack in expected.state.items():
            ours, theirs = found.state[name].whole(), stack.whole()
            entries += len(theirs)
            if not (np.array_equal(ours.keys, theirs.keys) and np.array_equal(ours.numbers, theirs.numbers)):
                different.append(name)
    return {"entries": entries, "different": different}


def _loaded(folder: str) -> Snapshot:
    return load_snapshot(Path(folder))


def _mib(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) // 2**20
