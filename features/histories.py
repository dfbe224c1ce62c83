"""Yesterday in SQL: sums over all facts known before a day, in one portable text that is generated from what the features read.

Facts are rolled up by entity and day, and summed over [first day, day - 1] and [day - w, day - 1], so nothing of the asked-for day itself
leaks in and sums are exact. The asked-for days join the roll-ups as zero rows. Every number is whole: rates, means and
shrinkage are formulas over these sums (`features.*_features`), the same in training and online, so no engine can round differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from features.entities import FIRST_DAY, LAST_DAY, Wanted
from features.fact_text import OF_A_PRODUCT, Kind, listed

ASKED_KEYS = "asked_keys"
"""The relation of asked-for rows: row_number, day and `features.fact_text.KEYS`."""


def asked_keys_sql() -> str:
    """The keys of each asked-for row: reads `asked` (row_number, day and the keys that do not follow from the sku) and `skus`."""
    return f"""SELECT asked.*, {listed(f"skus.{key}" for key in OF_A_PRODUCT)}
FROM asked LEFT JOIN skus ON asked.sku = skus.sku"""  # noqa: S608  (every name in it is declared in our own code)


def read_of(kinds: Iterable[Kind], plan: Sequence[Wanted]) -> tuple[Kind, ...]:
    """The kinds of facts that some histories are made of, without the measures that none of them reads."""
    found = []
    for kind in kinds:
        read = {name for one in plan if _concerns(one, kind) for name in (*one.measures, *_order_days(one))}
        measures = tuple(name for name in kind.measures if name in read)
        if measures:
            select = f"SELECT {listed((*kind.keys, 'day', *measures))} FROM ({kind.select}) AS told"  # noqa: S608
            found.append(Kind(kind.name, kind.keys, measures, select))
    return tuple(found)


def rolled_sql(wanted: Wanted, kinds: Sequence[Kind], *, where: str = "1 = 1") -> str:
    """An entity's facts by day: its keys, `day`, its measures, and `ordered`, 1 on days with an order.

    Args:
        wanted: of what.
        kinds: the kinds of facts that the shop has.
        where: a condition on the facts' `day` and keys.
    """
    parts = [_rolled(wanted, kind, where) for kind in kinds if _concerns(wanted, kind)]
    return "\nUNION ALL\n".join(parts or [_nothing(wanted)])


def history_sql(wanted: Wanted, kinds: Sequence[Kind]) -> str:
    """The histories of one entity for every asked-for row whose keys are all known: row_number and `wanted.names`."""
    keys = "".join(f"{key}, " for key in wanted.entity.keys)
    counted = (*wanted.measures, "ordered")
    same = " AND ".join(f"asked.{key} = summed.{key}" for key in (*wanted.entity.keys, "day"))
    return f"""WITH rolled AS (
{rolled_sql(wanted, kinds)}
UNION ALL
SELECT {keys}day, {_zeros(counted)}, CAST(1 AS BIGINT) AS is_asked FROM {ASKED_KEYS} WHERE {_known(wanted)} GROUP BY {keys}day
), daily AS (
SELECT {keys}day, {listed(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in counted)}, MAX(is_asked) AS is_asked
FROM rolled GROUP BY {keys}day
), summed AS (
SELECT {keys}day, is_asked, {listed(_windows(wanted))} FROM daily
)
SELECT asked.row_number, {listed(f"summed.{name}" for name in wanted.names)}
FROM {ASKED_KEYS} AS asked JOIN summed ON {same} WHERE summed.is_asked = 1"""  # noqa: S608


def state_sql(wanted: Wanted, kinds: Sequence[Kind], day: int, where: str) -> str:
    """The histories of every entry of one entity at the start of a day: its keys and `wanted.names`.

    Args:
        wanted: of what.
        kinds: the kinds of facts that the shop has.
        day: since 1970-01-01.
        where: a condition on the entity's keys.
    """
    sums = [f"CAST(SUM({_within(one.measure, one.days, day)}) AS BIGINT) AS {one.name}" for one in wanted.sums]
    return _by_entry(wanted, [*sums, *_ends(wanted, "ordered > 0")], rolled_sql(wanted, kinds, where=f"day < {day} AND {where}"))


def change_sql(wanted: Wanted, kinds: Sequence[Kind], first: int, last: int, where: str) -> str:
    """By how much the histories of one entity change from the start of day `first` to that of day `last`: its keys and `wanted.names`.

    What the days [first, last) brought comes in, and what lies as many days back as a window is long falls out of it.
    """
    sums = [f"CAST(SUM({_moved(one.measure, one.days, first, last)}) AS BIGINT) AS {one.name}" for one in wanted.sums]
    ends = _ends(wanted, f"ordered > 0 AND day >= {first} AND day < {last}")
    return _by_entry(wanted, [*sums, *ends], rolled_sql(wanted, kinds, where=f"day < {last} AND {where}"))


def _by_entry(wanted: Wanted, columns: list[str], rolled: str) -> str:
    keys = "".join(f"{key}, " for key in wanted.entity.keys)
    grouped = f" GROUP BY {listed(wanted.entity.keys)}" if wanted.entity.keys else ""
    return f"WITH rolled AS (\n{rolled}\n)\nSELECT {keys}{listed(columns)} FROM rolled{grouped}"


def _ends(wanted: Wanted, when: str) -> list[str]:
    ends = [f"{end}(CASE WHEN {when} THEN day END) AS {name}" for end, name in (("MIN", FIRST_DAY), ("MAX", LAST_DAY))]
    return ends if wanted.days else []


def _moved(measure: str, days: int | None, first: int, last: int) -> str:
    comes = f"CASE WHEN day >= {first} AND day < {last} THEN {measure} ELSE 0 END"
    if days is None:
        return comes
    return f"{comes} - CASE WHEN day >= {first - days} AND day < {last - days} THEN {measure} ELSE 0 END"


def _within(measure: str, days: int | None, day: int) -> str:
    return measure if days is None else f"CASE WHEN day >= {day - days} THEN {measure} ELSE 0 END"


def _windows(wanted: Wanted) -> list[str]:
    partition = f"PARTITION BY {listed(wanted.entity.keys)} " if wanted.entity.keys else ""
    ever = f"OVER ({partition}ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"  # the days of a key are distinct in `daily`
    found = []
    for one in wanted.sums:
        frame = ever if one.days is None else f"OVER ({partition}ORDER BY day RANGE BETWEEN {one.days} PRECEDING AND 1 PRECEDING)"
        found.append(f"CAST(COALESCE(SUM({one.measure}) {frame}, 0) AS BIGINT) AS {one.name}")
    if wanted.days:
        found += [f"{end}(CASE WHEN ordered > 0 THEN day END) {ever} AS {name}" for end, name in (("MIN", FIRST_DAY), ("MAX", LAST_DAY))]
    return found


def _zeros(names: Sequence[str]) -> str:
    return listed(f"CAST(0 AS BIGINT) AS {name}" for name in names)


def _concerns(wanted: Wanted, kind: Kind) -> bool:
    """Whether a kind of facts says anything about an entity."""
    has = {*kind.keys, *OF_A_PRODUCT}
    return has.issuperset(wanted.entity.keys) and bool({*kind.measures} & {*wanted.measures, *_order_days(wanted)})


def _order_days(wanted: Wanted) -> tuple[str, ...]:
    return ("ordered_lines",) if wanted.days else ()


def _rolled(wanted: Wanted, kind: Kind, where: str) -> str:
    keys = "".join(f"{key}, " for key in wanted.entity.keys)
    told = [
        f"CAST(SUM({name}) AS BIGINT) AS {name}" if name in kind.measures else f"CAST(0 AS BIGINT) AS {name}" for name in wanted.measures
    ]
    ordered = "MAX(ordered_lines)" if "ordered_lines" in kind.measures else "CAST(0 AS BIGINT)"
    return f"""SELECT {keys}day, {listed([*told, f"{ordered} AS ordered", "CAST(0 AS BIGINT) AS is_asked"])}
FROM ({facts_with_keys(wanted, kind)}) AS facts WHERE {_known(wanted)} AND {where} GROUP BY {keys}day"""  # noqa: S608


def facts_with_keys(wanted: Wanted, kind: Kind) -> str:
    """A kind of facts with the entity's keys that follow from the sku."""
    inherited = [key for key in wanted.entity.keys if key in OF_A_PRODUCT]
    if not inherited:
        return f"SELECT * FROM {kind.name}"  # noqa: S608
    return (
        f"SELECT {kind.name}.*, {listed(f'skus.{key}' for key in inherited)} FROM {kind.name} LEFT JOIN skus ON {kind.name}.sku = skus.sku"  # noqa: S608
    )


def _nothing(wanted: Wanted) -> str:
    """A roll-up without a row, for an entity of which the shop has no facts."""
    zeros = _zeros((*wanted.measures, "ordered", "is_asked"))
    keys = "".join(f"CAST(NULL AS STRING) AS {key}, " for key in wanted.entity.keys)
    return f"SELECT {keys}CAST(0 AS BIGINT) AS day, {zeros} FROM skus WHERE 1 = 0"  # noqa: S608


def _known(wanted: Wanted) -> str:
    return " AND ".join(f"{key} IS NOT NULL" for key in wanted.entity.keys) or "1 = 1"
