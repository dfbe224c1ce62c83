"""Writes a simulation's pictures and its page to a folder."""

from __future__ import annotations

from pathlib import Path

from experiments.simulation.page import page
from experiments.simulation.pictures import pictures
from experiments.simulation.report import Report


def write_files(found: Report, folder: Path, currency: str) -> dict[str, Path]:
    """One PNG per picture, and report.html, which holds them all; returns the paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = dict(pictures(found))
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        figure.savefig(paths[name], format="png")
    report = folder / "report.html"
    report.write_text(page(found, figures, currency), encoding="utf-8")
    return {**paths, "report": report}
