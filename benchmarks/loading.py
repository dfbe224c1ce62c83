"""Puts load on a service: connections that stay open, each sending its next request when it has read the last reply.

One HTTP client for all measurements, so thin that it costs little beside what it measures: prepared bytes out, a reply by its length in.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Load:
    """What came of a load.

    Attributes:
        seconds: how long it took.
        milliseconds: of each reply, in order of arrival.
        statuses: how often each status came; 0 is a connection that broke.
        bodies: the latest reply of each status.
    """

    seconds: float
    milliseconds: Sequence[float]
    statuses: Mapping[int, int]
    bodies: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Replies a second."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds that so many per cent of the replies take at most."""
        return float(np.percentile(self.milliseconds, share))


def request(path: str, body: bytes = b"", *, method: str = "POST", key: str | None = None, content: str = "application/json") -> bytes:
    """A request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {content}"] if body else []
    lines += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def loaded(port: int, requests: Sequence[bytes], *, connections: int = 1, seconds: float | None = None) -> Load:
    """Send requests over so many connections, all of them once, or in turns until the time is over."""
    return asyncio.run(_loaded(port, requests, connections, seconds))


async def _loaded(port: int, requests: Sequence[bytes], connections: int, seconds: float | None) -> Load:
    took: list[float] = []
    statuses: Counter[int] = Counter()
    bodies: dict[int, bytes] = {}
    sent = iter(range(len(requests) if seconds is None else 10**12))
    started = time.perf_counter()

    def next_request() -> bytes | None:
        if seconds is not None and time.perf_counter() - started > seconds:
            return None
        number = next(sent, None)
        return None if number is None else requests[number % len(requests)]

    def done(status: int, milliseconds: float, body: bytes) -> None:
        took.append(milliseconds)
        statuses[status] += 1
        bodies[status] = body

    await asyncio.gather(*(_connection(port, next_request, done) for _ in range(connections)))
    return Load(time.perf_counter() - started, took, dict(statuses), bodies)


async def _connection(port: int, next_request: Callable[[], bytes | None], done: Callable[[int, float, bytes], None]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    while (wanted := next_request()) is not None:
        started = time.perf_counter()
        try:
            writer.write(wanted)
            status, _, body = await reply(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            done(0, 1e3 * (time.perf_counter() - started), b"")
            reader, writer = await asyncio.open_connection(HOST, port)
            continue
        done(status, 1e3 * (time.perf_counter() - started), body)
    writer.close()


async def reply(reader: asyncio.StreamReader) -> tuple[int, Mapping[bytes, bytes], bytes]:
    """A reply's status, headers (in small letters) and body.

    Raises:
        IncompleteReadError, ConnectionError: the connection ended before.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(b":") for line in lines[1:] if line)}
    if length := headers.get(b"content-length"):
        return int(head[9:12]), headers, await reader.readexactly(int(length))
    return int(head[9:12]), headers, await _chunks(reader) if b"transfer-encoding" in headers else b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)
