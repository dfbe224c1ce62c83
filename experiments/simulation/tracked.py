"""Logs a simulation to MLflow: settings, metrics of every policy, pictures, the page and the JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param

from experiments.simulation.report import Interval, Report
from experiments.simulation.simulate import Comparison
from training.registry import Registry


def log_simulation(registry: Registry, comparison: Comparison, found: Report, files: Mapping[str, Path]) -> str:
    """Log one run; returns its id.

    Args:
        registry: the store.
        comparison: what was compared.
        found: what came out.
        files: pictures and pages to keep, by name.
    """
    with registry.current(), mlflow.start_run(experiment_id=registry.experiment_id(), run_name=f"simulate {found.shop}") as run:
        metrics = [Metric(name, value, 0, 0) for name, value in _metrics(found)]
        registry.client.log_batch(run.info.run_id, metrics, [Param(name, str(value)) for name, value in _parameters(comparison).items()])
        mlflow.log_dict(json.loads(json.dumps(found.to_json())), "simulation.json")
        for path in files.values():
            mlflow.log_artifact(str(path))
        return str(run.info.run_id)


def _metrics(found: Report) -> Iterator[tuple[str, float]]:
    for policy, metrics in found.policies.items():
        yield from _told(f"{_legal(policy)}/", metrics)
    for pair, metrics in found.versus.items():
        yield from _told(f"{_legal(pair.replace('/', ' against '))}/", metrics)


def _told(prefix: str, metrics: Mapping[str, Interval]) -> Iterator[tuple[str, float]]:
    for name, interval in metrics.items():
        for suffix, value in (("", interval.value), (".low", interval.low), (".high", interval.high)):
            if math.isfinite(value):
                yield f"{prefix}{name}{suffix}", value


def _legal(name: str) -> str:
    return name.replace("#", "_")


def _parameters(comparison: Comparison) -> dict[str, object]:
    plan = comparison.plan
    return {
        "shop": plan.shop.world.name,
        "seeds": f"{comparison.seeds[0]}..{comparison.seeds[-1]}",
        "customers": plan.shop.customers,
        "styles": plan.shop.styles,
        "days_before": plan.first,
        "days": plan.days,
        "retrain_days": plan.retrain_days,
        "policy": plan.policy.version,
        "policies": ",".join(contender.name for contender in comparison.contenders),
    }
