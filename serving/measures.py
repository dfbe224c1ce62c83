"""Counts and times what the service answers, for the shop's monitoring (Prometheus)."""

from __future__ import annotations

import os

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving.wire import ReleaseInfo

_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)

_REQUESTS = Counter("keeprank_requests", "Requests answered.", ["route", "status"])
_SECONDS = Histogram("keeprank_request_seconds", "Time to answer, in seconds.", ["route"], buckets=_BUCKETS)
_SERVES = Gauge("keeprank_serves", "1 for what serves.", ["release", "snapshot", "policy"], multiprocess_mode="livemax")


def answered(route: str, status: int, seconds: float) -> None:
    """Count one answer; `route` must be one of a few, never a path as it came."""
    _REQUESTS.labels(route, str(status)).inc()
    _SECONDS.labels(route).observe(seconds)


def serves(info: ReleaseInfo) -> None:
    """Say what serves."""
    _SERVES.labels(info.release, info.snapshot, info.policy).set(1)


def page() -> tuple[bytes, str]:
    """All metrics as Prometheus reads them, of every worker process, and their content type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
