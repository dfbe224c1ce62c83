"""Facts of what customers say and do besides ordering: verdicts, tickets, events."""

from __future__ import annotations

from domain.tables import VERDICTS
from features import measures
from features.fact_text import OF_A_LINE, OF_A_PERSON, Kind, Said, kind_of, lines_sql, listed, number_if, one_if, told_before
from features.measures import LOOKS


def verdicts(said: Said) -> Kind:
    """A verdict on a size, with the body of who said it as far as it was declared by then."""
    fits = "fit_feedback.verdict = 'fits'"
    spoken = listed(one_if(f"fit_feedback.verdict = '{verdict}'") + f" AS said_{verdict}" for verdict in VERDICTS)
    sized, weighed, measured = (f"{fits} AND {what} IS NOT NULL" for what in ("skus.size_tenths", "told.weight_hg", "told.height_mm"))
    return kind_of(
        "verdicts",
        ("customer_id", "sku", *OF_A_PERSON),
        {**measures.SAID, **measures.SIZED},
        f"""WITH given AS (
  SELECT fit_feedback.customer_id, fit_feedback.sku, fit_feedback.verdict, unix_micros(fit_feedback.given_at) AS given_us,
    {said.known("fit_feedback", "given_at")} AS us
  FROM fit_feedback WHERE {said.of_people()}
)
SELECT fit_feedback.customer_id, fit_feedback.sku, {listed(f"told.{key}" for key in OF_A_PERSON)}, {said.day("fit_feedback.us")} AS day,
  {spoken},
  {one_if(weighed)} AS fits_weighed, {number_if(weighed, "told.weight_hg")} AS fits_weight_hg,
  {one_if(measured)} AS fits_measured, {number_if(measured, "told.height_mm")} AS fits_height_mm,
  {one_if(sized)} AS good_sized_lines, {number_if(sized, "skus.size_tenths")} AS good_size_tenths,
  {number_if(sized, "skus.size_tenths * skus.size_tenths")} AS good_size_squares{said.id("fit_feedback.sku")}
FROM given AS fit_feedback JOIN skus ON fit_feedback.sku = skus.sku {told_before("fit_feedback", "given_us")}
WHERE {said.during("fit_feedback.us")}""",  # noqa: S608
    )


def tickets(said: Said) -> Kind:
    """A ticket, about the customer and sku of its line, or a sku alone."""
    line, sku = said.column("tickets", "line_id", "STRING"), said.column("tickets", "sku", "STRING")
    topics = listed(one_if(f"topic = '{topic}'") + f" AS tickets_{topic}" for topic in ("size", "product", "delivery"))
    return kind_of(
        "ticketed",
        OF_A_LINE,
        measures.TICKETED,
        f"""WITH lines AS ({lines_sql(said)}), opened AS (
  SELECT {line} AS line_id, {sku} AS sku, tickets.ticket_id, tickets.topic, {said.known("tickets", "opened_at")} AS us FROM tickets
)
SELECT lines.customer_id, COALESCE(opened.sku, lines.sku) AS sku, lines.country, lines.channel, lines.payment_method,
  {said.day("opened.us")} AS day, CAST(1 AS BIGINT) AS tickets, {topics}{said.id("opened.ticket_id")}
FROM opened LEFT JOIN lines ON opened.line_id = lines.line_id
WHERE {said.during("opened.us")}""",  # noqa: S608
    )


def events(said: Said) -> Kind:
    """What a known shopper did in the shop, and what anybody did with a sku."""
    counted = {"viewed": "view", "searched": "search", "size_guided": "size_guide", "wished": "wishlist", "basketed": "basket"}
    counts = listed(one_if(f"happened.kind = '{kind}'") + f" AS {name}" for name, kind in counted.items())
    priced = _sees("list_price")
    looked = listed(number_if(_sees(name), f"skus.{name}") + f" AS viewed_{name}" for name in LOOKS)
    customer, sku = said.column("events", "customer_id", "STRING"), said.column("events", "sku", "STRING")
    return kind_of(
        "browsed",
        ("customer_id", "sku"),
        measures.BROWSED,
        f"""WITH happened AS (
  SELECT {customer} AS customer_id, {sku} AS sku, events.event_id, events.kind, {said.known("events", "at")} AS us FROM events
)
SELECT happened.customer_id, happened.sku, {said.day("happened.us")} AS day, {counts},
  {one_if(priced)} AS priced_views, {number_if(priced, "skus.list_price")} AS viewed_value,
  {one_if(_sees(LOOKS[0]))} AS pictured_views, {looked}{said.id("happened.event_id")}
FROM happened LEFT JOIN skus ON happened.sku = skus.sku
WHERE {said.of_people()} AND {said.during("happened.us")}""",  # noqa: S608
    )


def _sees(column: str) -> str:
    """The condition that somebody looks at a sku of which something is known."""
    return f"happened.kind = 'view' AND skus.{column} IS NOT NULL"
