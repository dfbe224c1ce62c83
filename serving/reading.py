"""Reads a request, or says which of its fields is wrong."""

# ruff: noqa: N818  (a refusal is named for what it refuses)

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from domain.errors import KeeprankError
from serving.wire import Consent, FieldError, Move, RankRequest, Statement

_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {}
_RANKING = msgspec.json.Decoder(RankRequest)
_AT = re.compile(r"(?P<what>.*) - at `\$(?P<path>[^`]*)`", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]")
_LONGEST = 300

_Fact = TypeVar("_Fact", Move, Statement, Consent)
_Asked = TypeVar("_Asked")


class RequestMalformed(KeeprankError):
    """The request is no JSON."""


class RequestRefused(KeeprankError):
    """Fields of the request are wrong.

    Attributes:
        errors: each of them.
        request_id: the request's own id, where it could be read.
    """

    def __init__(self, *errors: FieldError, request_id: str | None = None) -> None:
        self.errors = errors
        self.request_id = request_id
        super().__init__("; ".join(f"{error.field or 'the request'}: {error.message}" for error in errors))


def read_request(body: bytes) -> RankRequest:
    """The request that a body holds.

    Raises:
        RequestMalformed: the body is no JSON.
        RequestRefused: a field is missing, unknown, of the wrong type or out of its limits, a sku comes twice, some offers lack p_order, or
            two facts contradict each other.
    """
    request = _decoded(_RANKING, body)
    if errors := [*_twice(request), *_p_order_of_some(request), *_contradictions(request)]:
        raise RequestRefused(*errors, request_id=request.request_id)
    return request


def read(body: bytes, kind: type[_Asked]) -> _Asked:
    """The request of a kind that a body holds.

    Raises:
        RequestMalformed: the body is no JSON.
        RequestRefused: a field is missing, unknown, of the wrong type or out of its limits.
    """
    return _decoded(_decoder(kind), body)


def _decoder(kind: type[_Asked]) -> msgspec.json.Decoder[_Asked]:
    if kind not in _DECODERS:
        _DECODERS[kind] = msgspec.json.Decoder(kind)
    return _DECODERS[kind]


def _decoded(decoder: msgspec.json.Decoder[_Asked], body: bytes) -> _Asked:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise RequestRefused(field_error(str(error))) from error
    except (ValueError, RecursionError) as error:  # msgspec.DecodeError, UnicodeDecodeError
        raise _unreadable(body, decoder.type, str(error)) from error


def _unreadable(body: bytes, kind: type[Any], malformed: str) -> RequestRefused | RequestMalformed:
    """Many JSON writers emit NaN and Infinity, which JSON does not have: name the field that holds one.

    Python's own reader takes more than JSON (lone surrogates, too), so what it reads serves to name a field and for nothing else.
    """
    try:
        msgspec.convert(json.loads(body.decode()), kind)
    except msgspec.ValidationError as error:
        return RequestRefused(field_error(str(error)))
    except (ValueError, RecursionError):
        pass
    return RequestMalformed(malformed, expected="JSON in UTF-8")


def field_error(message: str) -> FieldError:
    """What msgspec says, as a field and what is wrong with it.

    >>> field_error("Expected `int` >= 0 - at `$.offers[3].price`")
    FieldError(field='/offers/3/price', message='Expected `int` >= 0')
    >>> field_error("Object contains unknown field `x` - at `$.offers[0]`").field
    '/offers/0/x'
    """
    found = _AT.fullmatch(message)
    what, path = (found["what"], found["path"]) if found else (message, "")
    steps = [step["name"] or step["index"] for step in _STEP.finditer(path)]
    if named := _FIELD.fullmatch(what):
        steps.append(named["name"])
    return FieldError(field=pointer(*steps)[:_LONGEST], message=what[:_LONGEST])


def pointer(*steps: Any) -> str:
    """A JSON pointer (RFC 6901).

    >>> pointer("offers", 3, "a/b")
    '/offers/3/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _twice(request: RankRequest) -> Iterator[FieldError]:
    if len({offer.sku for offer in request.offers}) == len(request.offers):
        return
    first: dict[str, int] = {}
    for number, offer in enumerate(request.offers):
        if first.setdefault(offer.sku, number) != number:
            yield FieldError(field=pointer("offers", number, "sku"), message=f"the same sku as /offers/{first[offer.sku]}")


def _p_order_of_some(request: RankRequest) -> Iterator[FieldError]:
    without = [number for number, offer in enumerate(request.offers) if offer.p_order is None]
    if 0 < len(without) < len(request.offers):
        for number in without:
            yield FieldError(field=pointer("offers", number, "p_order"), message="must be given for all offers or for none")


def _contradictions(request: RankRequest) -> Iterator[FieldError]:
    """What is told twice is one fact; another fact under the same key is a mistake."""
    yield from _differing("today", request.today, "id", lambda move: move.id)
    yield from _differing("stated", request.stated, "at", lambda statement: (statement.attribute, statement.at))
    yield from _differing("consents", request.consents, "at", lambda consent: (consent.purpose, consent.at))


def _differing(name: str, facts: Sequence[_Fact], field: str, key: Callable[[_Fact], Hashable]) -> Iterator[FieldError]:
    first: dict[Hashable, int] = {}
    for number, fact in enumerate(facts):
        other = first.setdefault(key(fact), number)
        if facts[other] != fact:
            yield FieldError(field=pointer(name, number, field), message=f"the same as that of /{name}/{other}, which says something else")
