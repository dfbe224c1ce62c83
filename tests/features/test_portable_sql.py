"""Every construct that the SQL of features may use, and what it means; one that is not here may mean something else on another engine."""

# ruff: noqa: S608  (the texts are literal)

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from features.engine import Engine
from tests.support.engines import found

TEXTS, WHOLE, REAL = "str", "int64", "float64"


def frame(*rows: tuple[Any, ...], **kinds: str) -> pd.DataFrame:
    """A frame of literal rows with these columns."""
    return pd.DataFrame([dict(zip(kinds, row, strict=True)) for row in rows], columns=list(kinds)).astype(kinds)


FACTS = frame(
    ("a", 1, 5, 1.5),
    ("a", 2, -3, None),
    ("a", 92, 7, -2.5),
    ("b", 1, 0, 0.1),
    (None, 1, 2, 0.2),
    (None, 2, 4, 0.3),
    style=TEXTS,
    day=WHOLE,
    lines=WHOLE,
    score=REAL,
)
ASKED = frame((1, "a", 0), (2, "a", 10), (3, "a", 11), (4, "a", 99), (5, "b", 5), (6, None, 5), number=WHOLE, style=TEXTS, us=WHOLE)
PRICES = frame(
    ("a", 0, 10, 100), ("a", 10, 50, 200), ("b", 5, 50, 300), (None, 0, 50, 400), style=TEXTS, from_us=WHOLE, until_us=WHOLE, cents=WHOLE
)


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    """An engine that knows facts, asked-for rows and since when until when each price held."""
    for name, relation in (("facts", FACTS), ("asked", ASKED), ("prices", PRICES), ("nothing", FACTS[:0])):
        engine.give(name, relation)
    return engine


BEFORE = "OVER (PARTITION BY style ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
RECENT = "OVER (PARTITION BY style ORDER BY day RANGE BETWEEN 90 PRECEDING AND 1 PRECEDING)"
IN_TIME = "OVER (PARTITION BY style ORDER BY day)"
CONSTRUCTS = {
    "a NULL key is a group": (
        "SELECT style, CAST(SUM(lines) AS BIGINT), COUNT(score), MIN(lines), MAX(lines) FROM facts GROUP BY style",
        [("a", 9, 2, -3, 7), ("b", 0, 1, 0, 0), (None, 6, 2, 2, 4)],
    ),
    "relations are put under each other": (
        "SELECT style, day FROM facts WHERE day = 92 UNION ALL SELECT style, day FROM nothing UNION ALL SELECT 'z', CAST(0 AS BIGINT)",
        [("a", 92), ("z", 0)],
    ),
    "a row finds the interval that it lies in": (
        "SELECT number, cents FROM asked LEFT JOIN prices ON asked.style = prices.style AND from_us < us AND us <= until_us",
        [(1, None), (2, 100), (3, 200), (4, None), (5, None), (6, None)],
    ),
    "NULL keys can be asked to match": (
        "SELECT number, cents FROM asked JOIN prices ON asked.style IS NOT DISTINCT FROM prices.style AND from_us < us AND us <= until_us",
        [(2, 100), (3, 200), (6, 400)],
    ),
    "all rows before": (
        f"SELECT style, day, CAST(SUM(lines) {BEFORE} AS BIGINT), COUNT(*) {BEFORE} FROM facts",
        [("a", 1, None, 0), ("a", 2, 5, 1), ("a", 92, 2, 2), ("b", 1, None, 0), (None, 1, None, 0), (None, 2, 2, 1)],
    ),
    "the rows of ninety days before": (
        f"SELECT style, day, CAST(COALESCE(SUM(lines) {RECENT}, 0) AS BIGINT) FROM facts",
        [("a", 1, 0), ("a", 2, 5), ("a", 92, -3), ("b", 1, 0), (None, 1, 0), (None, 2, 2)],
    ),
    "the first and last day of a condition, before": (
        f"SELECT day, MIN(CASE WHEN lines > 0 THEN day END) {BEFORE}, MAX(CASE WHEN lines > 0 THEN day END) {BEFORE} FROM facts",
        [(1, None, None), (1, None, None), (1, None, None), (2, 1, 1), (2, 1, 1), (92, 1, 1)],
    ),
    "the row before and the row after, or a default": (
        f"SELECT day, LAG(day, 1, CAST(-1 AS BIGINT)) {IN_TIME}, LEAD(day, 1, 9223372036854775807) {IN_TIME} FROM facts WHERE style = 'a'",
        [(1, -1, 2), (2, 1, 92), (92, 2, 9223372036854775807)],
    ),
    "rows are numbered, and NULL is put where the text says": (
        "SELECT day, lines, ROW_NUMBER() OVER (ORDER BY style NULLS FIRST, day) FROM facts WHERE lines > 0",
        [(1, 2, 1), (1, 5, 3), (2, 4, 2), (92, 7, 4)],
    ),
    "the first of several": (
        "SELECT style, day FROM facts QUALIFY ROW_NUMBER() OVER (PARTITION BY style ORDER BY day DESC) = 1",
        [("a", 92), ("b", 1), (None, 2)],
    ),
    "cases and missing values": (
        "SELECT CASE WHEN lines > 0 THEN 'more' WHEN lines < 0 THEN 'less' END, COALESCE(style, '?'), NULLIF(lines, 0) FROM facts",
        [("less", "a", -3), ("more", "?", 2), ("more", "?", 4), ("more", "a", 5), ("more", "a", 7), (None, "b", None)],
    ),
    "GREATEST and LEAST leave NULL out": (
        "SELECT GREATEST(lines, 0, CAST(NULL AS BIGINT)), LEAST(lines, 0) FROM facts WHERE style = 'a'",
        [(0, -3), (5, 0), (7, 0)],
    ),
    "the remainder has the sign of what is divided": (
        "SELECT lines, MOD(lines, 2), MOD(MOD(lines, 2) + 2, 2) FROM facts WHERE style = 'a'",
        [(-3, -1, 1), (5, 1, 1), (7, 1, 1)],
    ),
    "a division without a remainder is exact": (
        "SELECT CAST((day - MOD(day, 4)) / 4 AS BIGINT), CAST(FLOOR(lines / 2) AS BIGINT) FROM facts WHERE style = 'a'",
        [(0, -2), (0, 2), (23, 3)],
    ),
    "division is of reals, and by NULL it is NULL": (
        "SELECT lines / 2, lines / NULLIF(0, 0) FROM facts WHERE style = 'a'",
        [(-1.5, None), (2.5, None), (3.5, None)],
    ),
    "casts of whole numbers": (
        "SELECT CAST(lines AS DOUBLE), CAST(lines AS STRING), CAST('12' AS BIGINT), CAST(lines > 0 AS BIGINT) FROM facts WHERE style = 'a'",
        [(-3.0, "-3", 12, 0), (5.0, "5", 12, 1), (7.0, "7", 12, 1)],
    ),
    "a NULL has the type that it is cast to": (
        "SELECT CAST(NULL AS STRING), CAST(NULL AS BIGINT), CAST(NULL AS DOUBLE), TRUE AND NULL, FALSE OR NULL",
        [(None, None, None, None, None)],
    ),
    "distinct values are counted": (
        "SELECT COUNT(DISTINCT day), COUNT(DISTINCT style), COUNT(DISTINCT CASE WHEN lines > 0 THEN day END) FROM facts",
        [(3, 2, 3)],
    ),
    "whether any row, whether all": (
        "SELECT style, BOOL_OR(lines < 0), BOOL_AND(lines > 0), MAX(CASE WHEN lines < 0 THEN 1 ELSE 0 END) FROM facts GROUP BY style",
        [("a", True, False, 1), ("b", False, False, 0), (None, False, True, 0)],
    ),
    "aggregates of some rows": (
        "SELECT CAST(SUM(lines) FILTER (WHERE day = 1) AS BIGINT), COUNT(*) FILTER (WHERE style IS NULL) FROM facts",
        [(7, 2)],
    ),
    "rows with a partner": (
        "SELECT number FROM asked WHERE EXISTS (SELECT 1 FROM prices WHERE prices.style = asked.style AND until_us < us)",
        [(3,), (4,)],
    ),
    "rows without a partner": (
        "SELECT number FROM asked LEFT JOIN prices ON asked.style = prices.style WHERE prices.style IS NULL",
        [(6,)],
    ),
    "rows without a partner, the other way": (
        "SELECT number FROM asked WHERE NOT EXISTS (SELECT 1 FROM prices WHERE prices.style = asked.style)",
        [(6,)],
    ),
    "the value at the latest moment": (
        "SELECT style, MAX_BY(cents, from_us), MIN_BY(cents, from_us) FROM prices GROUP BY style",
        [("a", 200, 100), ("b", 300, 300), (None, 400, 400)],
    ),
    "texts are put together, and NULL with a text is NULL": (
        "SELECT DISTINCT style || '-' || CAST(day AS STRING) FROM facts WHERE day = 1",
        [("a-1",), ("b-1",), (None,)],
    ),
    "a name with a dot, in double quotes": (
        'WITH named AS (SELECT day AS "style.day" FROM facts WHERE lines = 7) SELECT named."style.day" FROM named',
        [(92,)],
    ),
    "sums of reals": (
        "SELECT SUM(score), AVG(score), MIN(score) FROM facts",
        [(pytest.approx(-0.4, abs=1e-12), pytest.approx(-0.08, abs=1e-12), -2.5)],
    ),
}


@pytest.mark.parametrize(("select", "expected"), CONSTRUCTS.values(), ids=CONSTRUCTS)
def test_a_construct_means_the_same_on_every_engine(stocked: Engine, select: str, expected: list[tuple[Any, ...]]) -> None:
    assert expected == found(stocked, select)
