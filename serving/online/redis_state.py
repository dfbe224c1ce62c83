"""The customer state of several hosts: a Redis that all their workers write and read (decision 0026)."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from domain.errors import StateRefused, StateUnavailable
from features.today import LATEST
from serving.assortment import Shelf
from serving.facts import Fact, OfCustomer
from serving.online import scripts
from serving.online.overlay import Overlay
from serving.online.packed import changed, contents, packed
from serving.online.port import DECISIONS_STAY, MOST_DECISIONS, MOST_ELSE, Erased, Known, Outcome, Tombstone
from serving.online.recorded import Part, micros, moment, read, recorded, served
from serving.pseudonyms import Pseudonyms

FORMAT = b"1"
_WORD = "the secret that this state was written under"
_TIMEOUT_S, _TRIES, _LONGEST_WAIT_S = 2.0, 3, 0.05
_REWRITING_S, _LOOK_EVERY_S = 60.0, 0.02
_STAY_US = DECISIONS_STAY // dt.timedelta(microseconds=1)


class RedisState:
    """Implements `CustomerState` on one Redis (no cluster: its scripts touch many keys)."""

    def __init__(self, url: str, pseudonyms: Pseudonyms, *, prefix: str = "keeprank:", power_cut_safe: bool = True) -> None:
        """Connect to a Redis.

        Args:
            url: such as redis://127.0.0.1:6379/0, rediss:// for TLS, or unix:///run/redis.sock.
            pseudonyms: name who was erased; every host needs the same secret.
            prefix: before every key, so that several shops can share a Redis.
            power_cut_safe: whether the Redis must write every fact to the disk before it answers (appendfsync always); if not, a Redis
                that does so every second is good enough, and a power cut takes up to that much back.

        Raises:
            StateRefused: the Redis would lose what it acknowledges, keeps copies that erasure does not reach, or holds something else.
            StateUnavailable: it does not answer.
        """
        retry = Retry(ExponentialBackoff(cap=_LONGEST_WAIT_S, base=_LONGEST_WAIT_S / 5), _TRIES)
        self._redis: Any = redis.Redis.from_url(url, retry=retry, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
        self._pseudonyms, self._prefix, self._power_cut_safe = pseudonyms, prefix, power_cut_safe
        self._overlay, self._following, self._change, self._life = Overlay(), threading.Lock(), 0, None
        with self._answering():
            self._require_durable()
            self._require_ours()
        self._add, self._erase, self._rejoin = (self._redis.register_script(text) for text in (scripts.ADD, scripts.ERASE, scripts.REJOIN))
        self._drops = [self._redis.register_script(text) for text in (scripts.DROP_CUSTOMERS, scripts.DROP_CHANGES)]
        self._settle = self._redis.register_script(scripts.SETTLE)

    def add(self, facts: Sequence[Fact]) -> list[Outcome]:
        """See `CustomerState`: one script. Told again after the answer was lost on the way, a fact is a duplicate."""
        if not facts:
            return []
        records = [packed(recorded(fact), self._pseudonyms) for fact in facts]
        with self._answering():
            return [Outcome(outcome.decode()) for outcome in self._add(args=[self._prefix, msgspec.msgpack.encode(records)])]

    def of_customer(self, customer_id: str, *, since: dt.datetime) -> tuple[OfCustomer, ...]:
        """See `CustomerState`: one round trip."""
        first = micros(since)
        with self._answering(), self._redis.pipeline() as asked:
            asked.hget(f"{self._prefix}tombstones", self._pseudonyms.of(customer_id))
            for part, since_us, most in (
                (Part.MOVES, first, LATEST),
                (Part.ELSE, first, MOST_ELSE),
                (Part.DECISIONS, "-inf", MOST_DECISIONS),
            ):
                asked.zrange(self._part(part, customer_id), "+inf", since_us, byscore=True, desc=True, offset=0, num=most)
            buried, *parts = asked.execute()
        found = None if buried is None else _tombstone("", buried)
        if found is not None and found.hides(since):
            return ()
        return served(read(contents(parts)), since) if any(parts) else ()

    def shelf(self, skus: Collection[str], *, since: dt.datetime) -> dict[str, Shelf]:
        """See `CustomerState`: from this process's own copy, which catches up first if anything changed."""
        with self._answering(), self._following:
            self._catch_up()
            return self._overlay.of(skus, since=since)

    def known(self, customer_id: str) -> Known:
        """See `CustomerState`."""
        pseudonym = self._pseudonyms.of(customer_id)
        with self._answering(), self._redis.pipeline() as asked:
            asked.hget(f"{self._prefix}tombstones", pseudonym)
            for part in Part:
                asked.zrange(self._part(part, customer_id), 0, -1)
            buried, *parts = asked.execute()
        return Known(pseudonym, read(contents(parts)), None if buried is None else _tombstone(pseudonym, buried))

    def erase(self, customer_id: str, *, now: dt.datetime) -> Erased:
        """See `CustomerState`: the keys go at once, and the log of writes is written anew without them."""
        pseudonym = self._pseudonyms.of(customer_id)
        with self._answering():
            gone, buried = self._erase(args=[self._prefix, pseudonym, customer_id, micros(now)])
            return Erased(_tombstone(pseudonym, buried), gone, wiped=self._rewritten())

    def rejoin(self, customer_id: str, *, now: dt.datetime) -> bool:
        """See `CustomerState`."""
        with self._answering():
            return bool(self._rejoin(args=[self._prefix, self._pseudonyms.of(customer_id), micros(now)]))

    def is_erased(self, customer_id: str, *, since: dt.datetime) -> bool:
        """See `CustomerState`."""
        pseudonym = self._pseudonyms.of(customer_id)
        with self._answering():
            buried = self._redis.hget(f"{self._prefix}tombstones", pseudonym)
        return buried is not None and _tombstone(pseudonym, buried).hides(since)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """See `CustomerState`."""
        with self._answering():
            found = self._redis.hgetall(f"{self._prefix}tombstones")
        return tuple(_tombstone(pseudonym.decode(), buried) for pseudonym, buried in sorted(found.items()))

    def drop_before(self, moment: dt.datetime) -> None:
        """See `CustomerState`."""
        us = micros(moment)
        with self._answering():
            self._settle(args=[self._prefix, us])
            for drop in self._drops:
                while drop(args=[self._prefix, us, _STAY_US]):
                    pass

    def prove(self) -> None:
        """See `CustomerState`."""
        with self._answering():
            self._redis.set(f"{self._prefix}proved", 1)

    def close(self) -> None:
        """See `CustomerState`."""
        self._redis.close()

    def _part(self, part: Part, customer_id: str) -> str:
        return f"{self._prefix}of:{part:d}:{customer_id}"

    def _catch_up(self) -> None:
        life, last = self._redis.mget(f"{self._prefix}life", f"{self._prefix}change")
        number = int(last or 0)
        if (life, number) == (self._life, self._change):
            return
        if life != self._life or number < self._change:  # the Redis was emptied, or an older copy of it came back
            self._overlay, self._change = Overlay(), 0
        fields = self._redis.zrange(f"{self._prefix}changes", f"({self._change}", "+inf", byscore=True)
        if fields:
            self._overlay.apply(changed(fields, self._redis.hmget(f"{self._prefix}shelf", fields)))
        self._life, self._change = life, number

    def _rewritten(self) -> bool:
        """Have the log of writes written anew; whether it was within a minute."""
        until = time.monotonic() + _REWRITING_S
        while not self._rewrites():
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_EVERY_S)
        while (info := self._redis.info("persistence"))["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_EVERY_S)
        return bool(info["aof_last_bgrewrite_status"] == "ok")

    def _rewrites(self) -> bool:
        """Whether a rewrite has begun: one that began before is of no use and has to end first."""
        try:
            self._redis.bgrewriteaof()
        except redis.ResponseError as error:
            if "in progress" not in str(error):
                raise
            return False
        return True

    def _require_durable(self) -> None:
        expected = {"appendonly": "yes", "save": "", "maxmemory-policy": "noeviction"}
        try:
            found = {name: self._redis.config_get(name).get(name) for name in (*expected, "appendfsync")}
        except redis.ResponseError as error:
            raise StateRefused(f"the Redis does not tell how it is set: {error}", advice="let Keeprank's user run CONFIG GET") from error
        if self._power_cut_safe:
            expected["appendfsync"] = "always"
        if wrong := [f"{name} {found[name]!r}, not {value!r}" for name, value in expected.items() if found[name] != value]:
            why = "it would lose what it acknowledges, or keep copies that erasure does not reach"
            raise StateRefused(f"the Redis is set to {'; '.join(wrong)}: {why}", advice="set it so in redis.conf")

    def _require_ours(self) -> None:
        about, check = f"{self._prefix}about", self._pseudonyms.of(_WORD).encode()
        self._redis.set(f"{self._prefix}life", secrets.token_hex(8), nx=True)
        for name, value in (("format", FORMAT), ("secret", check)):
            self._redis.hsetnx(about, name, value)
        found = self._redis.hmget(about, ["format", "secret"])
        if found[0] != FORMAT:
            raise StateRefused(f"the keys {self._prefix}* are of format {found[0]!r}", expected=f"format {FORMAT!r}")
        if found[1] != check:
            advice = "give every host the same secret: with another one nobody who was erased is recognised"
            raise StateRefused(f"the keys {self._prefix}* were written under another secret", advice=advice)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            advice = "see whether it runs, and whether its disk is full"
            raise StateUnavailable(f"the Redis of the customer state does not answer: {error}", advice=advice) from error


def _tombstone(pseudonym: str, buried: bytes) -> Tombstone:
    erased_us, _, rejoined_us = buried.decode().partition(":")
    return Tombstone(pseudonym, moment(int(erased_us)), moment(int(rejoined_us)) if rejoined_us else None)
