"""What happened in the shop, as whole numbers on the day it became known: one portable SELECT for each kind of fact.

A fact stands on the day at which the shop learned of it. What is corrected later is taken back on the day of the correction
and told anew on the same day, so no earlier day ever changes.
"""

from __future__ import annotations

from features.fact_text import Kind, Said
from features.facts_of_orders import delivered, kept, ordered, returned
from features.facts_of_words import events, tickets, verdicts


def kinds(said: Said) -> tuple[Kind, ...]:
    """The kinds of facts that a shop has."""
    found = [ordered(said)]
    if {"order_lines.delivered_at", "order_lines.promised_at"} <= said.present:
        found.append(delivered(said))
    if "returns" in said.present:  # without a single return known, "kept" would only mean that the shop does not record returns
        found += [kept(said), returned(said)]
    if "fit_feedback" in said.present:
        found.append(verdicts(said))
    if "tickets" in said.present:
        found.append(tickets(said))
    if "events" in said.present:
        found.append(events(said))
    return tuple(found)
