"""Sends 10,000 spoilt requests to the service: no reply may be a failure of its own, no worker may die or hang, and it ranks on.

python -m benchmarks.fuzz RELEASE SNAPSHOT [--count 10000] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.loading import HOST, reply
from benchmarks.mutations import CLOSES, NDJSON, Spoilt, Valid, spoilt
from features.snapshot import load_snapshot
from serving.api import RANK_EXAMPLE
from serving.launch import free_port, serve
from serving.settings import load_serving, overruled
from serving.worker import Places

CONNECTIONS, SLOW_ONES = 8, 4
_PATIENCE_SECONDS = 60.0
DELIBERATE = frozenset(f"/problems/{code}" for code in ("over-capacity", "too-late", "state-unavailable", "log-unavailable", "not-ready"))
"""Kinds of 503 that the service gives on purpose."""


@dataclass
class Seen:
    """What came back.

    Attributes:
        statuses: replies by what was done to the request and status; 0: the connection ended without one.
        wrong: what should not have come, with its request.
    """

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, sent: Spoilt, status: int, body: bytes) -> None:
        """Count a reply, and keep it if it is a failure."""
        self.statuses[sent.how, status] += 1
        if status >= 500 and not (status == 503 and kind_of(body) in DELIBERATE):
            self.wrong.append(
                f"{status} {body[:300]!r} for {sent.how}: {sent.method} {sent.path[:80]} {sent.headers} {sent.body[:2_000]!r}"
            )
        if status == 0 and sent.how != "lengths":
            self.wrong.append(f"no reply for {sent.how}: {sent.method} {sent.path[:80]} {sent.headers} {sent.body[:2_000]!r}")


def valid_requests(skus: Sequence[str], styles: Sequence[str], now: dt.datetime) -> list[Valid]:
    """A valid request of each call that has a body, about skus that there are; c000020 is told of, and c000003 asks."""
    at = (now - dt.timedelta(minutes=1)).isoformat()
    who = {"customer_id": "c000003", "country": "DE"}
    rank: dict[str, Any] = {
        **{name: value for name, value in RANK_EXAMPLE.items() if name not in ("at", "today", "stated", "consents", "promised_at")},
        **who,
        "today": [{"id": "m1", "kind": "basket", "sku": skus[0], "at": at}],
        "stated": [{"attribute": "height_cm", "value": "172", "at": at, "needed_on": at}],
        "consents": [{"purpose": "measurements", "granted": True, "at": at}],
        "promised_at": now.isoformat(),
        "offers": [{"sku": sku, "price": 4_990, "discount": 500, "p_order": 0.03, "available": 3} for sku in skus[:3]],
        "basket": [{"sku": skus[4], "quantity": 1, "price": 1_990}],
    }
    facts: list[dict[str, Any]] = [
        {"type": "event", "id": "f1", "customer_id": "c000020", "kind": "size_guide", "sku": skus[0], "at": at},
        {"type": "order", "id": "f2", "order_id": "o1", "customer_id": "c000020", "sku": skus[1], "unit_price": 4_990, "at": at},
        {"type": "return", "id": "f3", "customer_id": "c000020", "line_id": "f2", "sku": skus[1], "reason": "too_small", "at": at},
        {"type": "preference", "id": "f4", "customer_id": "c000020", "attribute": "height_cm", "value": "172", "needed_on": at, "at": at},
        {"type": "consent", "id": "f5", "customer_id": "c000020", "purpose": "measurements", "granted": True, "at": at},
        {"type": "ticket", "id": "f6", "customer_id": "c000020", "topic": "size", "sku": skus[2], "at": at},
        {"type": "stock", "id": "f7", "sku": skus[0], "available": 3, "at": at},
        {"type": "price", "id": "f8", "sku": skus[0], "price": 4_990, "currency": "EUR", "at": at},
    ]
    return [
        Valid("POST", "/v1/rank", rank),
        Valid("POST", "/v1/rank", {**rank, "explain": "spoken", "limit": 2}),
        Valid("POST", "/v1/recommend", {**who, "categories": ["dress"], "limit": 3, "basket": rank["basket"], "without": [skus[5]]}),
        Valid("POST", "/v1/size", {**who, "style_id": styles[0], "stated": {"height_cm": "172", "size:dress": "38"}, "usual": "38"}),
        Valid("POST", "/v1/size", {"style_id": "new", "described": {"category": "dress", "sizes": ["36", "38"]}, "prefers": "looser"}),
        Valid("POST", "/v1/basket", {**who, "lines": [{"sku": sku, "quantity": 1, "price": 4_990} for sku in skus[:4]]}),
        Valid("POST", "/v1/explain", {**who, "sku": skus[0], "price": 4_990, "most": 5, "basket": rank["basket"]}),
        Valid("POST", "/v1/events", facts),
        Valid("POST", "/v1/events", facts, NDJSON),
        Valid(
            "PUT",
            "/v1/customers/c000020/preferences",
            {"preferences": [{"attribute": "height_cm", "value": "172", "at": at, "needed_on": at}]},
        ),
        Valid("PUT", "/v1/customers/c000020/consents", {"consents": [{"purpose": "measurements", "granted": True, "at": at}]}),
    ]


def fuzzed(port: int, requests: Iterator[Spoilt], *, key: str | None = None) -> Seen:
    """Send them all, over a few connections that stay open where the request allows it.

    Raises:
        TimeoutError: a reply, or the end of a connection, did not come within a minute: a worker hangs.
    """
    return asyncio.run(_fuzzed(port, requests, key))


async def _fuzzed(port: int, requests: Iterator[Spoilt], key: str | None) -> Seen:
    seen = Seen()
    await asyncio.gather(*(_connection(port, requests, key, seen) for _ in range(CONNECTIONS)), *_slow(port, key, seen))
    return seen


async def _connection(port: int, requests: Iterator[Spoilt], key: str | None, seen: Seen) -> None:
    held: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for sent in requests:
        if sent.how in CLOSES and held is not None:
            held[1].close()
            held = None
        reader, writer = held = held or await asyncio.open_connection(HOST, port)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            status, body, stays = await _answered(reader, writer, sent, key)
        seen.note(sent, status, body)
        if not stays or sent.how in CLOSES:
            writer.close()
            held = None
    if held is not None:
        held[1].close()


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Spoilt, key: str | None) -> tuple[int, bytes, bool]:
    try:
        writer.writelines(_pieces(sent, key))
        if sent.how == "lengths":
            writer.write_eof()  # more will not come, whatever length was told
        status, headers, body = await reply(reader)
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0, b"", False
    return status, body, headers.get(b"connection") != b"close"


def _pieces(sent: Spoilt, key: str | None) -> Iterator[bytes]:
    lines = [f"{sent.method} {sent.path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in sent.headers)]
    lines += [f"Authorization: Bearer {key}"] if key else []
    yield "\r\n".join([*lines, "", ""]).encode()
    if sent.in_chunks is None:
        yield sent.body
        return
    for start in range(0, len(sent.body), sent.in_chunks):
        chunk = sent.body[start : start + sent.in_chunks]
        yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
    yield b"0\r\n\r\n"


def _slow(port: int, key: str | None, seen: Seen) -> Iterator[Any]:
    """Senders that take longer than the service waits for a body: refused, and meanwhile nobody waits for them."""
    return (_one_slow(port, key, seen) for _ in range(SLOW_ONES))


async def _one_slow(port: int, key: str | None, seen: Seen) -> None:
    sent = Spoilt("slow", "POST", "/v1/rank", (("Content-Type", "application/json"), ("Content-Length", "1000")), b"")
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.writelines(_pieces(sent, key))
    answering = asyncio.ensure_future(reply(reader))
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not answering.done():
            writer.write(b" ")
            await asyncio.sleep(0.5)
        status, _, body = await answering
    seen.note(sent, status, body)
    writer.close()


def kind_of(body: bytes) -> str:
    """The kind of problem that a reply tells; empty if it is none."""
    try:
        return str(msgspec.json.decode(body)["type"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""


def show(seen: Seen) -> None:
    """Print how often each status came, by what was done."""
    ways = sorted({how for how, _ in seen.statuses})
    found = sorted({status for _, status in seen.statuses})
    print("| how |" + "".join(f" {status or 'closed'} |" for status in found))
    print("|---|" + "---|" * len(found))
    for how in ways:
        print(f"| {how} |" + "".join(f" {seen.statuses[how, status]} |" for status in found))
    for one in seen.wrong[:20]:
        print(one)


def main() -> None:
    """Start the service, send, and print; exits with 1 if anything came that should not."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("release", type=Path)
    arguments.add_argument("snapshot", type=Path, help="of today, or what is told does not count")
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    products, port = load_snapshot(given.snapshot).products, free_port()
    valid = valid_requests(list(products["sku"]), list(products["style_id"]), dt.datetime.now(dt.UTC))
    settings = overruled(load_serving(Path(__file__).parent.parent / "config" / "serving.toml"), authentication=False)
    with tempfile.TemporaryDirectory() as folder:
        places = Places(state=Path(folder) / "state", release=given.release, snapshot=given.snapshot)
        said: list[str] = []
        with serve(places, settings, port=port, echo=said.append):
            seen = fuzzed(port, spoilt(valid, given.count, seed=given.seed))
            last = asyncio.run(_ask(port, json.dumps(valid[0].body).encode()))
    show(seen)
    print("\n".join(line for line in said if '"level": "error"' in line or "Traceback" in line))
    print(f"afterwards a ranking is answered with {last}")
    sys.exit(bool(seen.wrong) or last != 200)


async def _ask(port: int, body: bytes) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    status, _, _ = await _answered(reader, writer, Spoilt("valid", "POST", "/v1/rank", headers, body), None)
    writer.close()
    return status


if __name__ == "__main__":
    main()
