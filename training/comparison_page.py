"""What the gate found, for people: a table, a picture and plain values in the challenger's run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import mlflow
from matplotlib.figure import Figure

from training.comparing import COMPARED, Comparison
from training.gate import Verdict
from training.plots import BLUE, GREY, INK, figure_of, plain, save
from training.registry import Registry

FOLDER = "comparison"

_UNITS = {"log_loss": "log-loss", "ece": "ECE", "kept_margin": "kept margin, minor units a row", "us_per_row": "microseconds a row"}


def log_comparison(registry: Registry, verdict: Verdict) -> None:
    """Write the comparison into the challenger's run: comparison.json, comparison.md and a picture per model."""
    champion = verdict.champion.number if verdict.champion else None
    told = {
        "challenger": verdict.challenger.number,
        "champion": champion,
        "objections": list(verdict.objections),
        "comparisons": [one.to_json() for one in verdict.comparisons],
    }
    with registry.current(), mlflow.start_run(run_id=verdict.challenger.run_id), tempfile.TemporaryDirectory() as scratch:
        mlflow.log_dict(told, f"{FOLDER}/comparison.json")
        mlflow.log_text(page(verdict), f"{FOLDER}/comparison.md")
        for kind in dict.fromkeys(one.kind for one in verdict.comparisons):
            parts = [one for one in verdict.comparisons if one.kind == kind and one.metric in COMPARED]
            path = Path(scratch) / f"{kind}.png"
            save(differences(kind, parts), path)
            mlflow.log_artifact(str(path), FOLDER)


def page(verdict: Verdict) -> str:
    """The comparison in Markdown: first whether it may be promoted, then every measure."""
    against = f"champion version {verdict.champion.number}" if verdict.champion else "the overall rate (nobody is champion)"
    stands = "Nothing speaks against it." if not verdict.objections else "What speaks against it:"
    rows = [
        f"| {one.kind} | {one.part} | {one.rows:,} | {_UNITS[one.metric]} | {one.champion:.5g} | {one.challenger:.5g} | {_told(one)} |"
        for one in verdict.comparisons
    ]
    return "\n".join(
        [
            f"# Challenger version {verdict.challenger.number} against {against}",
            "",
            stands,
            *(f"- {objection}" for objection in verdict.objections),
            "",
            "| model | part | rows | measure | champion | challenger | challenger minus champion, 95 % over customers |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            "Intervals of parts are widened for the number of parts. Lower is better but for kept margin.",
            "",
        ]
    )


def differences(kind: str, comparisons: Sequence[Comparison]) -> Figure:
    """Challenger minus champion, overall and part by part, a panel per measure: left of the line is better."""
    figure = figure_of(f"Is the {kind} challenger better, and where is it worse? Left of the line it is better")
    metrics = [metric for metric in COMPARED if any(one.metric == metric for one in comparisons)]
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        shown = [one for one in comparisons if one.metric == metric]
        axes.axvline(0, color=GREY, linewidth=1)
        for place, one in enumerate(shown):
            colour = "#B3261E" if one.worse_for_sure else BLUE
            axes.plot([one.difference.low, one.difference.high], [place, place], color=colour, linewidth=1.5)
            axes.plot(one.difference.value, place, "o", color=colour)
        axes.set_title(_UNITS[metric], loc="left", fontsize=10, color=INK)
        axes.set_yticks(range(len(shown)), [f"{one.part} ({one.rows:,})" for one in shown])
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=8)
    return plain(figure, grid="x")


def _told(one: Comparison) -> str:
    ends = f" [{one.difference.low:+.5g}, {one.difference.high:+.5g}]" if one.metric != "us_per_row" else ""
    return f"{one.difference.value:+.5g}{ends}" + (", **worse**" if one.worse_for_sure and ends else "")
