"""What is known of one customer, what he declares and decides, and what an erasure did: the fields of `/v1/customers/{id}`."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from serving.facts import Consented, Declared, OfCustomer
from serving.online.port import Erased, Known
from serving.online.recorded import by_time, micros
from serving.reading import RequestRefused, pointer, read
from serving.wire import MAX_SAID, ConsentPurpose, FieldError, Id, Moment


class Stated(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Something that the customer declares."""

    attribute: Annotated[Id, Meta(description="What: height_cm, weight_kg, bust_band_in, bust_cup, occasion, or size:<category>.")]
    value: Annotated[Id, Meta(description="The declared value, as text.")]
    needed_on: Annotated[Moment | None, Meta(description="The day of the occasion.")] = None
    at: Annotated[Moment | None, Meta(description="When; default: now. Sent again with the same `at`, it is one statement.")] = None


class Preferences(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What `PUT /v1/customers/{id}/preferences` takes."""

    preferences: Annotated[list[Stated], Meta(min_length=1, max_length=MAX_SAID, description="No attribute twice at one moment.")]


class Decided(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A purpose that the customer grants or withdraws."""

    purpose: ConsentPurpose
    granted: Annotated[bool, Meta(description="False withdraws.")]
    notice_version: Annotated[Id | None, Meta(description="Which notice was shown (W3C DPV, ISO/IEC TS 27560).")] = None
    at: Annotated[Moment | None, Meta(description="When; default: now. Sent again with the same `at`, it is one decision.")] = None


class Consents(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What `PUT /v1/customers/{id}/consents` takes."""

    consents: Annotated[list[Decided], Meta(min_length=1, max_length=MAX_SAID, description="No purpose twice at one moment.")]


class ConsentInForce(Struct, frozen=True, kw_only=True):
    """The latest decision on a purpose."""

    purpose: ConsentPurpose
    granted: bool
    notice_version: str | None
    at: Moment


class DeclaredNow(Struct, frozen=True, kw_only=True):
    """The latest statement on an attribute."""

    attribute: str
    value: str
    needed_on: Moment | None
    at: Moment


class CustomerReply(Struct, frozen=True, kw_only=True):
    """Everything that the service knows of a customer."""

    customer_id: str
    pseudonym: Annotated[str, Meta(description="What the customer is called in the log of decisions.")]
    in_snapshot: Annotated[bool, Meta(description="Whether the night's snapshot holds a history.")]
    erased_at: Annotated[Moment | None, Meta(description="When the customer was erased; null: not.")]
    rejoined_at: Annotated[Moment | None, Meta(description="Since when facts are taken again; null: not since.")]
    facts: Annotated[list[OfCustomer], Meta(description="What was told since the snapshot, by time.")]
    consents: Annotated[list[ConsentInForce], Meta(description="Of what was told since then; older decisions are in the shop's tables.")]
    declared: Annotated[list[DeclaredNow], Meta(description="Likewise.")]
    trained_in: Annotated[list[str], Meta(description="Releases that were trained with the customer's past.")]


class ErasedReply(Struct, frozen=True, kw_only=True):
    """What an erasure did, and what is left to do."""

    pseudonym: str
    erased_at: Annotated[Moment, Meta(description="When the customer was first erased.")]
    facts: Annotated[int, Meta(ge=0, description="Facts that were removed now.")]
    wiped: Annotated[bool, Meta(description="False: the store's files may still hold traces, for somebody was reading; erase once more.")]
    in_snapshot: Annotated[
        bool, Meta(description="True: tonight's snapshot still holds a hashed history, which no ranking reads; the next one does not.")
    ]
    trained_in: Annotated[list[str], Meta(description="Releases that were trained with the customer's past; forget, then train anew.")]


class Rejoined(Struct, frozen=True, kw_only=True):
    """Whether a customer who was erased is known anew."""

    rejoined: Annotated[bool, Meta(description="False: he had not been erased, or has rejoined before.")]


def told_of(known: Known, customer_id: str, *, in_snapshot: bool, trained_in: Sequence[str]) -> CustomerReply:
    """Everything about a customer, to be handed out."""
    buried = known.tombstone
    return CustomerReply(
        customer_id=customer_id,
        pseudonym=known.pseudonym,
        in_snapshot=in_snapshot,
        erased_at=None if buried is None else buried.erased_at,
        rejoined_at=None if buried is None else buried.rejoined_at,
        facts=list(known.facts),
        consents=consents_in_force(known.facts),
        declared=declared_now(known.facts),
        trained_in=list(trained_in),
    )


def told_of_erasure(erased: Erased, *, in_snapshot: bool, trained_in: Sequence[str]) -> ErasedReply:
    """What an erasure did."""
    return ErasedReply(
        pseudonym=erased.tombstone.pseudonym,
        erased_at=erased.tombstone.erased_at,
        facts=erased.facts,
        wiped=erased.wiped,
        in_snapshot=in_snapshot,
        trained_in=list(trained_in),
    )


def consents_in_force(facts: Sequence[OfCustomer]) -> list[ConsentInForce]:
    """The latest decision on each purpose; of two at one moment, the withdrawal."""
    decisions = sorted((fact for fact in facts if isinstance(fact, Consented)), key=by_time)
    latest = {fact.purpose: fact for fact in decisions}
    return [
        ConsentInForce(purpose=purpose, granted=fact.granted, notice_version=fact.notice_version, at=fact.at)
        for purpose, fact in sorted(latest.items())
    ]


def declared_now(facts: Sequence[OfCustomer]) -> list[DeclaredNow]:
    """The latest statement on each attribute."""
    statements = sorted((fact for fact in facts if isinstance(fact, Declared)), key=lambda fact: (fact.at, fact.id))
    latest = {fact.attribute: fact for fact in statements}
    return [
        DeclaredNow(attribute=attribute, value=fact.value, needed_on=fact.needed_on, at=fact.at)
        for attribute, fact in sorted(latest.items())
    ]


def read_preferences(body: bytes, customer_id: str, *, now: dt.datetime) -> list[Declared]:
    """What a customer declares, as facts: one for each attribute and moment, so that what is sent again is one.

    Raises:
        RequestMalformed: the body is no JSON.
        RequestRefused: a field is missing, unknown or wrong, or an attribute comes twice at one moment.
    """
    stated = [(one, one.at or now) for one in read(body, Preferences).preferences]
    _require_once("preferences", [(one.attribute, at) for one, at in stated])
    return [
        Declared(
            id=_derived("preference", customer_id, one.attribute, at),
            customer_id=customer_id,
            attribute=one.attribute,
            value=one.value,
            needed_on=one.needed_on,
            at=at,
        )
        for one, at in stated
    ]


def read_consents(body: bytes, customer_id: str, *, now: dt.datetime) -> list[Consented]:
    """What a customer decides, as facts: one for each purpose and moment.

    Raises:
        RequestMalformed, RequestRefused: as in `read_preferences`.
    """
    decided = [(one, one.at or now) for one in read(body, Consents).consents]
    _require_once("consents", [(one.purpose, at) for one, at in decided])
    return [
        Consented(
            id=_derived("consent", customer_id, one.purpose, at),
            customer_id=customer_id,
            purpose=one.purpose,
            granted=one.granted,
            notice_version=one.notice_version,
            at=at,
        )
        for one, at in decided
    ]


def _require_once(name: str, keys: Sequence[tuple[str, dt.datetime]]) -> None:
    first: dict[tuple[str, dt.datetime], int] = {}
    twice = [(number, first[key]) for number, key in enumerate(keys) if first.setdefault(key, number) != number]
    if twice:
        errors = (
            FieldError(field=pointer(name, number), message=f"about the same, at the same moment, as /{name}/{other}")
            for number, other in twice
        )
        raise RequestRefused(*errors)


def _derived(kind: str, customer_id: str, about: str, at: dt.datetime) -> str:
    said = msgspec.json.encode((customer_id, about, micros(at)))
    return f"{kind}:{hashlib.sha256(said).hexdigest()[:32]}"
