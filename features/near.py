"""The few rows of a shop's big tables that can bear on some days: an increment reads those, and each table once."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from features.engine import Engine
from features.fact_text import Said, lines_sql


def near_tables(engine: Engine, said: Said) -> Iterator[tuple[str, pa.Table]]:
    """Every row of the tables of `features.relations.BIG` that a fact of the spans depends on; others may be among them.

    That is whatever became known in the spans, the lines it is about with their whole orders and returns, and the lines whose window
    ends then.

    Args:
        engine: knows the whole tables.
        said: their words, with the spans.
    """
    engine.define("near_lines", _lines_sql(said))
    yield "order_lines", engine.fetch("SELECT * FROM order_lines WHERE line_id IN (SELECT line_id FROM near_lines)")
    if "returns" in said.columns:
        yield "returns", engine.fetch("SELECT * FROM returns WHERE line_id IN (SELECT line_id FROM near_lines)")
    for table, moment in (("fit_feedback", "given_at"), ("tickets", "opened_at"), ("events", "at")):
        if table in said.columns:
            yield table, engine.fetch(f"SELECT * FROM {table} WHERE {said.during(said.known(table, moment))}")  # noqa: S608


def _lines_sql(said: Said) -> str:
    about = [f"SELECT line_id FROM lines WHERE {said.during('ordered_us', 'delivered_us', 'first_us', 'ends_us')}"]  # noqa: S608
    if "returns" in said.columns:
        told = said.during(said.known("returns", "requested_at"), said.known("returns", "received_at"))
        about.append(f"SELECT line_id FROM returns WHERE {told}")  # noqa: S608
    if "line_id" in said.columns.get("tickets", ()):
        about.append(f"SELECT line_id FROM tickets WHERE {said.during(said.known('tickets', 'opened_at'))}")  # noqa: S608
    whole = f"SELECT order_id FROM lines WHERE {said.during('ordered_us')}"  # noqa: S608
    return f"""WITH lines AS ({lines_sql(said)})
SELECT line_id FROM lines WHERE line_id IN ({" UNION ALL ".join(about)}) OR order_id IN ({whole})"""  # noqa: S608
