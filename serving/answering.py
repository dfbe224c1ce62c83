"""What each call does, apart from HTTP: it gathers what is known of the shopper, asks the pure functions, and writes decisions down."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.errors import LogRefused
from serving import measures
from serving.api import Call
from serving.arms import unit_of
from serving.assortment import NO_CHANGES, Shelf, on_shelf
from serving.basket import Lines, Source, as_ordered, as_ranking, assess
from serving.callers_order import callers_order
from serving.current import Serves
from serving.decision_log.decision import logged
from serving.evidence import evidence, explained
from serving.inspector.of_serving import Gathered
from serving.known import Known, in_all_sizes, known_of, shelf_of
from serving.parts import Answer, Parts
from serving.permissions import allowed_now, declared_since
from serving.ranked import PHASES, Ranked
from serving.reading import read
from serving.recommend import recommend
from serving.since import FRESH
from serving.sizes import SizeReply, size_reply
from serving.state import Serving
from serving.wire import Arm, Offer, RankedOffer, RankReply, RankRequest
from serving.wire_basket import BasketReply, BasketRequest
from serving.wire_events import EventsReply, take_body
from serving.wire_explain import ExplainReply, ExplainRequest
from serving.wire_recommend import RecommendReply, RecommendRequest
from serving.wire_size import SizeRequest


@dataclass(frozen=True, eq=False)
class _Turn:
    """A release that answers a request, as which of two, and what it may know."""

    serves: Serves
    serving: Serving
    arm: Arm
    known: Known

    @property
    def told_arm(self) -> Arm | None:
        """As the reply tells it: which of two answers, if there are two."""
        return None if self.serves.challenger is None else self.arm


class Answering:
    """The calls about offers. Each runs in a worker's thread; whatever may fail is a refusal that the door knows to tell."""

    def __init__(
        self,
        parts: Parts,
        shadowed: Callable[[Serves, RankRequest, Known, Mapping[str, Shelf], Answer], None],
        afterwards: Callable[[Callable[[], None]], None],
    ) -> None:
        """Answer.

        Args:
            parts: with these.
            shadowed: is handed every ranking after its reply was made, for a challenger to try.
            afterwards: does what nobody waits for, when the reply has gone.
        """
        self._parts, self._shadowed, self._afterwards = parts, shadowed, afterwards
        self._answers: Mapping[str, Callable[[bytes, str], Any]] = {
            "recommend": lambda body, request_id: self.recommend(read(body, RecommendRequest), request_id=request_id),
            "size": lambda body, _: self.size(read(body, SizeRequest)),
            "basket": lambda body, request_id: self.basket(read(body, BasketRequest), request_id=request_id),
            "explain": lambda body, request_id: self.explain(read(body, ExplainRequest), request_id=request_id),
        }

    def answer(self, call: Call, body: bytes, *, request_id: str) -> Any:
        """The reply to a call's body."""
        return self._answers[call.name](body, request_id)

    def rank(self, asked: RankRequest, *, request_id: str) -> Answer:
        """Rank a request's offers, and write the decision down.

        Raises:
            RequestRefused: as in `Serving.rank`.
            LogRefused: the decision could not be written down, and the settings want that before it is sent.
        """
        started = time.perf_counter()
        turn = self._turn(asked.customer_id, asked.session_id, asked.personalization, request_id)
        question = replace(asked, customer_id=turn.known.customer_id, at=self._moment(turn.serving, asked.at))
        turn, shelf = self._on_shelf(turn, question)
        measures.phase("state", time.perf_counter() - started)
        return self._decided(turn, shelf, question, request_id)

    def in_callers_order(self, asked: RankRequest, *, request_id: str) -> bytes:
        """What is answered past the deadline: the offers in the caller's own order. It is written down, too.

        Raises:
            RequestRefused: as in `Serving.rank`.
        """
        turn = self._dealt(asked.customer_id, asked.session_id, request_id)  # about nobody: who was erased cannot be asked in time
        question = replace(asked, customer_id=None, at=self._moment(turn.serving, asked.at))
        reply = callers_order(question, turn.serving, request_id, "deadline", arm=turn.told_arm)
        answer = Answer(reply, msgspec.json.encode(reply))
        measures.ranked(reply)
        self._write_down(turn, question, NO_CHANGES, answer)
        return answer.encoded

    def recommend(self, asked: RecommendRequest, *, request_id: str) -> RecommendReply:
        """Recommend skus of the whole assortment, to who withdrew her history as to a stranger; the ranking is written down like any other.

        Raises:
            ReleaseRefused: the release has no retrieval.
            RequestRefused, LogRefused: as in `rank`.
        """
        request_id = asked.request_id or request_id
        turn = self._turn(asked.customer_id, asked.session_id, asked.personalization, request_id)
        question = replace(asked, customer_id=turn.known.customer_id, at=self._moment(turn.serving, asked.at))

        def ranked(candidates: RankRequest) -> RankReply:
            return self._decided(*self._on_shelf(turn, candidates), candidates, request_id).reply

        return recommend(turn.serving, turn.serving.recommender, question, ranked, facts=turn.known.facts, request_id=request_id)

    def size(self, asked: SizeRequest) -> SizeReply:
        """Advise a size.

        Raises:
            ReleaseRefused: the release has no fit model.
            RequestRefused: as in `serving.sizes.size_reply`.
        """
        serving = self._parts.current.take().champion
        return self._advised(serving, asked, known_of(self._parts.state, serving, asked.customer_id if asked.personalization else None))

    def basket(self, asked: BasketRequest, *, request_id: str) -> BasketReply:
        """Assess a basket.

        Raises:
            RequestRefused: as in `serving.basket.assess`.
        """
        serving = self._parts.current.take().champion
        known = known_of(self._parts.state, serving, asked.customer_id if asked.personalization else None)
        request = replace(asked, customer_id=known.customer_id, at=self._moment(serving, asked.at))
        skus = in_all_sizes(serving, [line.sku for line in asked.lines])
        known, shelf = shelf_of(self._parts.state, serving, known, skus)
        products = ChainMap(dict(on_shelf(serving.products, skus, shelf)), serving.products) if shelf else serving.products
        asking = as_ranking(request)

        def expects(baskets: Sequence[Lines]) -> Sequence[Sequence[RankedOffer | None]]:
            return serving.expected(asking, [list(map(as_ordered, lines)) for lines in baskets], facts=known.facts, shelf=shelf)

        def advises(style_id: str) -> SizeReply | None:
            about = SizeRequest(style_id=style_id, country=asked.country, ask=False)
            return self._advised(serving, about, known) if "fit" in serving.release.models else None

        source = Source(serving.release.seal, serving.snapshot.seal, serving.policy.version, serving.currency(asking))
        reply = assess(request, expects, advises, products, serving.styles.skus, source, request_id=asked.request_id or request_id)
        return replace(reply, degraded=list(known.degraded))

    def explain(self, asked: ExplainRequest, *, request_id: str) -> ExplainReply:
        """Lay open one score.

        Raises:
            RequestRefused: as in `Serving.rank`.
        """
        serving = self._parts.current.take().champion
        known = known_of(self._parts.state, serving, asked.customer_id)
        question = RankRequest(
            offers=[Offer(sku=asked.sku, price=asked.price, discount=asked.discount)],
            customer_id=known.customer_id,
            country=asked.country,
            currency=asked.currency,
            channel=asked.channel,
            payment_method=asked.payment_method,
            promised_at=asked.promised_at,
            at=self._moment(serving, asked.at),
            basket=asked.basket,
        )
        known, shelf = shelf_of(self._parts.state, serving, known, _skus(question))
        ranked = serving.ranked(
            question, request_id=asked.request_id or request_id, facts=known.facts, shelf=shelf, degraded=known.degraded
        )
        model = serving.release.models.get("return")
        pieces = [] if model is None else evidence(model, serving.inputs(question, known.facts, shelf), most=asked.most)
        allowed = allowed_now(serving.snapshot, known.customer_id, known.facts)
        return explained(ranked.reply, pieces, allowed, named=known.customer_id is not None)

    def gathered(self, serving: Serving, asked: RankRequest) -> Gathered:
        """What a page's ranking may know."""
        known = known_of(self._parts.state, serving, asked.customer_id if asked.personalization else None)
        question = replace(asked, customer_id=known.customer_id, at=self._moment(serving, asked.at))
        known, shelf = shelf_of(self._parts.state, serving, known, _skus(question))
        return Gathered(question, known.facts, shelf, known.degraded)

    def advised(self, serving: Serving, style_id: str, asked: Gathered) -> SizeReply:
        """A page's size advice for the shopper of what was gathered."""
        known = Known(asked.request.customer_id, tuple(asked.facts))
        return self._advised(serving, SizeRequest(style_id=style_id, country=asked.request.country), known)

    def events(self, body: bytes, *, ndjson: bool) -> EventsReply:
        """Take facts in; each counts from the next reply on, on every worker.

        Raises:
            RequestMalformed, RequestRefused, StateUnavailable: as in `serving.wire_events.take_body`.
        """
        since = self._parts.current.take().champion.snapshot.at.to_pydatetime()
        reply = take_body(self._parts.state, body, ndjson=ndjson, now=self._parts.now(), since=since)
        measures.told({"accepted": reply.accepted, "duplicate": reply.duplicate, "rejected": reply.rejected})
        return reply

    def _turn(self, customer_id: str | None, session_id: str | None, personalization: bool, request_id: str) -> _Turn:
        turn = self._dealt(customer_id, session_id, request_id)
        return dataclasses.replace(turn, known=known_of(self._parts.state, turn.serving, customer_id if personalization else None))

    def _dealt(self, customer_id: str | None, session_id: str | None, request_id: str) -> _Turn:
        """Whose turn it is to answer, before anything is known of the shopper."""
        serves = self._parts.current.take()
        arm, serving = serves.shown(unit_of(customer_id=customer_id, session_id=session_id, request_id=request_id))
        return _Turn(serves, serving, arm, Known(None))

    def _decided(self, turn: _Turn, shelf: Mapping[str, Shelf], question: RankRequest, request_id: str) -> Answer:
        known = turn.known
        ranked = turn.serving.ranked(
            question, request_id=request_id, facts=known.facts, shelf=shelf, arm=turn.told_arm, degraded=known.degraded
        )
        started = time.perf_counter()
        answer = Answer(ranked.reply, msgspec.json.encode(ranked.reply))
        measures.phase("encode", time.perf_counter() - started)
        for phase in PHASES:
            measures.phase(phase, ranked.phases[phase])
        measures.ranked(ranked.reply)
        self._write_down(turn, question, shelf, answer, ranked)
        self._shadowed(turn.serves, question, known, shelf, answer)
        return answer

    def _write_down(
        self, turn: _Turn, question: RankRequest, shelf: Mapping[str, Shelf], answer: Answer, ranked: Ranked | None = None
    ) -> None:
        """Append the decision when the reply has gone, or, if the settings want that, before.

        One that cannot be written down is sent all the same, and counted, unless the settings say otherwise.
        """
        log, parts = self._parts.log, self._parts
        if log is None:
            return
        served_at = parts.now()

        def append() -> None:
            decision = logged(
                question,
                answer.reply,
                answer.encoded,
                served_at=served_at,
                settings=parts.settings,
                features_hash="" if ranked is None else ranked.features_hash,
                facts=turn.known.facts,
                shelf=shelf,
                arm=turn.arm,
            )
            try:
                log.append(decision, wait=parts.wait)
            except LogRefused:
                if parts.wait:
                    raise

        if parts.wait:
            append()
        else:
            self._afterwards(append)

    def _on_shelf(self, turn: _Turn, question: RankRequest) -> tuple[_Turn, Mapping[str, Shelf]]:
        known, shelf = shelf_of(self._parts.state, turn.serving, turn.known, _skus(question))
        return dataclasses.replace(turn, known=known), shelf

    def _advised(self, serving: Serving, asked: SizeRequest, known: Known) -> SizeReply:
        """The advice, with what she declared since the snapshot and allows; who withdrew her history is a stranger."""
        allowed = allowed_now(serving.snapshot, known.customer_id, known.facts)
        question = replace(asked, customer_id=known.customer_id if allowed["personalisation"] else None)
        stated = declared_since(known.facts) if allowed["measurements"] else {}
        return dataclasses.replace(size_reply(serving, self._parts.systems, question.question(stated=stated)), degraded=known.degraded)

    def _moment(self, serving: Serving, at: dt.datetime | None) -> dt.datetime:
        """The moment asked about: now, or the last that the snapshot serves."""
        if at is not None:
            return at
        first = serving.snapshot.at.to_pydatetime()
        return min(max(self._parts.now(), first), first + FRESH)


def _skus(request: RankRequest) -> list[str]:
    return [line.sku for lines in (request.offers, request.basket) for line in lines]
