"""Spoils requests: whatever a careless program, a broken line or an attacker makes of a valid body, drawn from a seed."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from benchmarks.odd_values import ODD_VALUES, ODD_WORDS

JSON, NDJSON = "application/json", "application/x-ndjson"
MIB = 2**20

_PLACE = '"@here@"'


@dataclass(frozen=True)
class Valid:
    """A request that the service takes.

    Attributes:
        method: HTTP method.
        path: with its customer, where it is about one.
        body: as values.
        content: its content type.
    """

    method: str
    path: str
    body: Any
    content: str = JSON


@dataclass(frozen=True)
class Spoilt:
    """A request that may be anything.

    Attributes:
        how: what was done to it.
        method: HTTP method.
        path: percent-encoded.
        headers: beside host and key; those of its length among them, if it has any.
        body: its bytes.
        in_chunks: bytes of each chunk; None sends it in one piece.
    """

    how: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    in_chunks: int | None = None


def spoilt(valid: Sequence[Valid], count: int, *, seed: int) -> Iterator[Spoilt]:
    """So many spoilt requests; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311  (no secret hangs on it)
    names, weights = zip(*((name, weight) for name, (weight, _) in _WAYS.items()), strict=True)
    for _ in range(count):
        (how,) = draw.choices(names, weights)
        yield _WAYS[how][1](how, draw.choice(valid), draw)


def _whole(how: str, one: Valid, body: bytes, *headers: tuple[str, str], content: str | None = None, path: str | None = None) -> Spoilt:
    kind = one.content if content is None else content
    told = (("Content-Type", kind), ("Content-Length", str(len(body))), *headers)
    return Spoilt(how, one.method, path or one.path, told, body)


def _encoded(one: Valid) -> bytes:
    if one.content == NDJSON:
        return b"\n".join(json.dumps(line).encode() for line in one.body)
    return json.dumps(one.body).encode()


def _on_bytes(change: Callable[[bytearray, random.Random], bytes | bytearray]) -> Callable[[str, Valid, random.Random], Spoilt]:
    return lambda how, one, draw: _whole(how, one, bytes(change(bytearray(_encoded(one)), draw)))


def _bits(body: bytearray, draw: random.Random) -> bytearray:
    for _ in range(draw.randint(1, 8)):
        body[draw.randrange(len(body))] ^= 1 << draw.randrange(8)
    return body


def _cut(body: bytearray, draw: random.Random) -> bytearray:
    return body[: draw.randrange(len(body))]


def _dropped(body: bytearray, draw: random.Random) -> bytearray:
    start = draw.randrange(len(body))
    del body[start : start + draw.randint(1, 20)]
    return body


def _repeated(body: bytearray, draw: random.Random) -> bytearray:
    start = draw.randrange(len(body))
    return body[:start] + body[start : start + draw.randint(1, 60)] * draw.randint(2, 50) + body[start:]


def _noise(body: bytearray, draw: random.Random) -> bytearray:
    start = draw.randrange(len(body))
    return body[:start] + draw.randbytes(draw.randint(1, 40)) + body[start:]


def _rubbish(_: bytearray, draw: random.Random) -> bytes:
    return draw.randbytes(draw.randint(0, 2_000))


def _marked(body: bytearray, draw: random.Random) -> bytes:
    text = body.decode()
    return draw.choice(
        (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), text.encode("utf-32"), text.encode() + b"\0", b"\x1e" + body)
    )


def _nested(how: str, one: Valid, draw: random.Random) -> Spoilt:
    depth = draw.choice((5, 31, 32, 33, 500, 5_000, 200_000))
    opened, closed = draw.choice(((b"[", b"]"), (b'{"a":', b"}")))
    inner = opened * depth + b"1" + closed * draw.choice((depth, 0))
    return _whole(how, one, draw.choice((inner, _placed(one, inner, draw))))


def _values(how: str, one: Valid, draw: random.Random) -> Spoilt:
    body = deepcopy(one.body)
    for _ in range(draw.randint(1, 3)):
        body = _replaced(body, draw.choice(ODD_VALUES), draw)
    return _whole(
        how, one, _encoded(Valid(one.method, one.path, body if isinstance(body, list) or one.content == JSON else [body], one.content))
    )


def _words(how: str, one: Valid, draw: random.Random) -> Spoilt:
    return _whole(how, one, _placed(one, draw.choice(ODD_WORDS), draw))


def _placed(one: Valid, word: bytes, draw: random.Random) -> bytes:
    """The body with a word in place of one of its values."""
    return json.dumps(_replaced(deepcopy(one.body), "@here@", draw)).encode().replace(_PLACE.encode(), word)


def _replaced(body: Any, value: Any, draw: random.Random) -> Any:
    places = list(_places(body))
    if not places:
        return deepcopy(value)
    holder, key = draw.choice(places)
    holder[key] = deepcopy(value)
    return body


def _places(body: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = body.keys() if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ()
    for key in keys:
        yield body, key
        yield from _places(body[key])


def _shapes(how: str, one: Valid, draw: random.Random) -> Spoilt:
    """Fields that are gone, unknown or there twice; lists that are far too long."""
    body = deepcopy(one.body)
    holder, key = draw.choice(list(_places(body)))
    match draw.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder["x" * draw.choice((1, 300, 10_000))] = holder[key]
        case 2 if isinstance(holder, list):
            holder.extend([holder[key]] * draw.choice((1, 600, 1_100)))
        case _:
            text = json.dumps(body)
            name = json.dumps(key) if isinstance(key, str) else '"at"'
            return _whole(how, one, text.replace("{", "{" + f"{name}: {json.dumps(draw.choice(ODD_VALUES))}, ", 2).encode())
    return _whole(how, one, _encoded(Valid(one.method, one.path, body, one.content)))


def _packed(how: str, one: Valid, draw: random.Random) -> Spoilt:
    body = _encoded(one)
    name, content = draw.choice((("gzip", gzip.compress(body)), ("deflate", zlib.compress(body)), ("gzip", body), ("br, gzip", body)))
    bomb = gzip.compress(b" " * 8 * MIB)
    headers = draw.choice(((("Content-Encoding", name),), ()))
    return _whole(how, one, draw.choice((content, bomb)), *headers)


def _large(how: str, one: Valid, draw: random.Random) -> Spoilt:
    body = _encoded(one)
    return _whole(how, one, body + b" " * (draw.choice((MIB, MIB + 1, 3 * MIB)) - len(body)))


def _contents(how: str, one: Valid, draw: random.Random) -> Spoilt:
    odd = (
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "application/JSON",
        "application/x-ndjson",
        "multipart/form-data",
        "*/*",
        "é",
    )
    return _whole(how, one, _encoded(one), content=draw.choice(odd))


def _paths(how: str, one: Valid, draw: random.Random) -> Spoilt:
    odd = (
        "%00",
        "%ff",
        "%2F",
        "..%2f..",
        "%",
        "%zz",
        "a" * 201,
        "a" * 5_000,
        quote("\N{DRESS}" * 200),
        "%ED%A0%80",
        "%20",
        "c%0d%0aX: y",
        "?a=b",
        ";x",
    )
    path = one.path.replace("c000020", draw.choice(odd)) if "c000020" in one.path else one.path + draw.choice(odd)
    return _whole(how, one, _encoded(one), path=path)


def _lines(how: str, one: Valid, draw: random.Random) -> Spoilt:
    """Facts as lines, whatever else the request was."""
    lines = [json.dumps(one.body[0] if isinstance(one.body, list) and one.body else one.body).encode()] * draw.choice((1, 3, 1_001))
    lines += [draw.choice((b"", b" ", b"{", b"null", b"[]", b"\xff", b"NaN", b"[" * 40, b"{}\x85{}", b'{"type":"event"}'))]
    end = draw.choice((b"\n", b"\r\n", b"\r", b"\n\n", b"\x1e", b"\xe2\x80\xa8"))
    path = "/v1/events" if draw.random() < 0.8 else one.path
    return Spoilt(how, "POST", path, (("Content-Type", NDJSON), ("Content-Length", str(len(body := end.join(lines))))), body)


def _chunked(how: str, one: Valid, draw: random.Random) -> Spoilt:
    body = draw.choice((_encoded(one), _encoded(one)[:-1], b" " * (MIB + 1)))
    headers = (("Content-Type", one.content), ("Transfer-Encoding", "chunked"))
    return Spoilt(how, one.method, one.path, headers, body, draw.choice((1, 7, 1_000)) if len(body) < MIB else 65_536)


def _lengths(how: str, one: Valid, draw: random.Random) -> Spoilt:
    """Lengths that are no numbers, or far from the body's."""
    odd = ("-1", "1e3", "0x10", "9" * 15, "9" * 400, "1048577", "", "+5", "5, 6", "0", "1")
    return Spoilt(how, one.method, one.path, (("Content-Type", one.content), ("Content-Length", draw.choice(odd))), _encoded(one))


_WAYS: dict[str, tuple[int, Callable[[str, Valid, random.Random], Spoilt]]] = {
    "bits": (20, _on_bytes(_bits)),
    "cut": (8, _on_bytes(_cut)),
    "dropped": (8, _on_bytes(_dropped)),
    "repeated": (6, _on_bytes(_repeated)),
    "noise": (6, _on_bytes(_noise)),
    "rubbish": (3, _on_bytes(_rubbish)),
    "marked": (3, _on_bytes(_marked)),
    "nested": (5, _nested),
    "values": (40, _values),
    "words": (15, _words),
    "shapes": (15, _shapes),
    "packed": (4, _packed),
    "large": (1, _large),
    "contents": (4, _contents),
    "paths": (6, _paths),
    "lines": (8, _lines),
    "chunked": (3, _chunked),
    "lengths": (3, _lengths),
}
"""How often each, beside the others."""

CLOSES = frozenset({"large", "chunked", "lengths"})
"""After these the connection may be closed, so nothing else comes over it."""
