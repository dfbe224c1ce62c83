"""The dashboard, the alerts and the runbook speak of metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY

from serving import measures

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = DOCS / "grafana/keeprank.json"
ALERTS = DOCS / "grafana/alerts.yml"
RUNBOOK = DOCS / "runbook.md"
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def exported() -> dict[str, str]:
    """Each series that Prometheus reads, and the metric that it is of."""
    assert measures.REQUESTS is not None
    ours = [metric for metric in REGISTRY.collect() if metric.name.startswith("keeprank_")]
    return {metric.name + suffix: metric.name for metric in ours for suffix in _SUFFIXES[metric.type]}


def named(text: str) -> set[str]:
    """The metrics that a text speaks of."""
    return set(re.findall(r"\bkeeprank_[a-z_]+", text))


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (one["expr"] for one in dashboard()["annotations"]["list"])


def test_every_metric_on_the_dashboard_is_exported() -> None:
    assert set() == {name for expression in expressions() for name in named(expression)} - set(exported())


def test_every_metric_that_is_exported_is_on_the_dashboard() -> None:
    series = exported()

    assert set(series.values()) == {series[name] for expression in expressions() for name in named(expression)}


def test_every_metric_that_alerts_or_the_runbook_name_is_exported() -> None:
    assert set() == named(ALERTS.read_text()) - set(exported())
    assert set() == named(RUNBOOK.read_text()) - set(exported()) - set(exported().values())


def test_the_labels_that_are_asked_for_are_there() -> None:
    labels = {label for metric in REGISTRY.collect() for sample in metric.samples for label in sample.labels}
    labels |= {"route", "status", "key", "release", "snapshot", "policy", "arm", "what", "outcome", "reason"}

    for expression in [*expressions(), ALERTS.read_text()]:
        grouped = {label for group in re.findall(r"by \(([a-z, ]+)\)", expression) for label in group.split(", ")}
        chosen = set(re.findall(r"[{,]\s*([a-z]+)=~?\"", expression))
        assert set() == (grouped | chosen) - labels


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len(panels) == len({panel["id"] for panel in panels})

    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]


def test_the_dashboard_asks_whichever_prometheus_is_chosen() -> None:
    assert {"${datasource}"} == {target["datasource"]["uid"] for panel in dashboard()["panels"] for target in panel["targets"]}


def test_the_runbook_says_what_to_do_about_every_alert() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text())

    assert 11 == len(alerts)
    assert [] == [alert for alert in alerts if f"`{alert}`" not in RUNBOOK.read_text()]
