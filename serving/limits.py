"""Refuses a request that is too large, too deep or too slow before anything is made of it."""

# ruff: noqa: N818  (a refusal is named for what it refuses)

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from domain.errors import KeeprankError
from serving.settings import Settings

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_BRACKETS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
"""Up one and down one, as signed bytes."""

_NO_BRACKETS = bytes(set(range(256)) - set(b"{[}]"))


class RequestTooLarge(KeeprankError):
    """A body is larger than the service takes."""


class HeadersTooLarge(KeeprankError):
    """The headers are, together."""


class RequestTooDeep(KeeprankError):
    """A JSON document is nested deeper than any request of the API."""


class RequestTooSlow(KeeprankError):
    """A body was under way for too long."""


@dataclass(frozen=True)
class Limits:
    """What the service takes of one request.

    Attributes:
        body_bytes: of its body.
        header_bytes: of its headers together, names and values.
        depth: of nested JSON.
        body_seconds: that its body may be under way.
    """

    body_bytes: int
    header_bytes: int
    depth: int
    body_seconds: float

    def check_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Refuse what is too large already by what its headers say.

        Raises:
            HeadersTooLarge: they are too large.
            RequestTooLarge: the body is announced to be.
        """
        total = 0
        for name, value in headers:
            total += len(name) + len(value)
            if name == b"content-length" and value.isdigit() and (len(value) > 15 or int(value) > self.body_bytes):
                raise self._too_large()
        if total > self.header_bytes:
            raise HeadersTooLarge(f"the headers are larger than {self.header_bytes} bytes")

    async def body(self, receive: Receive) -> bytes:
        """A request's body.

        Raises:
            RequestTooLarge: it is larger than allowed; what comes after that is not kept.
            RequestTooSlow: it was not there in time.
            ClientDisconnect: the caller hung up.
        """
        try:
            async with asyncio.timeout(self.body_seconds):
                return await self._received(receive)
        except TimeoutError as error:
            raise RequestTooSlow(f"the body was not there after {self.body_seconds:g} s") from error

    async def _received(self, receive: Receive) -> bytes:
        chunks, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self.body_bytes:
                raise self._too_large()
            more = message.get("more_body", False)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def check_depth(self, body: bytes) -> None:
        """Refuse JSON that is nested too deep, before a reader that recurses sees it.

        Raises:
            RequestTooDeep: it is.
        """
        if depth(body) > self.depth:
            raise RequestTooDeep(f"the document is nested deeper than {self.depth}", expected="a request as /openapi.json describes it")

    def _too_large(self) -> RequestTooLarge:
        return RequestTooLarge(f"the body is larger than {self.body_bytes} bytes", advice="send fewer offers or events at a time")


def limits_of(settings: Settings) -> Limits:
    """Those that the settings say."""
    service = settings.service
    return Limits(service.largest_body_bytes, service.largest_header_bytes, service.largest_depth, service.body_seconds)


def depth(body: bytes) -> int:
    r"""How deep JSON is nested, found without reading it; brackets inside texts do not count.

    >>> depth(b'{"offers": [{"sku": "[[["}]}'), depth(b'["\\"[["]'), depth(b"7")
    (3, 1, 0)
    """
    if b"\\" in body:
        body = _ESCAPED.sub(b"", body)
    outside = b"".join(body.split(b'"')[::2])
    steps = np.frombuffer(outside.translate(_BRACKETS, _NO_BRACKETS), dtype=np.int8)
    return int(steps.cumsum(dtype=np.int32).max(initial=0))
