"""Recall as people read it in the terminal: rankings, slices, and what each source brings."""

from __future__ import annotations

from rich import box
from rich.table import Table

from experiments.printed import shown
from experiments.rankings import FUSED, KEEPRANK, OF_MARKET, POPULAR, RANDOM, WITHOUT_SIZE
from experiments.recall import AT, Recall, Recalled
from training.retrieval.retriever import SOURCES


def recall_table(found: Recall) -> Table:
    """Keeprank beside simple rankings."""
    title = f"recall of {found.all.lines:,} kept lines of the {found.days} days from {found.cut[:10]} on, out of {found.skus:,} skus"
    table = _table(title, [*(f"@{at}" for at in AT), "times"])
    for name in (KEEPRANK, POPULAR, OF_MARKET, FUSED, RANDOM):
        _row(table, name, found.all, name, style="bold" if name == KEEPRANK else "dim")
    return table


def slices_table(found: Recall) -> Table:
    """Keeprank and the most popular skus on parts of the lines."""
    table = _table(f"@{AT[-1]}, by what the shopper and the style were", ["lines", KEEPRANK, POPULAR, "times"])
    for name, one in found.slices.items():
        recalls = (shown(one.recall[ranking][AT[-1]]) for ranking in (KEEPRANK, POPULAR))
        table.add_row(name, f"{one.lines:,}", *recalls, shown(one.times[POPULAR]))
    return table


def sources_table(found: Recall) -> Table:
    """Each source alone, and all the others without it; the size is told in both."""
    table = _table(f"@{AT[-1]}, what each source brings", ["alone", "all others"])
    table.add_row("size", "-", shown(found.all.recall[WITHOUT_SIZE][AT[-1]]))
    for source in SOURCES:
        table.add_row(source, *(shown(found.all.recall[f"{how} {source}"][AT[-1]]) for how in ("only", "without")))
    return table


def _row(table: Table, name: str, found: Recalled, ranking: str, style: str) -> None:
    times = shown(found.times[ranking]) if ranking in found.times else ""
    table.add_row(name, *(shown(found.recall[ranking][at]) for at in AT), times, style=style)


def _table(title: str, columns: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
