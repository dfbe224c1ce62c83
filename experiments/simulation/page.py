"""A simulation on one page that needs nothing else: tables, pictures and what the words mean, for who was not there."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from matplotlib.figure import Figure

from domain.money import Money
from experiments.simulation.policies import MEANINGS as POLICIES
from experiments.simulation.printed import percent
from experiments.simulation.report import BASELINE, MEANINGS, Interval, Report

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keeprank: {{ found.shop }}</title>
<style>
:root { color-scheme: light dark; --ink: #222; --pale: #667; --line: #ddd; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --pale: #aab; --line: #444; --paper: #16181c; }
  img { filter: invert(0.9) hue-rotate(180deg); }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto; }
body { padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { text-align: right; padding: 0.3rem 0.5rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child, caption { text-align: left; }
caption { font-weight: 600; padding-bottom: 0.3rem; }
img { max-width: 100%; } dt { font-weight: 600; } dd { margin: 0 0 0.4rem; color: var(--pale); }
.scroll { overflow-x: auto; }
</style></head><body>
<h1>What would have happened: {{ found.shop }}</h1>
<p>{{ found.policies | length }} policies served the same shoppers with the same luck, in {{ found.seeds | length }} simulated shops
(seeds {{ found.seeds | join(", ") }}). Money, orders and returns are what the truth expects of what was shown; intervals are 95 %,
paired over the seeds.</p>
{% for table in tables %}<div class="scroll"><table><caption>{{ table.caption }}</caption>
<thead><tr>{% for name in table.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in table.rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</tbody></table></div>
{% endfor %}
{% for name, picture in pictures.items() %}<p><img alt="{{ name }}" src="data:image/png;base64,{{ picture }}"></p>{% endfor %}
<h2>Words</h2><dl>{% for name, meaning in words.items() %}<dt>{{ name }}</dt><dd>{{ meaning }}</dd>{% endfor %}</dl>
</body></html>
"""


def page(found: Report, figures: Mapping[str, Figure], currency: str) -> str:
    """The page as HTML."""
    environment = Environment(autoescape=True)
    words = {**{policy: POLICIES[policy.partition("#")[0]] for policy in found.policies}, **MEANINGS}
    encoded = {name: _encoded(figure) for name, figure in figures.items()}
    return environment.from_string(_PAGE).render(found=found, tables=_tables(found, currency), pictures=encoded, words=words)


def _tables(found: Report, currency: str) -> list[dict[str, Any]]:
    names = [name for name in MEANINGS if name in next(iter(found.policies.values()))]
    earned = {
        "caption": "each policy, mean over the seeds",
        "columns": ["policy", *names],
        "rows": [[policy, *(_told(name, metrics[name].value, currency) for name in names)] for policy, metrics in found.policies.items()],
    }
    versus = [_versus(f"against ranking by {BASELINE}", found.versus)] if found.versus else []
    parts = [
        _versus(f"{pair} by part of the customers", metrics)
        for pair, metrics in found.parts_versus.items()
        if pair.startswith("kept_margin/")
    ]
    return [earned, *versus, *parts]


def _versus(caption: str, rows: Mapping[str, Mapping[str, Interval]]) -> dict[str, Any]:
    names = list(next(iter(rows.values())))
    return {
        "caption": caption,
        "columns": ["", *names],
        "rows": [[row, *(percent(metrics[name]) for name in names)] for row, metrics in rows.items()],
    }


def _told(name: str, value: float, currency: str) -> str:
    if name.endswith("_per_1000_views"):
        return str(Money(round(value), currency))
    return f"{value:,.0f}" if name in ("orders", "units", "returns") else f"{100 * value:.1f} %"


def _encoded(figure: Figure) -> str:
    held = io.BytesIO()
    figure.savefig(held, format="png")
    return base64.b64encode(held.getvalue()).decode()
