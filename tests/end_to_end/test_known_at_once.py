"""What a shopper did a second ago counts in the next reply on every worker, and whoever is erased is gone from every worker and file."""

from __future__ import annotations

import datetime as dt
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from features.snapshot import load_snapshot
from tests.support.live import Caller, Live


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def moment() -> str:
    """Of all replies that are compared: far enough on for what is told during a test to lie before it."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()


@pytest.fixture(scope="module")
def skus(snapshot_of_today: Path) -> list[str]:
    return [str(sku) for sku in load_snapshot(snapshot_of_today).products["sku"][:30]]


@pytest.fixture(scope="module")
def known(snapshot_of_today: Path) -> list[str]:
    """Customers with a history."""
    snapshot = load_snapshot(snapshot_of_today)
    return [one for number in range(100, 600) if snapshot.knows_customer(one := f"c{number:06d}")]


@dataclass(frozen=True)
class Answer:
    """What every worker answers alike, but for the request's id, and what its models read for it, as the log tells it."""

    reply: dict[str, Any]
    features_hash: str


def answer(service: Live, callers: Sequence[Caller], skus: Sequence[str], customer_id: str | None, at: str) -> Answer:
    body = {"customer_id": customer_id, "offers": [{"sku": sku} for sku in skus], "country": "DE", "at": at}
    begun = dt.datetime.now(dt.UTC)
    replies = [ask("POST", "/v1/rank", {**body, "request_id": f"{uuid.uuid4()}"}) for ask in callers]
    assert [200] * len(callers) == [reply.status for reply in replies]
    decided = service.decided({reply.json()["request_id"] for reply in replies}, since=begun)
    told = [{name: value for name, value in reply.json().items() if name != "request_id"} for reply in replies]
    first, *others = (Answer(reply, entry.row.features_hash) for reply, entry in zip(told, decided.values(), strict=True))
    assert [first] * len(others) == others
    return first


def tell(ask: Caller, *facts: dict[str, Any]) -> None:
    told = [{"id": f"{fact['type']}-{time.time_ns()}-{number}", "at": now(), **fact} for number, fact in enumerate(facts)]
    assert (len(facts), 0) == ((reply := ask("POST", "/v1/events", told).json())["accepted"], reply["rejected"]), reply


def consent(ask: Caller, customer_id: str, *, granted: bool) -> None:
    decided = [{"purpose": purpose, "granted": granted} for purpose in ("personalisation", "measurements")]
    assert 2 == ask("PUT", f"/v1/customers/{customer_id}/consents", {"consents": decided}).json()["accepted"]


@pytest.mark.parametrize("kind", ["basket", "size_guide"])
def test_a_move_of_a_moment_ago_counts_on_every_worker(service_of_today: Live, skus: list[str], known: list[str], kind: str) -> None:
    customer_id, at = known[0 if kind == "basket" else 1], moment()
    with service_of_today.each_worker() as callers:
        consent(callers[0], customer_id, granted=True)
        before = answer(service_of_today, callers, skus, customer_id, at)

        tell(callers[-1], *({"type": "event", "customer_id": customer_id, "kind": kind, "sku": sku} for sku in skus[:5] * 3))
        after = answer(service_of_today, callers, skus, customer_id, at)

    assert before.features_hash != after.features_hash


def test_a_stated_size_counts_on_every_worker(service_of_today: Live, skus: list[str], known: list[str], snapshot_of_today: Path) -> None:
    customer_id, at = known[2], moment()
    products = load_snapshot(snapshot_of_today).products.set_index("sku").loc[skus]
    stated = [{"attribute": f"size:{category}", "value": size} for category, size in products.groupby("category")["size"].first().items()]
    with service_of_today.each_worker() as callers:
        consent(callers[0], customer_id, granted=True)
        before = answer(service_of_today, callers, skus, customer_id, at)

        path = f"/v1/customers/{customer_id}/preferences"
        assert len(stated) == callers[-1]("PUT", path, {"preferences": stated}).json()["accepted"]
        after = answer(service_of_today, callers, skus, customer_id, at)

    assert before.features_hash != after.features_hash


def test_who_withdraws_is_answered_like_a_stranger(service_of_today: Live, skus: list[str], known: list[str]) -> None:
    customer_id, at = known[3], moment()
    with service_of_today.each_worker() as callers:
        consent(callers[0], customer_id, granted=True)
        tell(callers[0], {"type": "event", "customer_id": customer_id, "kind": "basket", "sku": skus[0]})
        before = answer(service_of_today, callers, skus, customer_id, at)
        stranger = answer(service_of_today, callers, skus, "nobody", at)

        consent(callers[-1], customer_id, granted=False)
        after = answer(service_of_today, callers, skus, customer_id, at)

    assert stranger != before
    assert stranger == after


def test_a_price_and_a_stock_of_a_moment_ago_count_on_every_worker(service_of_today: Live, skus: list[str]) -> None:
    dearer, gone, at = skus[10], skus[11], moment()
    with service_of_today.each_worker() as callers:
        tell(callers[0], {"type": "stock", "sku": dearer, "available": 5}, {"type": "stock", "sku": gone, "available": 5})
        before = answer(service_of_today, callers, skus, None, at)

        time.sleep(0.002)  # the later moment holds
        tell(
            callers[-1],
            {"type": "price", "sku": dearer, "price": 54_321, "currency": "EUR"},
            {"type": "stock", "sku": gone, "available": 0},
        )
        after = answer(service_of_today, callers, skus, None, at)

    assert gone in {offer["sku"] for offer in before.reply["offers"]}
    assert gone not in {offer["sku"] for offer in after.reply["offers"]}
    assert 54_321 == {offer["sku"]: offer["price"] for offer in after.reply["offers"]}[dearer]


def test_who_is_erased_is_a_stranger_and_leaves_no_trace(service_of_today: Live, skus: list[str], known: list[str]) -> None:
    customer_id, at = known[4], moment()
    with service_of_today.each_worker() as callers:
        consent(callers[0], customer_id, granted=True)
        tell(callers[0], {"type": "event", "customer_id": customer_id, "kind": "basket", "sku": skus[0]})
        before = answer(service_of_today, callers, skus, customer_id, at)
        assert 200 == callers[0]("GET", f"/v1/customers/{customer_id}").status
        stranger = answer(service_of_today, callers, skus, "nobody", at)
        assert [] != traces(service_of_today.state, customer_id)

        erased = callers[-1]("DELETE", f"/v1/customers/{customer_id}").json()
        after = answer(service_of_today, callers, skus, customer_id, at)

        assert (True, 3) == (erased["wiped"], erased["facts"])
        assert stranger != before
        assert stranger == after
        path = f"/v1/customers/{customer_id}"
        assert [] == callers[0]("GET", path).json()["facts"]
        rejected = callers[0]("POST", "/v1/events", [moved(customer_id, skus[0])]).json()
        assert ["erased"] == [one["reason"] for one in rejected["rejections"]]
        metrics = callers[0]("GET", "/metrics").body

    assert [] == traces(service_of_today.state, customer_id)
    assert customer_id.encode() not in metrics
    assert [] == [line for line in service_of_today.said if customer_id in line]


def moved(customer_id: str, sku: str) -> dict[str, Any]:
    return {"type": "event", "id": f"late-{customer_id}", "customer_id": customer_id, "kind": "view", "sku": sku, "at": now()}


def traces(folder: Path, customer_id: str) -> list[str]:
    """Files that hold an id, as text of any encoding."""
    wanted = [customer_id.encode(), customer_id.encode("utf-16-le"), json.dumps(customer_id)[1:-1].encode()]
    return [str(file) for file in folder.rglob("*") if file.is_file() and any(word in file.read_bytes() for word in wanted)]


def test_an_id_with_a_slash_is_told_handed_out_and_erased(service_of_today: Live, skus: list[str]) -> None:
    path = "/v1/customers/shop%2Fc1%0A%2Fconsents"
    with service_of_today.caller() as ask:
        tell(ask, {"type": "event", "customer_id": "shop/c1\n/consents", "kind": "view", "sku": skus[0]})

        assert 1 == len(ask("GET", path).json()["facts"])
        assert 1 == ask("DELETE", path).json()["facts"]
