"""Examines releases away from here: native code that reads a damaged model ends its process, and that must not be ours.

One process stands ready with everything imported, and forks for each examination: what dies is the fork. It ends when its owner does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from domain.errors import KeeprankError, ReleaseRefused
from serving.admission import Admitted, examined

SECONDS = 60.0
"""How long a release may take to be loaded and asked."""

_PACKAGES = Path(__file__).parent.parent
_REFUSED, _RANKED_MS = "refused", "ranked_ms"


class Examiner:
    """Says of a release and a snapshot whether they may serve, as `serving.admission.examined` does, from another process."""

    def __init__(self) -> None:
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def __call__(self, release: Path, snapshot: Path, slowest_ms: float) -> Admitted:
        """Examine a release and a snapshot.

        Args:
            release: its folder.
            snapshot: its folder.
            slowest_ms: milliseconds of processor time that ranking 200 offers may take.

        Raises:
            ReleaseRefused: they do not load, do not rank, are too slow, or end the process.
        """
        line = self._answer(json.dumps([str(release.resolve()), str(snapshot.resolve()), slowest_ms, SECONDS]))
        found: Mapping[str, Any] = json.loads(line)
        if _REFUSED in found:
            raise ReleaseRefused(str(found[_REFUSED]))
        return Admitted(float(found[_RANKED_MS]))

    def _answer(self, question: str) -> str:
        for _ in range(2):  # one that was killed meanwhile, for its memory perhaps, is started anew
            with suppress(BrokenPipeError):
                self._input.write(question + "\n")
                self._input.flush()
                if answer := self._output.readline():
                    return answer
            self._end()
            self._start()
        raise ReleaseRefused("the process that examines releases ended twice while it was asked", advice="see the machine's log")

    def _start(self) -> None:
        self._process = _started()
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("an examiner was started without pipes")
        self._input, self._output = self._process.stdin, self._process.stdout

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._output.close()
        with suppress(BrokenPipeError):  # what it did not read any more
            self._input.close()


def _started() -> subprocess.Popen[str]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # a process of many threads cannot fork safely
    return subprocess.Popen(
        [sys.executable, "-m", "serving.examiner"],
        cwd=_PACKAGES,
        env={**os.environ, **one_thread},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches its owner, which ends it
    )


def main() -> None:
    """What the process does: a line in, a fork, a line out, until its input ends."""
    for line in sys.stdin:
        release, snapshot, slowest_ms, seconds = json.loads(line)
        sys.stdout.write(json.dumps(_in_a_fork(Path(release), Path(snapshot), slowest_ms, seconds)) + "\n")
        sys.stdout.flush()


def _in_a_fork(release: Path, snapshot: Path, slowest_ms: float, seconds: float) -> dict[str, object]:
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as said:
        fork = os.fork()
        if fork == 0:
            for stream in (1, 2):
                os.dup2(said.fileno(), stream)
            os.write(writing, json.dumps(_outcome(release, snapshot, slowest_ms)).encode())
            os._exit(0)
        os.close(writing)
        told, in_time = _heard(reading, seconds)
        if not in_time:
            os.kill(fork, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
        if not in_time:
            return {_REFUSED: f"it was not examined within {seconds:g} s; what to do: train a smaller one, or free the machine"}
        if told:
            found: dict[str, object] = json.loads(told)
            return found
        said.seek(0)
        return {_REFUSED: _ended(code, said.read().decode(errors="replace"))}


def _outcome(release: Path, snapshot: Path, slowest_ms: float) -> dict[str, object]:
    try:
        return {_RANKED_MS: examined(release, snapshot, slowest_ms).ranked_ms}
    except KeeprankError as refused:
        return {_REFUSED: str(refused)}


def _heard(pipe: int, seconds: float) -> tuple[bytes, bool]:
    """All that comes through a pipe until its other end closes, and whether that was in time."""
    deadline, told = time.monotonic() + seconds, b""
    try:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            more = os.read(pipe, 65_536)
            if not more:
                return told, True
            told += more
        return told, False
    finally:
        os.close(pipe)


def _ended(code: int, said: str) -> str:
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    last = said.strip().splitlines()[-1:] or ["nothing"]
    return f"loading or asking it ended the process ({how}), which said last: {last[0][:300]}"


if __name__ == "__main__":
    main()
