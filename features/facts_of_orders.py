"""Facts of what was ordered: placed, delivered, kept, returned."""

from __future__ import annotations

from features import measures
from features.fact_text import HOUR_US, OF_A_LINE, OF_A_PERSON, Kind, Said, kind_of, lines_sql, listed, one_if, told_before
from features.measures import LOOKS, REASONS, VALUES

_NEVER = 9_000_000_000_000_000_000


def ordered(said: Said) -> Kind:
    """An order line is known when it is placed."""
    together = "PARTITION BY lines.order_id, skus.style_id ORDER BY lines.ordered_us"
    looks = listed(f"COALESCE({name}, 0) AS ordered_{name}" for name in LOOKS)
    return kind_of(
        "ordered",
        OF_A_LINE,
        measures.ORDERED,
        f"""WITH lines AS ({lines_sql(said)}), whole AS ({_whole_orders(said)}), placed AS (
  SELECT lines.*, ROW_NUMBER() OVER (PARTITION BY lines.order_id ORDER BY lines.ordered_us, lines.line_id) AS number,
    MIN(lines.sku) OVER ({together}) AS one_sku, MAX(lines.sku) OVER ({together}) AS other_sku,
    {listed(f"skus.{name}" for name in LOOKS)}
  FROM whole AS lines JOIN skus ON lines.sku = skus.sku
)
SELECT {listed(OF_A_LINE)}, {said.day("ordered_us")} AS day, {one_if("number = 1")} AS orders, CAST(1 AS BIGINT) AS ordered_lines,
  quantity AS ordered_units, value AS ordered_value, {one_if("discount > 0")} AS discounted_lines, discount AS discount_value,
  {one_if("one_sku <> other_sku")} AS bracketed_lines,
  {one_if(f"{LOOKS[0]} IS NOT NULL")} AS pictured_lines, {looks}{said.id("line_id")}
FROM placed WHERE {said.during("ordered_us")}""",  # noqa: S608
    )


def delivered(said: Said) -> Kind:
    """A delivery, on its day."""
    hours = f"(delivered_us - ordered_us - MOD(delivered_us - ordered_us, {HOUR_US})) / {HOUR_US}"
    return kind_of(
        "delivered",
        OF_A_LINE,
        measures.DELIVERED,
        f"""WITH lines AS ({lines_sql(said)})
SELECT {listed(OF_A_LINE)}, {said.day("delivered_us")} AS day, CAST(1 AS BIGINT) AS delivered_lines,
  {one_if("promised_us IS NOT NULL")} AS promised_lines,
  {one_if("delivered_us > promised_us")} AS late_lines, CAST({hours} AS BIGINT) AS delivery_hours{said.id("line_id")}
FROM lines WHERE delivered_us IS NOT NULL AND {said.during("delivered_us")}""",  # noqa: S608
    )


def kept(said: Said) -> Kind:
    """A line is kept when its window has closed.

    That is taken back when the shop learns of a delivery after the window's supposed end, which opens it anew, or of a return that was
    asked for in time.
    """
    tagged = ", ".join(f"skus.{value} * sign AS kept_{value}" for value in VALUES)
    return kind_of(
        "kept",
        (*OF_A_LINE, *OF_A_PERSON),
        {**measures.KEPT, **measures.SIZED},
        f"""WITH lines AS ({lines_sql(said)}), open_lines AS (
  SELECT * FROM lines WHERE {_may_settle(said)}
), asked_back AS ({_asked_back(said)}), spans AS (
  SELECT open_lines.*, first_us AS since_us, COALESCE(delivered_us, {_NEVER}) AS until_us FROM open_lines
  WHERE delivered_us IS NULL OR delivered_us > first_us
  UNION ALL
  SELECT open_lines.*, ends_us AS since_us, {_NEVER} AS until_us FROM open_lines WHERE delivered_us IS NOT NULL
), kept_spans AS (
  SELECT spans.*, LEAST(spans.until_us, COALESCE(asked_back.asked_us, {_NEVER})) AS over_us
  FROM spans LEFT JOIN asked_back ON spans.line_id = asked_back.line_id
), settled AS (
  SELECT kept_spans.*, since_us AS us, CAST(1 AS BIGINT) AS sign FROM kept_spans WHERE over_us > since_us
  UNION ALL
  SELECT kept_spans.*, over_us AS us, CAST(-1 AS BIGINT) AS sign FROM kept_spans WHERE over_us > since_us AND over_us < {_NEVER}
)
SELECT {listed(f"settled.{key}" for key in OF_A_LINE)}, {listed(f"told.{key}" for key in OF_A_PERSON)}, {said.day("settled.us")} AS day,
  sign AS kept_lines, sign * value AS kept_value, {tagged},
  {one_if("skus.size_tenths IS NOT NULL")} * sign AS good_sized_lines, COALESCE(skus.size_tenths, 0) * sign AS good_size_tenths,
  COALESCE(skus.size_tenths * skus.size_tenths, 0) * sign AS good_size_squares{said.id("settled.line_id")}
FROM settled JOIN skus ON settled.sku = skus.sku {told_before("settled", "ordered_us")}
WHERE {said.during("settled.us")}""",  # noqa: S608
    )


def returned(said: Said) -> Kind:
    """A line is returned at its first arrival; units count at their own. A correction moves a line from one reason to another."""
    groups = {name: one_if(f"returns.reason IN ({', '.join(repr(reason) for reason in reasons)})") for name, reasons in REASONS.items()}
    told = "reason" in said.columns["returns"]
    reasons = [f"{text if told else 'CAST(0 AS BIGINT)'} AS {name}" for name, text in groups.items()]
    marked, indicators = ("arrived", "units", *groups), ("arrived", *groups)
    so_far = f"PARTITION BY returns.return_id ORDER BY COALESCE({said.micros('returns', 'known_at')}, 0) ROWS UNBOUNDED PRECEDING"
    running = "OVER (PARTITION BY line_id ORDER BY us ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    states = listed(f"CASE WHEN SUM({name}) {running} > 0 THEN 1 ELSE 0 END AS {name}" for name in indicators)
    changes = listed(f"{name} - LAG({name}, 1, 0) OVER (PARTITION BY line_id ORDER BY us) AS {name}" for name in indicators)
    return kind_of(
        "returned",
        OF_A_LINE,
        measures.RETURNED,
        f"""WITH lines AS ({lines_sql(said)}), told AS (
  SELECT returns.line_id, returns.return_id, CAST(returns.quantity AS BIGINT) AS units, {listed(reasons)},
    unix_micros(returns.requested_at) AS requested_us, COALESCE({said.micros("returns", "known_at")}, 0) AS version,
    MIN(unix_micros(returns.received_at)) OVER ({so_far}) AS received_us
  FROM returns WHERE {_may_return(said)}
), versions AS (
  SELECT told.line_id, told.return_id, CAST(1 AS BIGINT) AS arrived, told.units, {listed(f"told.{name}" for name in groups)}, told.version,
    GREATEST(told.received_us, told.version, {_reopened_us("told.requested_us", "lines")}) AS us
  FROM told JOIN lines ON told.line_id = lines.line_id WHERE told.received_us IS NOT NULL AND told.requested_us <= lines.ends_us
), spans AS (
  SELECT versions.*, LEAD(us) OVER (PARTITION BY return_id ORDER BY us, version) AS until_us FROM versions
), marks AS (
  SELECT line_id, us, {listed(marked)} FROM spans
  UNION ALL
  SELECT line_id, until_us AS us, {listed(f"-{name} AS {name}" for name in marked)} FROM spans WHERE until_us IS NOT NULL
), moves AS (
  SELECT line_id, us, {listed(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in marked)} FROM marks GROUP BY line_id, us
), states AS (
  SELECT line_id, us, units, {states} FROM moves
), changes AS (
  SELECT line_id, us, units, {changes} FROM states
)
SELECT {listed(f"lines.{key}" for key in OF_A_LINE)}, {said.day("changes.us")} AS day, CAST(changes.arrived AS BIGINT) AS returned_lines,
  changes.units AS returned_units, CAST(changes.arrived * lines.value AS BIGINT) AS returned_value,
  {listed(f"CAST(changes.{name} AS BIGINT) AS returned_for_{name}" for name in groups)}{said.id("changes.line_id")}
FROM changes JOIN lines ON changes.line_id = lines.line_id
WHERE {said.during("changes.us")}""",  # noqa: S608
    )


def _reopened_us(requested_us: str, lines: str) -> str:
    """Since when a request after the window's supposed end is in time: since the delivery that opened the window anew; else 0."""
    return f"CASE WHEN {requested_us} > {lines}.first_us THEN COALESCE({lines}.delivered_us, 0) ELSE 0 END"


def _whole_orders(said: Said) -> str:
    """The lines of every order that has a line in the spans."""
    if said.spans is None:
        return "SELECT * FROM lines"
    return f"SELECT * FROM lines WHERE order_id IN (SELECT order_id FROM lines WHERE {said.during('ordered_us')})"  # noqa: S608


def _may_settle(said: Said) -> str:
    """The lines that can become kept, or be taken back from it, in the spans."""
    if said.spans is None:
        return "1 = 1"
    asked = f"SELECT line_id FROM returns WHERE {said.during(said.known('returns', 'requested_at'))}"  # noqa: S608
    return f"({said.during('first_us', 'ends_us', 'delivered_us')} OR line_id IN ({asked}))"


def _may_return(said: Said) -> str:
    """The lines of which something arrives, or is corrected, in the spans."""
    if said.spans is None:
        return "1 = 1"
    told = f"SELECT line_id FROM returns WHERE {said.during(said.known('returns', 'received_at'))}"  # noqa: S608
    opened = f"SELECT line_id FROM lines WHERE {said.during('delivered_us')}"  # noqa: S608
    return f"(returns.line_id IN ({told}) OR returns.line_id IN ({opened}))"


def _asked_back(said: Said) -> str:
    """When the shop learned that a line is asked back inside its window."""
    in_time_since = _reopened_us("unix_micros(returns.requested_at)", "open_lines")
    return f"""SELECT returns.line_id, MIN(GREATEST({said.known("returns", "requested_at")}, {in_time_since})) AS asked_us
  FROM returns JOIN open_lines ON returns.line_id = open_lines.line_id
  WHERE unix_micros(returns.requested_at) <= open_lines.ends_us GROUP BY returns.line_id"""  # noqa: S608
