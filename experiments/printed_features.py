"""What people read in the terminal of features: what there are, how a value came about, and what an audit found."""

from __future__ import annotations

import datetime as dt
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from experiments.audit import SHOWN, Audit
from experiments.telling import Told
from features.catalogue import DTYPE, Feature
from features.explain import Behind, Explained, Move, Why, knows_customer
from features.shop import Shop

CHANGES = 30
"""So many changed features are shown; the JSON holds all."""

_EPOCH_DAY = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def features_table(family: str, features: Sequence[Feature], lacking: Mapping[str, Sequence[str]] | None) -> Table:
    """Features of one family with what they mean and read.

    Args:
        family: its name.
        features: which.
        lacking: what a shop lacks for each; None where it is about no shop.
    """
    here = [] if lacking is None else ["here"]
    title = f"{family}: {len(features)} features, each {DTYPE}, missing is NaN"
    table = _table(title, "feature", "meaning <- inputs", "unit", "of", "purpose", "needs", *here)
    for column in table.columns:
        column.no_wrap = column.header not in ("meaning <- inputs", "needs")
    for feature in features:
        missing = () if lacking is None else lacking[feature.name]
        needs = ", ".join(f"{need} (lacks it)" if need in missing else need for need in dict.fromkeys(feature.tables)) or "-"
        row = [feature.name, f"{feature.meaning}\n<- {grouped(feature.reads)}", feature.unit, feature.kind, feature.purpose, needs]
        has_it = [] if lacking is None else ["no" if missing else "yes"]
        _add(table, *row, *has_it)
    return table


def explained_table(family: str, explained: Iterable[Explained]) -> Table:
    """Values of one family with the inputs they were computed from, or why they are missing."""
    table = _table(family, "feature", "value", "unit", "<- inputs, or why there is no value")
    for one in explained:
        inputs = ", ".join(f"{name} {said(name, value)}" for name, value in one.inputs.items())
        why = f"missing: {one.reason_missing}" if one.reason_missing else ""
        _add(table, one.feature.name, said("", one.value), one.feature.unit, "\n".join(part for part in (why, inputs) if part))
    return table


def why_lines(why: Why) -> list[str]:
    """A feature's value, meaning, formula and inputs."""
    one, feature = why.explained, why.explained.feature
    value = f"missing: {one.reason_missing}" if one.reason_missing else f"{said('', one.value)} {feature.unit}"
    inputs = [f"  {name} = {said(name, given)}" for name, given in one.inputs.items()]
    return [f"{feature.name} = {value}", feature.meaning, "", f"in {feature.formula.__module__}:", *_formula(feature), "", *inputs, ""]


def facts_table(behind: Behind) -> Table:
    """The facts behind one history."""
    title = f"{behind.history} = {said(behind.history, behind.value)}: {_of(len(behind.facts), behind.total, 'fact')}"
    table = _table(title, "day", "kind", "id", "customer", "sku", "measure", "value")
    for fact in behind.facts:
        _add(
            table,
            fact.day.isoformat(),
            fact.kind,
            fact.id,
            fact.customer_id or "-",
            fact.sku or "-",
            fact.measure,
            said("", float(fact.value)),
        )
    return table


def moves_table(moves: Sequence[Move], limit: int) -> Table:
    """The moves of the day."""
    table = _table(f"the customer's moves of that day: {_of(min(limit, len(moves)), len(moves), 'move')}", "at (UTC)", "kind", "id", "sku")
    for move in moves[:limit]:
        _add(table, f"{move.at:%Y-%m-%d %H:%M:%S}", move.kind, move.id, move.sku or "-")
    return table


def foresight_table(audit: Audit) -> Table:
    """What was rewritten, and how many features changed."""
    seen = audit.foresight
    title = f"what is known later: {seen.rows:,} rows asked at {len(seen.cuts)} moments, {seen.compared:,} values compared"
    table = _table(title, "table", "facts rewritten", "features changed")
    for name, facts in seen.facts.items():
        changed = {change.feature for change in seen.changes if change.table == name}
        _add(table, name, f"{facts:,}", str(len(changed)), style="red" if changed else "")
    return table


def changes_table(audit: Audit) -> Table:
    """Features that saw the future."""
    changes = audit.foresight.changes
    shown = _of(min(CHANGES, len(changes)), len(changes), "change")
    table = _table(
        f"features that saw the future: {shown}", "feature", "future of", "which was", "asked at (UTC)", "rows", "line", "before", "after"
    )
    for one in changes[:CHANGES]:
        values = (said("", one.before), said("", one.after))
        _add(table, one.feature, one.table, one.how, f"{one.at:%Y-%m-%d %H:%M}", str(one.rows), one.line_id, *values)
    return table


def told_table(kind: str, told: Told, suspicious: float) -> Table:
    """The features that tell most of a model's label."""
    table = _table(f"what one feature alone tells of {kind}: {told.rows:,} labelled rows", "feature", "tells", "AUC", "")
    for number, one in enumerate(told.features):
        if number < SHOWN or one.auc > suspicious:
            verdict = "too good to be true" if one.auc > suspicious else ""
            _add(table, one.feature, one.of, f"{one.auc:.3f}", verdict, style="red" if verdict else "")
    return table


def heading(shop: Shop, asked: pd.DataFrame) -> list[str]:
    """What is asked about."""
    row = asked.iloc[0]
    market = f", market {row['country']}" if isinstance(row["country"], str) else ""
    told = [
        f"customer {row['customer_id']}, sku {row['sku']} at {said('', row['unit_price'])} cents, {row['at']:%Y-%m-%d %H:%M} UTC{market}"
    ]
    return told if knows_customer(shop.tables, row["customer_id"]) else [*told, "no table of this shop names the customer"]


def audit_parts(audit: Audit) -> list[Table | str]:
    """What an audit found, from top to bottom."""
    changes = [changes_table(audit)] if audit.foresight.changes else []
    labels = [told_table(kind, told, audit.suspicious) for kind, told in audit.told.items() if told.features]
    skipped = [f"no look at {kind} labels: {told.skipped}\n" for kind, told in audit.told.items() if told.skipped]
    seen = len({change.feature for change in audit.foresight.changes})
    verdict = "passed" if audit.passed else f"failed; features that saw the future: {seen}, that tell too much: {len(audit.suspects)}"
    return [foresight_table(audit), *changes, *labels, *skipped, f"audit {verdict}"]


def said(name: str, value: float) -> str:
    """A value as people read it: days and moments as dates, whole numbers without decimals.

    >>> said("style.first_day", 19_723.0), said("needed_us", 1.7e15), said("", 14.0), said("", 1 / 3)
    ('2024-01-01', '2023-11-14 22:13', '14', '0.333333')
    """
    if math.isnan(value):
        return "-"
    if name == "day" or name.endswith(("first_day", "last_day")):
        return (_EPOCH_DAY + dt.timedelta(days=int(value))).isoformat()
    if name.endswith("_us"):
        return f"{_EPOCH + dt.timedelta(microseconds=int(value)):%Y-%m-%d %H:%M}"
    return f"{value:.0f}" if value.is_integer() else f"{value:.6g}"


def grouped(reads: Iterable[str]) -> str:
    """Inputs by the entity they are about.

    >>> grouped(["style.kept_lines", "unit_price", "style.returned_lines"])
    'style: kept_lines, returned_lines; unit_price'
    """
    groups: dict[str, list[str]] = {}
    for name in reads:
        entity, _, history = name.rpartition(".")
        groups.setdefault(entity or name, []).extend([history] if entity else [])
    return "; ".join(f"{entity}: {', '.join(histories)}" if histories else entity for entity, histories in groups.items())


def _formula(feature: Feature) -> list[str]:
    """The formula's code, without its declaration."""
    lines = inspect.getsource(feature.formula).rstrip().splitlines()
    begins = next(number for number, line in enumerate(lines) if line.startswith("def "))
    return lines[begins:]


def _of(shown: int, total: int, what: str) -> str:
    """How many there are, and how many of them are shown."""
    many = f"{total:,} {what}{'' if total == 1 else 's'}"
    return many if shown == total else f"{many}, the first {shown:,} shown, {total - shown:,} more"


def _add(table: Table, *cells: str, style: str = "") -> None:
    """A row whose cells are printed as they are: an id may hold brackets."""
    table.add_row(*(Text(cell) for cell in cells), style=style)


def _table(title: str, *columns: str) -> Table:
    whole_title = Text(title, no_wrap=True, overflow="ignore", style="italic")  # it may be wider than the table
    table = Table(title=whole_title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        numeric = column in ("value", "rows", "before", "after", "AUC", "facts rewritten", "features changed")
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    return table
