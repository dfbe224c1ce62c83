"""Which trial's settings are taken: the knee's, unless somebody asks for another."""

from __future__ import annotations

from domain.errors import TuningRefused
from training.tuning.front import Point, knee, pareto
from training.tuning.study import Study


def chosen(study: Study, pick: str) -> tuple[Point, str]:
    """A trial of a study, and a sentence on why it is taken.

    Args:
        study: the study.
        pick: "knee", "best" (the most accurate), or the number of a trial.

    Raises:
        TuningRefused: no trial ran to its end, or not this one.
    """
    points = {one.number: one.point for one in study.done() if one.point is not None}
    if not points:
        raise TuningRefused(f"no trial of {study.name} ran to its end", advice="ask for more trials")
    front = pareto(list(points.values()))
    if pick.isdecimal() and int(pick) not in points:
        raise TuningRefused(f"no trial {pick} of {study.name} ran to its end", expected=f"one of {sorted(points)}")
    point = {"knee": knee(front), "best": front[-1]}.get(pick) or points[int(pick)]
    what = {"knee": "the knee", "best": "the most accurate point"}.get(pick, f"trial {pick}, picked by hand,")
    where = f"trial {point.number}: log-loss {point.log_loss:.5f}, {point.us_per_row:.2f} µs a row"
    return point, f"{what} of {len(points)} trials of study {study.name} ({where})"
