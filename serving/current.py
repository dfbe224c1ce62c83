"""What serves at this moment: a request takes it once and keeps it, while a newer one may take its place."""

from __future__ import annotations

import datetime as dt
import gc
from dataclasses import dataclass

from serving.arms import arm
from serving.state import Serving
from serving.wire_releases import Appointed, Arm, InService, Mode, Named


@dataclass(frozen=True, eq=False)
class Serves:
    """What a request is answered with; never changed, so an answer is of one release from end to end.

    Attributes:
        champion: what is shown.
        challenger: what is scored beside it, or shown to a share of shoppers; None where there is none.
        appointed: what both are called, and what the challenger is used for.
    """

    champion: Serving
    challenger: Serving | None
    appointed: Appointed

    @classmethod
    def alone(cls, serving: Serving, *, now: dt.datetime) -> Serves:
        """A release and a snapshot that were started by their folders: no registry knows them."""
        named = Named(release=serving.release.seal, snapshot=serving.snapshot.seal, version=None, since=now)
        return cls(serving, None, Appointed(champion=named))

    @property
    def mode(self) -> Mode:
        """What the challenger is used for; alone where there is none."""
        return self.appointed.trial.mode if self.challenger is not None else "alone"

    def shown(self, unit: str) -> tuple[Arm, Serving]:
        """The arm of a unit (`serving.arms.unit_of`), and what it is answered with."""
        if self.challenger is not None and arm(self.appointed.trial, unit) == "challenger":
            return "challenger", self.challenger
        return "champion", self.champion

    def held(self) -> tuple[InService, InService | None]:
        """Champion and challenger as they are told."""
        champion = InService(named=self.appointed.champion, info=self.champion.info())
        if self.challenger is None or self.appointed.challenger is None:
            return champion, None
        return champion, InService(named=self.appointed.challenger, info=self.challenger.info())


class Current:
    """Holds what serves. A request takes it once; a swap lets those that run end with what they took.

    Both are one read or one write of one reference, which no thread can see half done. What was replaced goes when the last request
    that took it has ended: nothing in it refers to itself, so no collection is needed for that.
    """

    def __init__(self, serves: Serves) -> None:
        self._serves = serves

    def take(self) -> Serves:
        """What serves now."""
        return self._serves

    def swap(self, serves: Serves) -> None:
        """Let something else serve from the next request on."""
        self._serves = serves
        settle()


def settle() -> None:
    """Spare the collector what was just loaded: walking it would hold up requests for 100 ms and more, again and again.

    Nothing is collected first, which would walk it once: the few cycles of a load that nobody needs any more stay, a kilobyte a swap.
    """
    gc.freeze()
