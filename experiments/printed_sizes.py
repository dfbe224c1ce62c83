"""What people read in the terminal of a size advice: every size with its chances as a bar, the size to take, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from serving.size_advice import Chance, words
from serving.sizes import SizeReply

_BAR = 40
_PARTS = (("small", "red"), ("fits", "green"), ("large", "blue"))
_MARKS = {"small": "-", "fits": "#", "large": "+"}
"""Readable without colours, too."""


def size_table(reply: SizeReply) -> Table:
    """Every size of the style."""
    table = Table(title=f"{reply.style_id}, {reply.category}", box=box.SIMPLE, title_justify="left")
    for name in ("size", "too small", "fits", "too large", "ordered by such shoppers"):
        table.add_column(name, justify="right")
    table.add_column("-- too small  ## fits  ++ too large")
    for chance in reply.chances:
        advised = chance == reply.advice.chance
        name = " ".join(part for part in ("→" if advised else "", chance.size_system or "", chance.size) if part)
        likely = "-" if chance.likely is None else f"{chance.likely:.0%}"
        shares = (f"{getattr(chance, part):.0%}" for part, _ in _PARTS)
        table.add_row(Text(name), *shares, likely, bar(chance), style="bold" if advised else "")
    return table


def bar(chance: Chance) -> Text:
    """The three probabilities side by side.

    >>> bar(Chance("38", "EU", 38.0, 0.25, 0.5, 0.25, 1.0)).plain
    '----------####################++++++++++'
    """
    ends = [round(_BAR * end) for end in (chance.small, chance.small + chance.fits, 1.0)]
    drawn = Text()
    for (part, colour), start, end in zip(_PARTS, (0, *ends), ends, strict=False):
        drawn.append(_MARKS[part] * (end - start), style=colour)
    return drawn


def size_lines(reply: SizeReply) -> Iterator[str]:
    """The advice, how sure it is, what it rests on, and what to ask."""
    best, margin = reply.advice.chance, reply.advice.margin
    yield reply.sentence
    beyond = "" if margin is None else f", {margin:+.0%} against the next best size"
    yield f"confidence: {reply.advice.confidence} (fits with {best.fits:.0%}{beyond})"
    yield f"known of the shopper: {reply.customer}; of the style: {reply.style}; fallback: {reply.fallback}"
    if reply.ask is not None:
        asked = " and ".join(map(words, reply.ask.attributes))
        yield f"ask for {asked}: P(fits) of the advised size gains {reply.ask.gain:+.1%}; it may be {', '.join(reply.ask.sizes)}"
    if reply.equivalents:
        told = ", ".join(f"{one.size.system} {one.size.printed}{' (guess)' if one.guessed else ''}" for one in reply.equivalents)
        yield f"{best.size} is about {told}; brands differ"
    if not reply.ordered:
        yield "these sizes have no order, so each is told on its own"


def size_json(reply: SizeReply) -> dict[str, Any]:
    """The stable form that other tools read; probabilities have 6 decimals."""
    told: dict[str, Any] = msgspec.to_builtins(reply)
    told["advice"]["margin"] = reply.advice.margin
    return dict(_rounded(told))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value
