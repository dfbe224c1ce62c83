"""Every feature of a tiny shop, computed as slowly and plainly as possible: loops over plain rows, from what was known at the time.

It shares no formula, no SQL and no day-wise sums with `features`: it asks what the shop knew at the row's midnight, and counts.
"""

from __future__ import annotations

from features.catalogue import Feature
from features.feature_set import FEATURES
from tests.support.oracle_crosses import CROSSES
from tests.support.oracle_facts import known_before
from tests.support.oracle_histories import HISTORIES
from tests.support.oracle_looks import LOOKS
from tests.support.oracle_past import NAN, Formula, Then
from tests.support.oracle_profiles import PROFILES
from tests.support.oracle_sizes import SIZES, VERDICTS
from tests.support.oracle_tastes import TASTES
from tests.support.oracle_today import TODAY
from tests.support.tiny_shops import Rows, TinyShop, midnight_of

FORMULAS: dict[str, Formula] = HISTORIES | VERDICTS | PROFILES | CROSSES | SIZES | TASTES | LOOKS | TODAY


def existing(rows: Rows) -> list[Feature]:
    """The features of which every table has a row, and every column a value; of two with "or" between them one is enough."""
    return [feature for feature in FEATURES if all(any(_has(rows, one) for one in need.split(" or ")) for need in feature.tables)]


def _has(rows: Rows, need: str) -> bool:
    table, _, column = need.partition(".")
    return any(not column or row.get(column) is not None for row in rows.get(table, ()))


def expected(tiny: TinyShop) -> list[dict[str, float]]:
    """The features that exist, of each asked-for row."""
    midnights = {midnight_of(row["at"], tiny.zone) for row in tiny.asked}
    facts = {midnight: known_before(tiny, midnight) for midnight in midnights}
    points = [Then(tiny, row, facts[midnight_of(row["at"], tiny.zone)]) for row in tiny.asked]
    return [{feature.name: _value(feature, point) for feature in existing(tiny.rows)} for point in points]


def _value(feature: Feature, point: Then) -> float:
    return FORMULAS[feature.name](point) if point.allowed.get(feature.purpose, True) else NAN
