"""Writes the feature catalogue as a page for the people who ask what the models look at."""

from __future__ import annotations

from features.build import FEATURES
from features.catalogue import Feature

_INTRODUCTION = """# Features

This page is generated from the feature catalogue by `keeprank docs`; do not edit it.

Every feature is a double (missing is NaN), computed by one function of its name in `features/`, the same in training and in the
service. Histories hold what was known before the row's day (UTC). A feature whose purpose the customer has not consented to, or whose
tables the shop lacks, is missing. Protected attributes (age, gender, …) are no features.
"""

_FAMILIES = {"history": "Histories", "profile": "Profiles", "cross": "Crosses"}


def features_page() -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION]
    for family, title in _FAMILIES.items():
        rows = [_row(feature) for feature in FEATURES if feature.family == family]
        parts.append(
            "\n".join([f"## {title}\n\n| feature | meaning | unit | of | purpose | needs |\n|---|---|---|---|---|---|", *rows, ""])
        )
    return "\n".join(parts)


def _row(feature: Feature) -> str:
    return f"| `{feature.name}` | {feature.meaning} | {feature.unit} | {feature.kind} | {feature.purpose} | {', '.join(feature.tables)} |"
