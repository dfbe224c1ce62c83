"""Says why an offer lies elsewhere by kept margin than by conversion: which offers it passed, or passed it, and what each leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from serving.inspector.view import Line, Moved
from serving.inspector.words import money, percent
from serving.wire import Reason


def moved(lines: Sequence[Line], reasons: Mapping[str, Sequence[Reason]], *, currency: str) -> tuple[Moved, ...]:
    """What moved, in the order by kept margin.

    Args:
        lines: the ranking by kept margin; `other` is the place by conversion.
        reasons: what moved P(return) most, by sku, the strongest first.
        currency: of their money.
    """
    return tuple(
        Moved(line, " ".join([_passing(line, lines, currency), *_moving(line, reasons.get(line.sku, ()))]))
        for line in lines
        if line.other is None or line.up
    )


def _passing(line: Line, lines: Sequence[Line], currency: str) -> str:
    if line.other is None:
        return "By conversion the request's limit leaves it out."
    passed = [one for one in lines if one.other is not None and _crossed(line, one)]
    if not passed:
        return "Because of offers that the request's limit leaves out of one of the lists."
    against = max(passed, key=lambda one: abs(one.kept - line.kept))
    verb = "Passes" if line.up > 0 else "Passed by"
    others = f" and {len(passed) - 1} more" if len(passed) > 1 else ""
    per = "an order leaves" if line.p_order is None else "1,000 views leave"
    return (
        f"{verb} {against.sku}{others}: {per} {money(line.kept, currency)} against {money(against.kept, currency)}, "
        f"and {percent(line.p_return, 0)} come back against {percent(against.p_return, 0)}."
    )


def _moving(line: Line, reasons: Sequence[Reason]) -> Iterator[str]:
    """The strongest reason that goes with the move: what lowers the risk of an offer that rose, or raises that of one that fell."""
    effect, says = ("lowers", "What most keeps it from coming back") if line.up > 0 else ("raises", "What most makes it come back")
    found = next((reason for reason in reasons if reason.effect == effect), None)
    if found is not None:
        yield f"{says}: {found.meaning}."


def _crossed(line: Line, one: Line) -> bool:
    """Whether the two lie the other way round, in the sense in which the line moved."""
    if line.other is None or one.other is None:
        return False
    if line.up > 0:
        return one.other < line.other and one.position > line.position
    return one.other > line.other and one.position < line.position
