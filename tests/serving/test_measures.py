"""What the metrics say, and what they never do."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from domain.errors import ReleaseRefused
from serving import measures
from serving.wire import ExcludedOffer, RankReply, ReleaseInfo

ROOT = Path(__file__).parents[2]
AT = dt.datetime(2026, 10, 1, 22, tzinfo=dt.UTC)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def reply(**fields: Any) -> RankReply:
    usual: dict[str, Any] = {
        "request_id": "r",
        "as_of": AT,
        "release": "release",
        "snapshot": "snapshot",
        "snapshot_at": AT,
        "policy": "policy",
        "country": None,
        "vat_rate": 0.19,
        "currency": "EUR",
        "per": "order",
        "fallback": "none",
        "intervals": None,
        "objective": "kept_margin",
        "order_bonus": 0,
        "offers": [],
        "excluded": [],
        "unknown_offers": [],
        "cut_by_limit": 0,
        "stale_seconds": 0,
    }
    return RankReply(**usual | fields)


def info(**fields: Any) -> ReleaseInfo:
    usual: dict[str, Any] = {
        "release": "first",
        "snapshot": "night",
        "snapshot_at": AT,
        "policy": "policy",
        "feature_set": "f",
        "models": [],
        "trees": {},
        "currencies": [],
        "about": {},
    }
    return ReleaseInfo(**usual | fields)


def test_a_ranking_counts_what_became_of_its_offers() -> None:
    def counted() -> list[float]:
        decisions = ("hidden", "out_of_stock", "price_unknown", "cut_by_limit")
        offers = [value("keeprank_offers_total", decision=decision) for decision in decisions]
        rankings = value("keeprank_rankings_total", fallback="new_customer", arm="challenger")
        return [rankings, *offers, value("keeprank_unknown_offers_total")]

    before = counted()
    excluded = [
        ExcludedOffer(sku="a", reason="hidden"),
        ExcludedOffer(sku="b", reason="hidden"),
        ExcludedOffer(sku="c", reason="out_of_stock"),
    ]

    measures.ranked(reply(fallback="new_customer", excluded=excluded, unknown_offers=["d"], cut_by_limit=5, arm="challenger"))

    assert [1, 2, 1, 0, 5, 1] == [after - earlier for earlier, after in zip(before, counted(), strict=True)]


def test_a_step_is_timed() -> None:
    before = value("keeprank_phase_seconds_sum", phase="scores")

    measures.phase("scores", 0.5)

    assert 0.5 == value("keeprank_phase_seconds_sum", phase="scores") - before


def test_what_serves_is_said_and_what_served_before_serves_no_more() -> None:
    def serving(release: str, arm: str) -> float:
        return value("keeprank_serves", release=release, snapshot="night", policy="policy", arm=arm)

    measures.serves(info())
    measures.serves(info(release="other"), arm="challenger")
    assert (1, 1) == (serving("first", "champion"), serving("other", "challenger"))

    measures.serves(info(release="second", snapshot_at=AT + dt.timedelta(days=1)))
    measures.serves_no_more("challenger")
    assert (0, 1, 0) == (serving("first", "champion"), serving("second", "champion"), serving("other", "challenger"))
    assert (AT + dt.timedelta(days=1)).timestamp() == value("keeprank_snapshot_timestamp_seconds")


@pytest.mark.parametrize(("why", "reason"), [(ReleaseRefused("c000017"), "ReleaseRefused"), (KeyError("c000017"), "other")])
def test_a_refused_switch_is_counted_by_the_class_of_its_reason(why: Exception, reason: str) -> None:
    before = value("keeprank_switches_total", what="release", outcome="refused", reason=reason)

    measures.switch_refused("release", why)

    assert before + 1 == value("keeprank_switches_total", what="release", outcome="refused", reason=reason)
    assert b"c000017" not in measures.page()[0]


def test_everything_else_is_counted_once() -> None:
    names: tuple[tuple[str, dict[str, str]], ...] = (
        ("keeprank_requests_total", {"route": "/v1/size", "status": "200"}),
        ("keeprank_request_seconds_count", {"route": "/v1/size"}),
        ("keeprank_key_requests_total", {"key": "0f3a5bb21c9d"}),
        ("keeprank_not_let_in_total", {"why": "unauthorized"}),
        ("keeprank_turned_away_total", {"why": "capacity"}),
        ("keeprank_rankings_total", {"fallback": "deadline", "arm": "champion"}),
        ("keeprank_events_total", {"outcome": "accepted"}),
        ("keeprank_switches_total", {"what": "snapshot", "outcome": "switched", "reason": ""}),
        ("keeprank_state_failures_total", {}),
    )
    before = [value(name, **labels) for name, labels in names]

    measures.answered("/v1/size", 200, 0.01)
    measures.asked_by("0f3a5bb21c9d")
    measures.not_let_in("unauthorized")
    measures.turned_away("capacity")
    measures.ranked(reply(fallback="deadline"))
    measures.told({"accepted": 1})
    measures.switched("snapshot")
    measures.state_failed()
    measures.inside(2)

    assert [1] * len(names) == [value(name, **labels) - earlier for (name, labels), earlier in zip(names, before, strict=True)]
    assert 2 == value("keeprank_inside")


def test_what_the_log_and_the_shadow_count_for_themselves_is_counted_once() -> None:
    def counted() -> list[float]:
        log = [value("keeprank_log_decisions_total", outcome=outcome) for outcome in ("committed", "denied", "lost")]
        return [*log, value("keeprank_log_failed_commits_total"), value("keeprank_shadowed_total", outcome="dropped")]

    before = counted()
    for committed in (5, 5, 7):
        measures.logged(waiting=3, committed=committed, denied=1, lost=0, failed_commits=2)
        measures.shadowed(scored=0, dropped=committed, failed=0)

    assert [7, 1, 0, 2, 7] == [after - earlier for earlier, after in zip(before, counted(), strict=True)]
    assert 3 == value("keeprank_log_waiting")


def test_no_label_is_about_a_customer() -> None:
    labels = {
        label for metric in REGISTRY.collect() if metric.name.startswith("keeprank") for one in metric.samples for label in one.labels
    }

    assert labels <= {"route", "status", "le", "phase", "key", "why", "fallback", "arm", "decision", "outcome", "what", "reason"} | {
        "release",
        "snapshot",
        "policy",
    }


def worker(folder: Path, code: str) -> str:
    """What a process that shares its metrics prints; the modules read the folder when they are imported."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", f"from serving import measures\n{code}"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


SAYS = """
measures.answered("/v1/rank", 200, 0.01)
measures.inside(7)
measures.logged(waiting=5, committed=1, denied=0, lost=0, failed_commits=0)
"""


def test_workers_add_up_and_one_that_has_ended_says_nothing_of_the_present(tmp_path: Path) -> None:
    for _ in range(2):
        worker(
            tmp_path,
            SAYS,
        )

    page = worker(tmp_path, "measures.inside(1); print(measures.page()[0].decode())").splitlines()

    assert 'keeprank_requests_total{route="/v1/rank",status="200"} 2.0' in page
    assert 'keeprank_log_decisions_total{outcome="committed"} 2.0' in page
    assert "keeprank_inside 1.0" in page
    assert "keeprank_log_waiting 0.0" in page
