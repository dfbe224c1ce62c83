"""A decision as it is stored: columns in clear that are about nobody, and two sealed parts that only the subject's key opens.

In clear stand the time, what decided, and the numbers of each place in the list. The first sealed part says what was shown: the
request's id (the storefront may have put a customer's into it), skus, prices and expected kept margins (which give the skus away). The
second is the evidence: question, facts, shelf and reply. They are apart because whoever judges policies needs only the first, a tenth of
the bytes.
"""

from __future__ import annotations

import datetime as dt
import os
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from domain.errors import LogRefused
from serving.assortment import Shelf
from serving.decision_log.decision import LoggedDecision, hash_of
from serving.facts import OfCustomer
from serving.wire import RankReply, RankRequest
from serving.wire_releases import Arm

_NONCE_BYTES, _SIZE_BYTES, _TOKEN_BYTES, _KEY_BYTES = 12, 4, 16, 32
_CODEC = pa.Codec("zstd", compression_level=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

EVERYBODY = "day:"
"""How the subject begins that stands for all requests without a customer of a day (UTC)."""


@dataclass(frozen=True)
class SubjectKey:
    """What opens the sealed parts of one subject's decisions.

    Attributes:
        subject: the customer's pseudonym, or the day of requests without a customer.
        token: stands for the subject in the log; random, so that nothing leads from one to the other once the key is gone.
        key: for AES-256-GCM.
        erased_at: when the subject was erased last, microseconds since 1970; the key is for what was served later.
    """

    subject: str
    token: str
    key: bytes = field(repr=False)
    erased_at: int = -1

    @classmethod
    def new(cls, subject: str, erased_at: int = -1) -> SubjectKey:
        """A fresh one."""
        return cls(subject, os.urandom(_TOKEN_BYTES).hex(), os.urandom(_KEY_BYTES), erased_at)


class Row(Struct, frozen=True, kw_only=True, array_like=True):
    """A decision as it is stored.

    Attributes:
        uid: names the row in this log, as request ids need not.
        served_at: microseconds since 1970 (UTC).
        token: stands for the subject.
        arm: whose release decided.
        reply_hash: BLAKE2b of the reply's bytes.
        fallback: what the scores had to do without; "deadline": nothing was ranked, the order is the caller's own.
        propensities: of each place from the top, as 64-bit floats.
        p_order: likewise; None where every offer was ranked as if ordered.
        p_return: likewise.
        shown_offers: sealed `ShownOffers`.
        evidence: sealed `Evidence`.
    """

    uid: str
    served_at: int
    token: str
    release: str
    snapshot: str
    policy: str
    settings: str
    arm: Arm
    shown: bool
    features_hash: str
    reply_hash: str
    fallback: str
    objective: str
    order_bonus: int
    propensities: bytes
    p_order: bytes | None
    p_return: bytes
    shown_offers: bytes
    evidence: bytes


class ShownOffers(Struct, frozen=True, kw_only=True, array_like=True):
    """What was shown, from the top: skus, prices and expected kept margins in minor units."""

    request_id: str
    session_id: str | None
    currency: str
    skus: list[str]
    prices: list[int]
    expected_kept_margins: list[int]


class Evidence(Struct, frozen=True, kw_only=True):
    """What a decision hung on, and the reply's own bytes."""

    question: RankRequest
    facts: tuple[OfCustomer, ...]
    shelf: dict[str, Shelf]
    reply: msgspec.Raw


_EVIDENCE = msgspec.json.Decoder(Evidence)
_SHOWN = msgspec.json.Decoder(ShownOffers)
_REPLY = msgspec.json.Decoder(RankReply)


def subject_of(decision: LoggedDecision, customer: str | None) -> str:
    """Whose key seals a decision: the customer's, by pseudonym, or that of everybody without a name on that day."""
    return customer or f"{EVERYBODY}{decision.served_at.astimezone(dt.UTC):%Y-%m-%d}"


@dataclass(frozen=True)
class Draft:
    """A decision all but sealed, in a tenth of the memory that it took.

    Attributes:
        row: where the sealed parts belong stands what will be sealed, compressed; it names no subject yet.
    """

    row: Row = field(repr=False)

    def sealed(self, key: SubjectKey) -> Row:
        """Seal it under its subject's key."""
        row = self.row
        return msgspec.structs.replace(
            row,
            token=key.token,
            shown_offers=_seal(row.shown_offers, key.key, _bound(row.uid, "shown")),
            evidence=_seal(row.evidence, key.key, _bound(row.uid, "evidence")),
        )


def draft(decision: LoggedDecision, uid: str) -> Draft:
    """All that can be done about a decision before its subject's key is asked for."""
    reply, offers = decision.reply, decision.reply.offers
    shown = ShownOffers(
        request_id=reply.request_id,
        session_id=decision.question.session_id,
        currency=reply.currency,
        skus=[offer.sku for offer in offers],
        prices=[offer.price for offer in offers],
        expected_kept_margins=[offer.money.expected_kept_margin for offer in offers],
    )
    evidence = Evidence(question=decision.question, facts=decision.facts, shelf=decision.shelf, reply=msgspec.Raw(decision.encoded))
    chances = [offer.p_order for offer in offers if offer.p_order is not None]
    row = Row(
        uid=uid,
        served_at=microseconds(decision.served_at),
        token="",
        release=reply.release,
        snapshot=reply.snapshot,
        policy=reply.policy,
        settings=decision.settings,
        arm=decision.arm,
        shown=decision.shown,
        features_hash=decision.features_hash,
        reply_hash=hash_of(decision.encoded),
        fallback=reply.fallback,
        objective=reply.objective,
        order_bonus=reply.order_bonus,
        propensities=packed(offer.propensity for offer in offers),
        p_order=packed(chances) if reply.per == "view" else None,
        p_return=packed(offer.p_return for offer in offers),
        shown_offers=_compressed(msgspec.json.encode(shown)),
        evidence=_compressed(msgspec.json.encode(evidence)),
    )
    return Draft(row)


def shown_of(row: Row, key: SubjectKey) -> ShownOffers:
    """What was shown.

    Raises:
        LogRefused: it was tampered with.
    """
    return _SHOWN.decode(_unseal(row, row.shown_offers, key, "shown"))


def decision_of(row: Row, key: SubjectKey) -> LoggedDecision:
    """The decision that a row holds.

    Raises:
        LogRefused: it was tampered with.
    """
    told = _EVIDENCE.decode(_unseal(row, row.evidence, key, "evidence"))
    encoded = bytes(told.reply)
    return LoggedDecision(
        served_at=moment(row.served_at),
        question=told.question,
        facts=told.facts,
        shelf=told.shelf,
        settings=row.settings,
        arm=row.arm,
        shown=row.shown,
        features_hash=row.features_hash,
        reply=_REPLY.decode(encoded),
        encoded=encoded,
    )


def microseconds(at: dt.datetime) -> int:
    """Since 1970 (UTC)."""
    return (at - _EPOCH) // dt.timedelta(microseconds=1)


def moment(at: int) -> dt.datetime:
    """The moment so many microseconds after 1970 (UTC)."""
    return _EPOCH + dt.timedelta(microseconds=at)


def floats(packed: bytes) -> list[float]:
    """Numbers that a row holds as bytes."""
    return array("d", packed).tolist()


def packed(numbers: Iterable[float]) -> bytes:
    """Numbers as a row holds them: 64-bit floats, one after the other."""
    return array("d", numbers).tobytes()


def _bound(uid: str, part: str) -> bytes:
    """Binds a sealed part to its row and its place there: exchanged ones do not open."""
    return f"{uid}/{part}".encode()


def _compressed(plain: bytes) -> bytes:
    packed: bytes = len(plain).to_bytes(_SIZE_BYTES, "big") + _CODEC.compress(plain, asbytes=True)
    return packed


def _seal(packed: bytes, key: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, packed, bound)


def _unseal(row: Row, sealed: bytes, key: SubjectKey, part: str) -> bytes:
    try:
        packed = AESGCM(key.key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(row.uid, part))
    except InvalidTag as error:
        raise LogRefused(f"decision {row.uid} does not open: its {part} part is not what was written") from error
    plain: bytes = _CODEC.decompress(packed[_SIZE_BYTES:], decompressed_size=int.from_bytes(packed[:_SIZE_BYTES], "big"), asbytes=True)
    return plain
