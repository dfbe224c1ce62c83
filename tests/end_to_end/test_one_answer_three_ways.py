"""One question, three ways to its answer: over HTTP, within this process, and played again from the log give the same bytes."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from serving.decision_log.reading import entries, stored_at
from serving.online.opening import open_state
from serving.online.port import CustomerState
from serving.state import Serving
from serving.wire import RankRequest
from serving.worker import DECISIONS
from tests.support.command_line import Keeprank
from tests.support.live import Live, live

QUESTIONS = 1_000
ERASED = [f"c{number:06d}" for number in range(550, 560)]


@pytest.fixture(scope="module")
def service(release_folder: Path, snapshot_of_today: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(release_folder, snapshot_of_today, tmp_path_factory.mktemp("parity") / "state") as one:
        yield one


def question(draw: random.Random, skus: list[str], first: dt.datetime, number: int) -> dict[str, Any]:
    """Any of the ways in which a storefront asks, about the day so far and the one after."""
    at = first + dt.timedelta(seconds=draw.randrange(86_400, 2 * 86_400))
    customer_id = draw.choice([f"c{draw.randrange(500, 600):06d}", f"stranger-{number}", None, draw.choice(ERASED)])
    said = (first + draw.random() * (dt.datetime.now(dt.UTC) - first)).isoformat()  # whatever time of the day it is
    chosen = draw.sample(skus, draw.randrange(1, 60))
    p_order = draw.random() < 0.5
    body: dict[str, Any] = {
        "offers": [offer(draw, sku, p_order=p_order) for sku in [*chosen, *draw.choice(([], [f"unknown-{number}"]))]],
        "customer_id": customer_id,
        "basket": [{"sku": sku, "quantity": draw.randrange(1, 4)} for sku in draw.sample(skus, draw.randrange(4))],
        "explain": draw.choice([False, True, "spoken"]),
        "personalization": draw.random() < 0.9,
        "request_id": f"q{number}",
    }
    maybe = {
        "country": draw.choice(["DE", "FR", "CH", "XX"]),
        "currency": "EUR",
        "channel": draw.choice(["app", "web", "a new one"]),
        "payment_method": draw.choice(["invoice", "card"]),
        "promised_at": (at + dt.timedelta(days=3)).isoformat(),
        "at": at.isoformat(),
        "limit": draw.randrange(1, 30),
        "session_id": f"s{number}",
        "today": [{"id": f"t{number}", "kind": draw.choice(["view", "basket", "size_guide"]), "sku": draw.choice(skus), "at": said}],
        "stated": [{"attribute": draw.choice(["height_cm", "size:dress"]), "value": draw.choice(["172", "38"]), "at": said}],
        "consents": [{"purpose": draw.choice(["personalisation", "measurements"]), "granted": draw.random() < 0.7, "at": said}],
    }
    return body | {name: value for name, value in maybe.items() if draw.random() < 0.4}


def offer(draw: random.Random, sku: str, *, p_order: bool) -> dict[str, Any]:
    maybe = {
        "price": draw.randrange(500, 20_000),
        "discount": 300,
        "unit_cost": 900,
        "quantity": 2,
        "available": draw.randrange(9),
        "hidden": True,
    }
    told = {name: value for name, value in maybe.items() if draw.random() < (0.05 if name == "hidden" else 0.3)}
    return {"sku": sku, **told, **({"p_order": round(draw.random(), 4)} if p_order else {})}


def told(draw: random.Random, skus: list[str], number: int) -> list[dict[str, Any]]:
    """Some facts of a moment ago."""
    at, customer_id, sku = dt.datetime.now(dt.UTC).isoformat(), f"c{draw.randrange(500, 600):06d}", draw.choice(skus)
    who = {"customer_id": customer_id, "at": at}
    facts: list[dict[str, Any]] = [
        {"type": "event", "kind": draw.choice(["view", "search", "basket", "wishlist"]), "sku": sku, **who},
        {"type": "order", "order_id": f"o{number}", "sku": sku, "unit_price": 4_990, **who},
        {"type": "return", "line_id": f"f{number}-1", "sku": sku, "reason": "too_small", **who},
        {"type": "preference", "attribute": "height_cm", "value": f"{draw.randrange(150, 190)}", **who},
        {"type": "consent", "purpose": draw.choice(["personalisation", "measurements"]), "granted": draw.random() < 0.7, **who},
        {"type": "price", "sku": sku, "price": draw.randrange(1_000, 9_000), "currency": draw.choice(["EUR", "EUR", "CHF"]), "at": at},
        {"type": "stock", "sku": sku, "available": draw.randrange(3), "at": at},
    ]
    return [{"id": f"f{number}-{place}", **fact} for place, fact in enumerate(draw.sample(facts, draw.randrange(1, 4)))]


def expected(serving: Serving, state: CustomerState, body: dict[str, Any], as_of: dt.datetime) -> bytes:
    """The same answer, from the pure function."""
    asked = msgspec.convert(body, RankRequest)
    since = serving.snapshot.at.to_pydatetime()
    customer_id = asked.customer_id if asked.personalization else None
    known = customer_id is not None and not state.is_erased(customer_id, since=since)
    facts = state.of_customer(str(customer_id), since=since) if known else ()
    shelf = state.shelf([line.sku for lines in (asked.offers, asked.basket) for line in lines], since=since)
    put = replace(asked, customer_id=customer_id if known else None, at=as_of)
    return msgspec.json.encode(serving.rank(put, request_id=str(asked.request_id), facts=facts, shelf=shelf))


def test_http_this_process_and_the_log_answer_alike(service: Live, keeprank_says: Keeprank) -> None:
    serving, draw = Serving.load(service.release, service.snapshot), random.Random(20)  # noqa: S311  (no secret hangs on it)
    skus = [str(sku) for sku in serving.products]
    first = serving.snapshot.at.to_pydatetime()
    different: list[int] = []
    with closing(open_state(service.state)) as state, service.each_worker() as callers:
        for customer_id in ERASED:
            assert 200 == callers[0]("DELETE", f"/v1/customers/{customer_id}").status
        for number in range(QUESTIONS):
            if draw.random() < 0.3:
                assert 200 == draw.choice(callers)("POST", "/v1/events", told(draw, skus, number)).status
            body = question(draw, skus, first, number)
            reply = draw.choice(callers)("POST", "/v1/rank", body)
            assert 200 == reply.status, reply.body
            as_of = dt.datetime.fromisoformat(reply.json()["as_of"])
            different += [number] if expected(serving, state, body, as_of) != reply.body else []

    assert [] == different
    written(service, QUESTIONS)
    done = keeprank_says("replay", service.state / DECISIONS, "--releases", service.release, "--snapshots", service.snapshot)
    assert (0, [f"{QUESTIONS:,}", f"{QUESTIONS:,}", "0", "0"]) == (done.code, done.out.split()[-4:]), done.out


def written(service: Live, count: int) -> None:
    """Wait until so many decisions are in the log."""
    until = time.monotonic() + 60.0
    while True:
        with closing(stored_at(str(service.state / DECISIONS), lambda: dt.datetime.now(dt.UTC))) as log:
            found = sum(1 for _ in entries(log))
        if found == count:
            return
        assert time.monotonic() < until, f"{found} of {count} decisions are in the log"
        time.sleep(0.2)
