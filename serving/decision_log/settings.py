"""How the decision log queues, commits and rolls."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from domain.errors import SettingsRefused


@dataclass(frozen=True)
class LogSettings:
    """Settings of the decision log.

    Attributes:
        commit_every_ms: decisions are gathered for so long and then committed together; `kill -9` costs at most those.
        longest_queue: decisions that wait in memory for the writer.
        when_full: what a full queue means to whoever appends: "wait" up to `longest_block_ms`, then be refused, or "refuse" at once.
        longest_block_ms: see `when_full`.
        longest_commit_ms: for how long an append that asked to wait does so, before it is refused.
        retry_ms: pause after a commit that failed.
        segment_bytes: the journal rolls into a Parquet segment when it is larger.
        segment_seconds: or when its oldest decision is older.
    """

    commit_every_ms: int = 50
    longest_queue: int = 500
    when_full: Literal["wait", "refuse"] = "wait"
    longest_block_ms: int = 100
    longest_commit_ms: int = 2_000
    retry_ms: int = 200
    segment_bytes: int = 64 * 2**20
    segment_seconds: int = 3_600

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            SettingsRefused: a number is not positive, or `when_full` is neither of its words.
        """
        numbers = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "when_full"}
        if wrong := [name for name, number in numbers.items() if number < 1]:
            raise SettingsRefused(f"the decision log's {wrong[0]} is {numbers[wrong[0]]}", expected="a number from 1 on")
        if self.when_full not in ("wait", "refuse"):
            raise SettingsRefused(f"the decision log's when_full is {self.when_full!r}", expected="wait or refuse")
