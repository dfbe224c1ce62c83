"""Writes the feature catalogue as a page for the people who ask what the models look at."""

from __future__ import annotations

from collections.abc import Iterable

from features.catalogue import DTYPE, Feature
from features.entities import FIRST_DAY, LAST_DAY, Wanted
from features.feature_set import FEATURES, needed
from features.measures import MEASURES

_INTRODUCTION = f"""# Features

This page is generated from the feature catalogue by `keeprank docs`; do not edit it. [features-guide.md](features-guide.md) explains how
to read and extend it, `keeprank features list DIR` says which features a shop has, and which inputs each reads.

Every feature is a {DTYPE} (missing is NaN), computed by one function of its name in `features/`, the same in training and in the
service. Histories hold what was known before the row's day, which begins at midnight on the shop's clock; what the customer did, declared
and decided on the day itself counts up to the row's moment. A feature whose purpose the customer has not consented to is missing
(`service` needs no consent: it says nothing about the customer). A feature that needs a table without rows, or a column without values,
does not exist in that shop. Protected attributes (age, gender, …) are no features.
"""

_FAMILIES = {
    "history": ("Histories", "What happened before with this customer, style, sku, size, brand, supplier and market."),
    "profile": ("Profiles", "The customer's price level, habits, values and declared measurements."),
    "cross": ("Crosses", "How this offer relates to this customer and this basket."),
    "today": ("Today", "What the customer did since midnight and before the moment."),
}


def features_page() -> str:
    """The page, as Markdown."""
    families = [_family(family, *told) for family, told in _FAMILIES.items()]
    return "\n".join([_INTRODUCTION, *families, _entities(needed(FEATURES)), _measures()])


def _family(family: str, title: str, meaning: str) -> str:
    rows = [_row(feature) for feature in FEATURES if feature.family == family]
    heading = "| feature | meaning | unit | of | purpose | needs |\n|---|---|---|---|---|---|"
    return "\n".join([f"## {title}\n\n{meaning} {len(rows)} features.\n\n{heading}", *rows, ""])


def _row(feature: Feature) -> str:
    needs = ", ".join(f"`{need}`" for need in dict.fromkeys(feature.tables))
    return f"| `{feature.name}` | {feature.meaning} | {feature.unit} | {feature.kind} | {feature.purpose} | {needs} |"


def _entities(kept: Iterable[Wanted]) -> str:
    introduction = (
        "Of whom and what histories are kept, because features read them. A measure is summed over all days before the row's own, or over\n"
        "the latest few, as its suffix says: `style.returned_lines_90d`. Rates are formulas over such sums."
    )
    rows = [f"| `{one.entity.name}` | {', '.join(one.entity.keys) or 'everything'} | {_sums(one)} |" for one in kept]
    return "\n".join([f"## Entities\n\n{introduction}\n\n| entity | identified by | histories |\n|---|---|---|", *rows, ""])


def _sums(one: Wanted) -> str:
    windows: dict[str, list[int | None]] = {}
    for kept in one.sums:
        windows.setdefault(kept.measure, []).append(kept.days)
    days = [FIRST_DAY, LAST_DAY] if one.days else []
    return ", ".join(sorted(_named(measure, found) for measure, found in windows.items()) + days)


def _named(measure: str, windows: Iterable[int | None]) -> str:
    """A measure with its windows: kept_lines (ever, 90 days)."""
    told = sorted(windows, key=lambda days: days or 0)
    return measure if told == [None] else f"{measure} ({', '.join('ever' if days is None else f'{days} days' for days in told)})"


def _measures() -> str:
    read = {measure for one in needed(FEATURES) for measure in one.measures}
    rows = [f"| `{name}` | {meaning} |" for name, meaning in MEASURES.items() if name in read]
    days = "`first_day` and `last_day` are the days of an entity's first and latest order."
    return "\n".join([f"## Measures\n\nWhat is counted, in whole numbers. {days}\n\n| measure | meaning |\n|---|---|", *rows, ""])
