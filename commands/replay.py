"""The command that plays logged decisions again."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands import common
from commands.common import out

if TYPE_CHECKING:  # a command imports what it runs when it runs
    from collections.abc import Callable, Sequence

    from serving.decision_log.replay import Answers


def replay(
    log: Annotated[str, typer.Argument(help="The decision log: its folder, or postgresql://USER@HOST/DATABASE.")],
    releases: Annotated[list[Path] | None, typer.Option(help="A release, or a folder of some; may be given again.")] = None,
    snapshots: Annotated[list[Path] | None, typer.Option(help="A snapshot, or a folder of some; may be given again.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only so many decisions.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only decisions of this request.")] = None,
) -> None:
    """Play logged decisions again with the releases and snapshots they were made with: are the replies the same, byte for byte?

    Exit code 1 if one is not. What was shredded cannot be played again, nor what was decided by a release or with a snapshot that is not
    in the folders named.

    Example: `keeprank replay build/serving/state/decisions --releases build/serving --snapshots build/snapshots`
    """
    from experiments.printed_replay import replay_lines, replay_table
    from serving.decision_log.reading import Where, entries, stored_at
    from serving.decision_log.replay import replay as play_again

    storage = stored_at(log, common.now)
    try:
        held = storage.held()
        with common.ticking(held, "playing decisions again") as tick:
            wanted = islice(entries(storage, Where(request_id=request_id), step=tick), first)
            found = list(play_again(wanted, _answering(releases or [], snapshots or [])))
    finally:
        storage.close()
    out.print(replay_table(found))
    for line in replay_lines(found):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    if any(one.outcome == "different" for one in found):
        raise typer.Exit(1)


def _answering(releases: Sequence[Path], snapshots: Sequence[Path]) -> Callable[[str, str], Answers | None]:
    """Loads a release and a snapshot by their seals, each pair once."""
    from features.sealed import by_seal
    from serving.decision_log.replay import answers
    from serving.state import Serving

    known_releases, known_snapshots = by_seal(releases), by_seal(snapshots)

    @lru_cache(maxsize=2)  # the log is in order: what served before is seldom needed again
    def answering(release: str, snapshot: str) -> Answers | None:
        if release not in known_releases or snapshot not in known_snapshots:
            return None
        return answers(Serving.load(known_releases[release], known_snapshots[snapshot]))

    return answering
