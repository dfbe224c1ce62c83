"""One customer's data, at the customer's word: handed out, told, granted, withdrawn, erased, known anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from serving.api import Call
from serving.deployment import Deployment
from serving.facts import OfCustomer
from serving.parts import Parts
from serving.releases import known_releases, of_serving, trained_with
from serving.state import Serving
from serving.wire_customers import (
    CustomerReply,
    ErasedReply,
    Rejoined,
    read_consents,
    read_preferences,
    told_of,
    told_of_erasure,
)
from serving.wire_events import EventsReply, take


class Customers:
    """The calls about one customer."""

    def __init__(self, parts: Parts, deployment: Deployment | None) -> None:
        """Answer with these parts.

        Args:
            parts: what the worker answers with.
            deployment: the folder that it follows, which knows what releases learned from; None where it follows none.
        """
        self._parts, self._deployment = parts, deployment
        self._answers: Mapping[str, Callable[[str, bytes], Any]] = {
            "customer": lambda customer_id, _: self.known(customer_id),
            "erase": lambda customer_id, _: self.erase(customer_id),
            "rejoin": lambda customer_id, _: self.rejoin(customer_id),
            "preferences": self.declare,
            "consents": self.decide,
        }

    def answer(self, call: Call, body: bytes, *, customer_id: str) -> Any:
        """The reply to a call about a customer.

        Raises:
            StateUnavailable: the customer state does not answer.
        """
        return self._answers[call.name](customer_id, body)

    def known(self, customer_id: str) -> CustomerReply:
        """Hand out everything that the service knows of a customer; of a stranger, that it is nothing."""
        known = self._parts.state.known(customer_id)
        return told_of(known, customer_id, in_snapshot=self._in_snapshot(customer_id), trained_in=self._trained_in(customer_id))

    def erase(self, customer_id: str) -> ErasedReply:
        """Forget a customer: facts and declarations at once, the history with the next ranking, the log by destroying its keys.

        Raises:
            LogRefused: the log's keys could not be destroyed; the state has forgotten, so ask again.
        """
        trained_in = self._trained_in(customer_id)
        erased = self._parts.state.erase(customer_id, now=self._parts.now())
        if self._parts.log is not None:  # whatever was ranked before the state forgot was served by now
            self._parts.log.erase(customer_id, self._parts.now())
        return told_of_erasure(erased, in_snapshot=self._in_snapshot(customer_id), trained_in=trained_in)

    def rejoin(self, customer_id: str) -> Rejoined:
        """Know a customer anew who was erased: facts from now on are taken again."""
        return Rejoined(rejoined=self._parts.state.rejoin(customer_id, now=self._parts.now()))

    def declare(self, customer_id: str, body: bytes) -> EventsReply:
        """Take in what a customer declares.

        Raises:
            RequestMalformed, RequestRefused: the body is not as it has to be.
        """
        return self._take(read_preferences(body, customer_id, now=self._parts.now()))

    def decide(self, customer_id: str, body: bytes) -> EventsReply:
        """Take in what a customer grants or withdraws.

        Raises:
            RequestMalformed, RequestRefused: the body is not as it has to be.
        """
        return self._take(read_consents(body, customer_id, now=self._parts.now()))

    def _take(self, facts: list[Any]) -> EventsReply:
        told: list[OfCustomer | None] = list(facts)
        return take(self._parts.state, told, now=self._parts.now(), since=self._serving.snapshot.at.to_pydatetime())

    @property
    def _serving(self) -> Serving:
        return self._parts.current.take().champion

    def _in_snapshot(self, customer_id: str) -> bool:
        return bool(self._serving.snapshot.knows_customer(customer_id))

    def _trained_in(self, customer_id: str) -> list[str]:
        """Without a deployment, the release that serves is all that is known; a stranger to the night was learned from by none."""
        if not self._in_snapshot(customer_id):
            return []
        serves = self._parts.current.take()
        return trained_with(None, of_serving(serves) if self._deployment is None else known_releases(self._deployment))
