"""What people read of a replay: how many decisions came out the same, and what is wrong with the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.table import Table

from serving.decision_log.replay import Replayed

_MOST_LINES = 20


def replay_table(found: Sequence[Replayed]) -> Table:
    """How many decisions there were, and what became of them."""
    counts = Counter(one.outcome for one in found)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("decisions", "same", "different", "not possible"):
        table.add_column(name, justify="right")
    table.add_row(f"{len(found):,}", f"{counts['same']:,}", f"{counts['different']:,}", f"{counts['not possible']:,}")
    return table


def replay_lines(found: Sequence[Replayed]) -> list[str]:
    """The first decisions that differ, each with its first field that does; and why others could not be played again, with how many."""
    different = [one for one in found if one.outcome == "different"]
    lines = [f"different: decision {one.number}, request {one.request_id}: {one.why}" for one in different[:_MOST_LINES]]
    if len(different) > _MOST_LINES:
        lines.append(f"different: {len(different) - _MOST_LINES:,} more")
    not_possible = Counter(one.why for one in found if one.outcome == "not possible")
    return [*lines, *(f"not possible: {count:,} because {why}" for why, count in not_possible.most_common())]
