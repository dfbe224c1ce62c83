"""What people read of a study: what was worth choosing between, and which settings are the knee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

from rich import box
from rich.table import Table

from training.settings import Forest
from training.tuning.front import Point, knee, pareto


def front_table(title: str, points: Sequence[Point]) -> Table:
    """The Pareto front, the fastest first, with the knee marked; at least one point."""
    front = pareto(points)
    chosen = knee(front)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for name in ("trial", "log-loss", "µs a row", *(field.name.replace("_", " ") for field in fields(Forest))):
        table.add_column(name, justify="right")
    for point in front:
        settings = (f"{value:,}" if isinstance(value, int) else f"{value:g}" for value in asdict(point.forest).values())
        marks = [name for name, end in (("knee", chosen), ("fastest", front[0]), ("most accurate", front[-1])) if point is end]
        style = "bold" if point is chosen else ""
        table.add_row(", ".join(marks), f"{point.number}", f"{point.log_loss:.5f}", f"{point.us_per_row:.2f}", *settings, style=style)
    return table
