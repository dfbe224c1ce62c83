"""Nothing that anybody sends ends, hangs or breaks a worker: 10,000 spoilt requests of every kind; benchmarks.fuzz draws others."""

from __future__ import annotations

import datetime as dt

from benchmarks.fuzz import fuzzed, valid_requests
from benchmarks.mutations import JSON, spoilt
from features.snapshot import load_snapshot
from serving.key_file import Scope
from tests.support.live import Live


def test_spoilt_requests_are_refused_and_the_same_workers_rank_on(service_of_today: Live) -> None:
    service, products = service_of_today, load_snapshot(service_of_today.snapshot).products
    valid = valid_requests(list(products["sku"]), list(products["style_id"]), dt.datetime.now(dt.UTC))
    workers = service.workers()

    with service.caller() as ask:
        sane = [ask(one.method, one.path, one.body).status for one in valid if one.content == JSON]
    seen = fuzzed(service.port, spoilt(valid, 10_000, seed=7), key=service.keys[Scope.ADMIN])

    assert {200, 409} == set(sane), "what is spoilt is valid before; this release has no retrieval"
    assert [] == seen.wrong
    assert {200, 400, 404, 408, 413, 415, 422} <= {status for _, status in seen.statuses}, "they are spoilt in all kinds of ways"
    assert (workers, 2) == (service.workers(), len(workers))
    with service.each_worker() as callers:
        assert [200, 200] == [ask("POST", "/v1/rank", valid[0].body).status for ask in callers]
    assert [] == [line for line in service.said if "Traceback" in line or '"level": "error"' in line]
