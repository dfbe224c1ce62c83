"""Says why an offer lies elsewhere by kept margin than by conversion: which offers it passed, or passed it, and what each leaves."""

from __future__ import annotations

from collections.abc import Sequence

from serving.inspector.view import Line, Moved
from serving.inspector.words import money, percent, places


def moved(lines: Sequence[Line], *, currency: str) -> tuple[Moved, ...]:
    """What moved, in the order by kept margin.

    Args:
        lines: the ranking by kept margin; `other` is the place by conversion.
        currency: of their money.
    """
    return tuple(Moved(line, _why(line, lines, currency)) for line in lines if line.other is None or line.up)


def _why(line: Line, lines: Sequence[Line], currency: str) -> str:
    if line.other is None:
        return "By conversion the limit leaves it out."
    passed = [one for one in lines if one.other is not None and _crossed(line, one)]
    if not passed:  # what moved it lies outside the list, beyond the limit
        return f"{_direction(line)}: other offers of the list by conversion are left out here."
    against = max(passed, key=lambda one: abs(one.kept - line.kept))
    verb = "it passes" if line.up > 0 else "it is passed by"
    others = f" and {len(passed) - 1} more" if len(passed) > 1 else ""
    per = "an order" if line.p_order is None else "1,000 views"
    return (
        f"{_direction(line)}: {verb} {against.sku}{others}. Expected of {per}: {money(line.kept, currency)} here, "
        f"{money(against.kept, currency)} there; {percent(line.p_return, 0)} come back here, {percent(against.p_return, 0)} there."
    )


def _direction(line: Line) -> str:
    return f"{'Up' if line.up > 0 else 'Down'} {places(abs(line.up))}"


def _crossed(line: Line, one: Line) -> bool:
    """Whether the two lie the other way round, in the sense in which the line moved."""
    if line.other is None or one.other is None:
        return False
    if line.up > 0:
        return one.other < line.other and one.position > line.position
    return one.other > line.other and one.position < line.position
