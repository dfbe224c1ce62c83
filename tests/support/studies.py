"""Studies of a bench that trains nothing, and a worker process on one: what it does hangs on files, never on the clock.

python -m tests.support.studies URL FOLDER TRIALS RUNS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from training.settings import Forest
from training.tuning.outcome import Finished, Outcome
from training.tuning.study import Study
from training.tuning.work import work

NAME = "return-tiny"
IDENTITY = {"model": "return", "features": "f", "data": "d", "folds": "3", "space": "s", "seed": "1"}
FIRST = Forest(300, 0.02, 15, 200, 0.3, 0.7, 20.0)
_WAIT_SECONDS = 60


class Formula:
    """A bench whose outcome is a formula: more leaves are more accurate and slower."""

    def run(self, forest: Forest, finished: Callable[[], Finished]) -> Outcome:  # noqa: ARG002
        """Two folds."""
        return Outcome((0.6 + 1 / forest.leaves, 0.5 + 1 / forest.leaves), (float(forest.leaves), float(forest.leaves)))


class Noted:
    """The same, but what it runs is written to a file that all workers share.

    Args:
        folder: of the file.
        runs: after so many it says so in the file "stuck" and waits for nobody, until it is killed.
        together: its first run waits until so many workers run one.
    """

    def __init__(self, folder: Path, *, runs: int | None = None, together: int = 1) -> None:
        self._folder, self._runs, self._together, self._done = folder, runs, together, 0

    def run(self, forest: Forest, finished: Callable[[], Finished]) -> Outcome:
        """Note the settings, and tell the formula's outcome."""
        self._done += 1
        with (self._folder / "ran.jsonl").open("a") as notes:
            notes.write(json.dumps(asdict(forest)) + "\n")
        if self._runs is not None and self._done > self._runs:
            (self._folder / "stuck").touch()
            until(lambda: False)
        (self._folder / f"here-{id(self)}-{self._together}").touch()
        until(lambda: len(list(self._folder.glob("here-*"))) >= self._together)
        return Formula().run(forest, finished)


def ran(folder: Path) -> list[Forest]:
    """What all workers ran, in their order."""
    return [Forest(**json.loads(line)) for line in (folder / "ran.jsonl").read_text().splitlines()]


def study(url: str, *, name: str = NAME, **other: str) -> Study:
    """The tiny study at an address."""
    return Study(url, name, {**IDENTITY, **other}, at_first=FIRST)


class Patience:
    """Waits a little whenever it is called, but not for ever: a worker that nobody relieves is an error."""

    def __init__(self) -> None:
        self._left = _WAIT_SECONDS * 50

    def __call__(self) -> None:
        """Wait a little."""
        self._left -= 1
        if self._left < 0:
            raise TimeoutError(f"nothing happened in {_WAIT_SECONDS} s")
        time.sleep(0.02)


def until(holds: Callable[[], bool]) -> None:
    """Wait for a state of the world; a world that never gets there is an error."""
    for _ in range(_WAIT_SECONDS * 50):
        if holds():
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing happened in {_WAIT_SECONDS} s")


if __name__ == "__main__":
    url, folder, trials, runs, together = sys.argv[1:]
    bench = Noted(Path(folder), runs=int(runs) if runs else None, together=int(together))
    work(study(url), bench, int(trials), wait=Patience())
