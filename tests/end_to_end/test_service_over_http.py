"""The real service, started as a process and asked over HTTP."""

import datetime as dt
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.money import half_even
from features.snapshot import load_snapshot
from serving.launch import Running, free_port
from tests.support.doors import running
from training.model import load, save

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def service(release_folder: Path, snapshot_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(release_folder, snapshot_folder, tmp_path_factory.mktemp("state")) as one:
        yield one


@pytest.fixture
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=30) as one:
        yield one


@pytest.fixture(scope="module")
def skus(snapshot_folder: Path) -> list[str]:
    return [str(sku) for sku in load_snapshot(snapshot_folder).products["sku"]]


def asked(skus: list[str], **fields: Any) -> dict[str, Any]:
    return {"offers": [{"sku": sku, "p_order": round(0.01 + number % 7 / 100, 2)} for number, sku in enumerate(skus)], **fields}


def test_offers_are_ranked_by_what_they_are_expected_to_leave(client: httpx.Client, skus: list[str]) -> None:
    reply = client.post("/v1/rank", json=asked(skus[:200], customer_id="c000001", country="DE")).json()

    assert "view" == reply["per"]
    assert 200 == len(reply["offers"]) + len(reply["excluded"]) + reply["cut_by_limit"]
    values = [offer["money"]["expected_kept_margin"] + offer["p_order"] * reply["order_bonus"] for offer in reply["offers"]]
    assert all(lower <= upper + 1 for upper, lower in pairwise(values))  # a cent: what is told is rounded


def test_the_reader_of_a_reply_can_recompute_its_money(client: httpx.Client, skus: list[str]) -> None:
    reply = client.post("/v1/rank", json=asked(skus[:50], country="FR")).json()
    assert "FR" == reply["country"]
    for offer in reply["offers"]:
        money, p_order, p_return = offer["money"], Decimal(str(offer["p_order"])), Decimal(str(offer["p_return"]))
        margin = money["price_net"] - money["unit_cost"] - money["outbound_shipping"] - money["payment_fee"]
        costs = money["outbound_shipping"] + money["payment_fee_kept"] + money["return_handling"] + money["resale_loss"]
        assert (margin, costs - money["return_fee"]) == (money["margin_if_kept"], money["loss_if_returned"])
        value = p_order * ((1 - p_return) * money["margin_if_kept"] - p_return * money["loss_if_returned"])
        assert half_even(value) == money["expected_kept_margin"]
        assert half_even(offer["price"] / (1 + Decimal(str(reply["vat_rate"])))) == money["price_net"]


def test_probes_answer(client: httpx.Client) -> None:
    assert [200, 200] == [client.get(path).status_code for path in ("/livez", "/readyz")]


def test_metrics_count_rankings_and_say_what_serves(client: httpx.Client, skus: list[str]) -> None:
    client.post("/v1/rank", json=asked(skus[:1]))

    text = client.get("/metrics").text

    assert 'keeprank_requests_total{route="/v1/rank",status="200"}' in text
    assert 'keeprank_request_seconds_bucket{le="0.1",route="/v1/rank"}' in text
    assert f'release="{client.get("/v1/releases").json()["champion"]["named"]["release"]}"' in text


def test_a_caller_who_hangs_up_is_no_failure_of_ours(service: Running, client: httpx.Client) -> None:
    address = httpx.URL(service.url)
    with socket.create_connection((address.host, address.port or 80)) as caller:
        caller.sendall(b"POST /v1/rank HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")

    deadline = time.monotonic() + 10
    while 'route="/v1/rank",status="499"' not in (text := client.get("/metrics").text) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert 'keeprank_requests_total{route="/v1/rank",status="499"} 1.0' in text
    assert 'route="/v1/rank",status="500"' not in text


def test_what_happened_today_moves_the_scores(client: httpx.Client, skus: list[str]) -> None:
    first = dt.datetime.fromisoformat(client.get("/v1/releases").json()["champion"]["info"]["snapshot_at"])
    at, morning = (first + dt.timedelta(hours=hours) for hours in (12, 9))
    moves = [
        {"id": f"{kind}{number}", "kind": kind, "sku": skus[0], "at": (morning + dt.timedelta(minutes=number)).isoformat()}
        for kind in ("view", "size_guide", "basket")
        for number in range(20)
    ]
    usual = asked(skus[:50], customer_id="c000001", country="DE", at=at.isoformat(), request_id="r")
    consents = [{"purpose": "personalisation", "granted": True, "at": first.isoformat()}]

    quiet, busy, again = (
        client.post("/v1/rank", json={**usual, "consents": consents, "today": today}).json() for today in ([], moves, moves * 2)
    )

    assert (at, first) == (dt.datetime.fromisoformat(busy["as_of"]), dt.datetime.fromisoformat(busy["snapshot_at"]))
    assert {offer["sku"]: offer["p_return"] for offer in quiet["offers"]} != {offer["sku"]: offer["p_return"] for offer in busy["offers"]}
    assert busy == again


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/v1/releases"])
def test_pages_load_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    response = client.get(path)

    assert (200, "application/json") == (response.status_code, response.headers["content-type"])
    assert "https://" not in response.text


def test_the_inspector_is_a_page_of_its_own_that_runs_no_script(client: httpx.Client, skus: list[str]) -> None:
    response = client.get("/inspector", params={"how": "choose", "skus": " ".join(skus[:3])})

    assert (200, "text/html; charset=utf-8") == (response.status_code, response.headers["content-type"])
    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert 1 == len(response.headers.get_list("content-security-policy"))
    assert "By kept margin" in response.text


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b"{", 400, []),
        (b"\xff", 400, []),
        (rb'{"offers": [{"sku": "\ud800"}]}', 400, []),
        ('{"offers": [{"sku": "a"}]}'.encode("utf-16"), 400, []),
        (json.dumps(asked([str(number) for number in range(501)])).encode(), 422, ["/offers"]),
        (json.dumps({"offers": []}).encode(), 422, ["/offers"]),
        (json.dumps({"offers": [{"sku": "a"}], "colour": "red"}).encode(), 422, ["/colour"]),
        (json.dumps({"offers": [{"sku": "a", "price": -1}]}).encode(), 422, ["/offers/0/price"]),
        (json.dumps({"offers": [{"sku": "a", "price": "7"}]}).encode(), 422, ["/offers/0/price"]),
        (json.dumps({"offers": [{"sku": "a", "p_order": math.nan}]}).encode(), 422, ["/offers/0/p_order"]),
        (json.dumps({"offers": [{"sku": "a"}], "currency": "USD"}).encode(), 422, ["/currency"]),
        (json.dumps({"offers": [{"sku": "a"}], "at": "2000-01-01T00:00:00Z"}).encode(), 422, ["/at"]),
        (json.dumps({"offers": [{"sku": "a"}], "at": "2100-01-01T00:00:00Z"}).encode(), 422, ["/at"]),
        (json.dumps({"offers": [{"sku": "a"}], "today": [{"id": str(number)} for number in range(501)]}).encode(), 422, ["/today/0/kind"]),
        (b'{"offers": ' + b"[" * 500_000, 400, []),
        (b" " * (2**20 + 1), 413, []),
        (b" " * 2**23, 413, []),
    ],
)
def test_a_wrong_request_is_refused_by_name_and_the_service_lives_on(
    client: httpx.Client, skus: list[str], body: bytes, status: int, fields: list[str]
) -> None:
    response = client.post("/v1/rank", content=body, headers={"content-type": "application/json"})

    assert (status, "application/problem+json") == (response.status_code, response.headers["content-type"])
    assert fields == [error["field"] for error in response.json()["errors"]]
    assert 200 == client.post("/v1/rank", json=asked(skus[:2])).status_code


def test_strangers_are_served(client: httpx.Client) -> None:
    reply = client.post("/v1/rank", json={"customer_id": "nobody", "offers": [{"sku": "x", "price": 1999}, {"sku": "y"}]}).json()

    assert (["x"], ["x", "y"], "new_customer") == ([offer["sku"] for offer in reply["offers"]], reply["unknown_offers"], reply["fallback"])


def test_two_clients_at_once_get_their_own_answers(client: httpx.Client, skus: list[str]) -> None:
    requests = [asked(skus[number : number + 20], request_id=f"r{number}", explain=number % 2 == 0) for number in range(16)]
    alone = [client.post("/v1/rank", json=request).json() for request in requests]

    with ThreadPoolExecutor(2) as clients:
        together = list(clients.map(lambda request: client.post("/v1/rank", json=request).json(), requests))

    assert alone == together


def exit_of(release: Path, snapshot: Path, home: Path) -> subprocess.CompletedProcess[str]:
    told = {"RELEASE": release, "SNAPSHOT": snapshot, "STATE": home, "SETTINGS": ROOT / "config" / "serving.toml"}
    environment = {**os.environ, **{f"KEEPRANK_{name}": str(path) for name, path in told.items()}, "BENTOML_DO_NOT_TRACK": "True"}
    return subprocess.run(
        [sys.executable, "-m", "bentoml", "serve", "serving.service:KeeprankService", "--host", "127.0.0.1", "--port", str(free_port())],
        cwd=ROOT,
        env=environment | {"BENTOML_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_tampered_release_does_not_start(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(release_folder, tmp_path / "release")
    (copy / "policy.toml").write_text((copy / "policy.toml").read_text() + "\n")

    ended = exit_of(copy, snapshot_folder, tmp_path / "home")

    assert 1 == ended.returncode
    assert "keeprank: release/policy.toml is changed after it was sealed" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_release_for_other_features_does_not_start(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    own = json.loads((release_folder / "manifest.json").read_text())["feature_set"]
    release = load(release_folder, feature_set=own)
    save(release.models, tmp_path / "release", feature_set="0123456789abcdef", policy=release.policy, about={})

    ended = exit_of(tmp_path / "release", snapshot_folder, tmp_path / "home")

    assert 1 == ended.returncode
    assert f"keeprank: the release was made for feature set 0123456789abcdef; expected: {own}" in ended.stderr


def interrupted(_: Running) -> None:
    raise KeyboardInterrupt


def killed(service: Running) -> None:
    service.process.kill()
    raise KeyboardInterrupt


@pytest.mark.parametrize("end", [interrupted, killed])
def test_nothing_is_left_behind(release_folder: Path, snapshot_folder: Path, tmp_path: Path, end: Callable[[Running], None]) -> None:
    found: list[int] = []

    def run() -> None:
        with running(release_folder, snapshot_folder, tmp_path) as service:
            first = service.process.pid
            found.extend([first, *(pid for pid, parent in processes().items() if parent == first)])
            end(service)

    with pytest.raises(KeyboardInterrupt):
        run()

    assert 2 == len(found), "the first process and its worker"
    assert [] == [pid for pid in found if pid in processes()]


def processes() -> dict[int, int]:
    """Parents by process, without those that have ended and wait to be reaped."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = (line.split() for line in listed)
    return {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}


def test_made_up_paths_do_not_grow_the_metrics(client: httpx.Client) -> None:
    client.get("/made-up/once")
    before = len(client.get("/metrics").text.splitlines())

    for number in range(20):
        client.get(f"/made-up/{number}")

    assert before == len(client.get("/metrics").text.splitlines())
