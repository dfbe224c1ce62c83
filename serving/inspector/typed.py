"""Reads the inspector's form, and keeps all that was typed, letter by letter, whatever is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import msgspec

from serving.reading import RequestRefused, read_request
from serving.wire import FieldError, RankRequest

MOST_DRAWN = 200
"""Offers that are drawn from the assortment at most; whoever wants more of them pastes a request."""

CHOOSE, PASTE = "choose", "paste"
_BETWEEN_SKUS = re.compile(r"[\s,;]+")
_MOST_DRAWS = 10**9


class Draws(Protocol):
    """Some skus of the assortment."""

    def offers(self, category: str | None, count: int, draw: int) -> Sequence[str]:
        """See `InspectorNeeds.offers`."""


@dataclass(frozen=True)
class Typed:
    """The form's fields as text, with what stands in them at first.

    Attributes:
        how: choose: offers are chosen here; paste: a request is pasted.
        customer: customer id.
        country: market.
        skus: which offers, separated by blanks, commas or lines; none: they are drawn.
        category: which to draw from; empty: all.
        count: how many to draw.
        draw: another number draws others.
        json: a request of `POST /v1/rank`.
        focus: the sku to look at closer; empty: the best by kept margin.
    """

    how: str = CHOOSE
    customer: str = ""
    country: str = ""
    skus: str = ""
    category: str = ""
    count: str = "12"
    draw: str = "1"
    json: str = ""
    focus: str = ""


_NAMES = tuple(field.name for field in fields(Typed))


def typed_of(form: Mapping[str, str]) -> Typed:
    """What was typed; fields that are no fields of the form are left to `unknown_fields`."""
    return Typed(**{name: value for name, value in form.items() if name in _NAMES})


def unknown_fields(form: Mapping[str, str]) -> list[FieldError]:
    """What the form does not have."""
    expected = ", ".join(_NAMES)
    return [
        FieldError(field="", message=f"{name[:50]!r} is no field of the form; expected: {expected}") for name in form if name not in _NAMES
    ]


def request_of(typed: Typed, house: Draws) -> RankRequest:
    """The request that the form asks.

    Raises:
        RequestMalformed: what was pasted is no JSON.
        RequestRefused: a field is wrong; its name is that of the form, or of the request that was pasted.
    """
    if typed.how == PASTE:
        return msgspec.structs.replace(read_request(typed.json.encode()), explain=True)
    if typed.how != CHOOSE:
        raise RequestRefused(FieldError(field="how", message=f"{typed.how[:50]!r} is no way to ask; expected: choose or paste"))
    skus = [sku for sku in _BETWEEN_SKUS.split(typed.skus) if sku] or _drawn(typed, house)
    asked: dict[str, Any] = {"offers": [{"sku": sku} for sku in skus], "explain": True}
    asked |= {name: text for name, text in (("customer_id", typed.customer.strip()), ("country", typed.country.strip().upper())) if text}
    try:
        return read_request(msgspec.json.encode(asked))
    except RequestRefused as refused:
        raise RequestRefused(*(_in_the_form(error, skus) for error in refused.errors)) from refused


def _drawn(typed: Typed, house: Draws) -> Sequence[str]:
    count, draw = _whole(typed.count, "count", MOST_DRAWN), _whole(typed.draw, "draw", _MOST_DRAWS)
    skus = house.offers(typed.category or None, count, draw)
    if not skus:
        raise RequestRefused(
            FieldError(field="category", message=f"no offer of {typed.category[:50]!r} can be sold; expected: another category")
        )
    return skus


def _whole(text: str, field: str, most: int) -> int:
    told = text.strip()
    if not (told.isascii() and told.isdigit() and len(told) <= len(str(most)) and 1 <= int(told) <= most):
        raise RequestRefused(FieldError(field=field, message=f"{text[:50]!r} does not do; expected: a whole number from 1 to {most:,}"))
    return int(told)


_OF_THE_FORM = {"customer_id": "customer", "country": "country", "offers": "skus"}


def _in_the_form(error: FieldError, skus: Sequence[str]) -> FieldError:
    """A wrong field of the request that the form makes, under its name in the form; a wrong sku is quoted, for it has no number there."""
    name, *steps = error.field.strip("/").split("/")
    of = f"{skus[int(steps[0])][:50]!r}: " if steps else ""
    return FieldError(field=_OF_THE_FORM[name], message=of + error.message)
