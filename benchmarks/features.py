"""What features cost: all of them for every order line, twelve histories against plain pandas, and one night.

    python -m benchmarks.features [--lines 1000000 10000000] [--memory-mb 4096] [--only night] [--json FILE]

Tables are made up (`benchmarks.generated`); each measurement runs in a process of its own. Seconds on the wall mean something on a quiet
machine only; processor seconds are less easily disturbed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.generated import generate_tables
from benchmarks.measured import Cost, Measured, machine, measure, say

PANDAS_MIB = 16_000
"""Pandas is stopped above this."""

GIB = 1024


@dataclass(frozen=True)
class Measurement:
    """A piece of work at one size.

    Attributes:
        work: what was done.
        lines: order lines of the shop.
        measured: what it took.
    """

    work: str
    lines: int
    measured: Measured

    @property
    def cost(self) -> Cost:
        """Of the work itself, without what Python takes to start."""
        costs = self.measured.phases.values()
        return Cost(sum(one.seconds for one in costs), sum(one.cpu_seconds for one in costs))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"work": self.work, "lines": self.lines, **self.measured.to_json()}


@dataclass(frozen=True)
class Verdict:
    """A number that was aimed at.

    Attributes:
        what: which number.
        lines: order lines of the shop.
        found: what was measured.
        aim: what it should be, in words.
        met: whether it is; None where nothing was aimed at.
    """

    what: str
    lines: int
    found: str
    aim: str = ""
    met: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"what": self.what, "lines": self.lines, "found": self.found, "aim": self.aim, "met": self.met}


Found = Measurement | Verdict


@dataclass(frozen=True)
class Bench:
    """One size of shop.

    Attributes:
        lines: order lines.
        tables: the shop's folder.
        work: where results go; emptied after each measurement.
        memory_mb: DuckDB's bound.
    """

    lines: int
    tables: Path
    work: Path
    memory_mb: int

    def catalogue(self) -> Iterator[Found]:
        """All features of all lines."""
        places = self._at(folder="features", scratch="between")
        found = self._measured("every feature of every line", "whole_catalogue:write", {**places, "memory_mb": self.memory_mb})
        yield found
        yield self._peak(found)
        rows = found.measured.found.get("rows", 0)
        yield Verdict("rows a second, on the wall", self.lines, f"{rows / found.cost.seconds:,.0f}" if rows else "-")

    def columns(self) -> Iterator[Found]:
        """Twelve history columns."""
        bounded = {"memory_mb": self.memory_mb}
        ours = self._measured("twelve histories in memory", "twelve_columns:by_prefix_sums", {**self._at(folder="ours"), **bounded})
        text = self._measured("twelve histories in SQL", "twelve_columns:by_sql", {**self._at(folder="sql"), **bounded})
        plain = self._measured("twelve histories in pandas", "twelve_columns:by_pandas", self._at(folder="pandas"), guard_mib=PANDAS_MIB)
        yield from (ours, text, plain)
        if not plain.measured.died:
            yield _ratio("pandas / in memory", plain, ours, "at least 7", lambda ratio: ratio >= 7.0)
            yield _ratio("pandas / SQL", plain, text, "", None)
            yield self._same("twelve_columns:same", one="ours", other="pandas")
        yield self._same("twelve_columns:same", one="sql", other="ours")

    def night(self) -> Iterator[Found]:
        """One night's increment."""
        self._measured("yesterday's snapshot", "one_night:full", {**self._at(folder="last"), "back": 1})
        full = self._measured("full snapshot", "one_night:full", self._at(folder="full"))
        following = self._measured("one night's increment", "one_night:increment", self._at(folder="next", last="last"))
        yield from (full, following)
        yield _ratio("increment / full", following, full, "at most 0.05", lambda ratio: ratio <= 0.05)
        yield self._same("one_night:equal", one="next", other="full")

    def _at(self, **places: str) -> dict[str, str]:
        return {name: str(self.work / place) for name, place in places.items()}

    def _measured(self, work: str, function: str, arguments: Mapping[str, Any], *, guard_mib: int | None = None) -> Measurement:
        say(f"{work}, {self.lines:,} lines")
        measured = measure(f"benchmarks.{function}", {"tables": str(self.tables), **arguments}, guard_mib=guard_mib)
        return Measurement(work, self.lines, measured)

    def _same(self, function: str, **places: str) -> Verdict:
        found = measure(f"benchmarks.{function}", self._at(**places)).found
        different = found.get("different", ["nothing could be compared"])
        return Verdict("values that differ", self.lines, ", ".join(different) or "none", "none", not different)

    def _peak(self, found: Measurement) -> Verdict:
        gib = found.measured.peak_mib / GIB
        return Verdict("peak memory, GiB", self.lines, f"{gib:.1f}", "at most 8", gib <= 8.0 and not found.measured.died)


MEASUREMENTS: dict[str, Callable[[Bench], Iterator[Found]]] = {"catalogue": Bench.catalogue, "columns": Bench.columns, "night": Bench.night}


def run(lines: list[int], only: list[str], scratch: Path, memory_mb: int) -> Iterator[Found]:
    """Measure at every size; tables that lie in `scratch` already are used again."""
    for count in lines:
        tables, work = scratch / f"tables-{count}", scratch / "work"
        if not tables.is_dir():
            say(f"making up a shop of {count:,} lines")
            generate_tables(tables, count)
        for name in only:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            yield from MEASUREMENTS[name](Bench(count, tables, work, memory_mb))
        shutil.rmtree(work, ignore_errors=True)


def growth(found: list[Found]) -> Iterator[Verdict]:
    """How many times the seconds a line take at the largest size what they take at the smallest."""
    by_work: dict[str, list[Measurement]] = {}
    for one in found:
        if isinstance(one, Measurement) and not one.measured.died:
            by_work.setdefault(one.work, []).append(one)
    for work, several in by_work.items():
        first, last = several[0], several[-1]
        if last.lines > first.lines:
            times = last.cost.cpu_seconds / first.cost.cpu_seconds * first.lines / last.lines
            yield Verdict(f"{work}: CPU seconds a line, against {first.lines:,} lines", last.lines, f"{times:.2f} x")


def costs_table(found: list[Found]) -> Table:
    """What each measurement took."""
    table = _table("", ("work", "lines", "seconds", "CPU seconds", "peak MiB", "of it private", "more"))
    for one in (one for one in found if isinstance(one, Measurement)):
        numbers = (f"{one.lines:,}", f"{one.cost.seconds:,.1f}", f"{one.cost.cpu_seconds:,.1f}", f"{one.measured.peak_mib:,}")
        more = one.measured.died or ", ".join(f"{name} {value:,}" for name, value in one.measured.found.items())
        table.add_row(one.work, *numbers, f"{one.measured.private_mib:,}", more)
        phases = one.measured.phases if len(one.measured.phases) > 1 else {}
        for name, cost in phases.items():
            table.add_row(f"  {name}", "", f"{cost.seconds:,.1f}", f"{cost.cpu_seconds:,.1f}", "", "", "", style="dim")
    return table


def verdicts_table(found: list[Found]) -> Table:
    """What was aimed at."""
    table = _table("", ("number", "lines", "found", "aim", ""))
    for one in (one for one in found if isinstance(one, Verdict)):
        table.add_row(one.what, f"{one.lines:,}", one.found, one.aim, "" if one.met is None else "met" if one.met else "[bold]missed[/]")
    return table


def _ratio(what: str, one: Measurement, other: Measurement, aim: str, met: Callable[[float], bool] | None) -> Verdict:
    wall, cpu = one.cost.seconds / other.cost.seconds, one.cost.cpu_seconds / other.cost.cpu_seconds
    return Verdict(what, one.lines, f"{wall:.3f} on the wall, {cpu:.3f} of CPU", aim, None if met is None else met(wall))


def _table(title: str, heads: tuple[str, ...]) -> Table:
    table = Table(title=title or None)
    for head in heads:
        table.add_column(head, justify="right" if head in ("lines", "seconds", "CPU seconds", "peak MiB", "of it private") else "left")
    return table


def parsed() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 10_000_000], help="order lines of the shops")
    parser.add_argument("--only", nargs="+", choices=tuple(MEASUREMENTS), default=list(MEASUREMENTS))
    parser.add_argument("--memory-mb", type=int, default=4096, help="what DuckDB may hold before it spills, in MiB")
    parser.add_argument("--scratch", type=Path, help="keep the tables here, and use them again; 25 GB for 10 million lines")
    parser.add_argument("--json", type=Path, help="write the numbers here, after each measurement")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    given = parsed()
    told = machine()
    found: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="keeprank-") as temporary:
        for one in run(given.lines, given.only, given.scratch or Path(temporary), given.memory_mb):
            found.append(one)
            _write(given.json, told, found)
    found += growth(found)
    _write(given.json, told, found)
    console = Console(width=max(150, Console().width))
    console.print(", ".join(f"{name} {value}" for name, value in told.items()), highlight=False)
    for table in (costs_table(found), verdicts_table(found)):
        console.print(table)


def _write(file: Path | None, told: dict[str, str], found: list[Found]) -> None:
    if file is not None:
        parts = {"measured": Measurement, "verdicts": Verdict}
        told_so_far = {name: [one.to_json() for one in found if isinstance(one, kind)] for name, kind in parts.items()}
        file.write_text(json.dumps({"machine": told, **told_so_far}, indent=1) + "\n")


if __name__ == "__main__":
    main()
