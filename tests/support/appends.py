"""A worker of its own process: appends to a log in a folder, and says what was committed.

python -m tests.support.appends FOLDER NAME HOW-MANY: appends HOW-MANY decisions (0: without end) called NAME-0, NAME-1, …; each is told on
stdout once it is committed. The journal rolls whenever it can.

python -m tests.support.appends FOLDER full: appends where no file may grow, and then where they may again.
"""

from __future__ import annotations

import itertools
import resource
import sys
from pathlib import Path

from domain.errors import LogRefused
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.settings import LogSettings
from tests.support.decisions import MORNING, decided, pseudonym

ROLLS_ALWAYS = LogSettings(segment_bytes=1)


def appends(folder: Path, name: str, count: int) -> None:
    """Append, and tell what was committed."""
    log = DecisionLog(LogFolder(folder, ROLLS_ALWAYS, lambda: MORNING), pseudonym=pseudonym, settings=ROLLS_ALWAYS)
    for number in range(count) if count else itertools.count():
        log.append(decided(f"{name}-{number}", f"customer-{number % 7}"), wait=True)
        say(f"{name}-{number}")
    log.close()


def on_a_full_disk(folder: Path) -> None:
    """Append where no file may grow, and then where they may again."""
    log = DecisionLog(LogFolder(folder, LogSettings(), lambda: MORNING), pseudonym=pseudonym, settings=LogSettings(retry_ms=10))
    log.append(decided("before"), wait=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        log.append(decided("waited for"), wait=True)
    except LogRefused as refused:
        say(f"refused: {refused.what.partition(':')[0]}")
    log.append(decided("not waited for"))
    while log.counts.failed_commits < 2:
        pass
    say(f"healthy: {log.healthy}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    log.append(decided("after"), wait=True)
    say(f"healthy: {log.healthy}")
    log.close()
    say(f"accepted {log.counts.accepted}, committed {log.counts.committed}, denied {log.counts.denied}, lost {log.counts.lost}")


def say(line: str) -> None:
    """On stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[2] == "full":
        on_a_full_disk(Path(sys.argv[1]))
    else:
        appends(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
