"""Runs one piece of work in a process of its own, so that its seconds and its memory are its own and nobody else's."""

from __future__ import annotations

import importlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes:
        seconds: on the wall's clock; on a busy machine also what others took.
        cpu_seconds: of all its threads.
    """

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Measured:
    """What a process of its own took, and found.

    Attributes:
        whole: from its start to its end, with what Python takes to import.
        phases: parts of it, by name.
        peak_mib: the most memory that it held at once (ru_maxrss).
        private_mib: the most of it that was no mapped file, as looked at ten times a second.
        found: what it returned; nothing where it did not survive.
        died: why it did not.
    """

    whole: Cost
    phases: dict[str, Cost]
    peak_mib: int
    private_mib: int
    found: dict[str, Any]
    died: str = ""

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass
class Clock:
    """Takes the time of the phases of a piece of work, and says on stderr where it is.

    Attributes:
        phases: what each took so far, by name.
    """

    phases: dict[str, Cost] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Take the time of what is done inside."""
        began = _now()
        yield
        ended = _now()
        before = self.phases.get(name, Cost(0.0, 0.0))
        self.phases[name] = Cost(before.seconds + ended.seconds - began.seconds, before.cpu_seconds + ended.cpu_seconds - began.cpu_seconds)
        say(f"{name}: {self.phases[name].seconds:,.1f} s")

    def progress(self, steps: Iterable[Any], sentence: str) -> Iterator[Any]:
        """Wraps a loop, as `features.build.Progress` does: each loop is a phase."""
        with self.phase(sentence):
            whole = list(steps)
            for number, step in enumerate(whole, 1):
                say(f"{sentence} {number}/{len(whole)}")
                yield step


def measure(work: str, arguments: Mapping[str, Any], *, guard_mib: int | None = None) -> Measured:
    """Run a function in a process of its own.

    Args:
        work: module:function; it is called with a `Clock` and the arguments, and returns what can be written as JSON.
        arguments: what can be written as JSON.
        guard_mib: it is stopped when it holds more memory than this.
    """
    with tempfile.TemporaryDirectory(prefix="keeprank-") as scratch:
        told = Path(scratch) / "found.json"
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "benchmarks.measured", work, json.dumps(dict(arguments)), str(told)], cwd=ROOT)  # noqa: S603
        private_mib, died, usage = _watched(process, guard_mib)
        whole = Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime)
        found = json.loads(told.read_text()) if told.is_file() else {"phases": {}, "found": {}}
    phases = {name: Cost(**cost) for name, cost in found["phases"].items()}
    return Measured(whole, phases, usage.ru_maxrss // 1024, private_mib, found["found"], died)


def machine() -> dict[str, str]:
    """Where the numbers come from."""
    import duckdb  # what measures stays small: a process that it starts counts its memory from there

    ram = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": f"{os.cpu_count()}",
        "RAM": f"{ram:.0f} GiB",
        "machine": platform.machine(),
        "Python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _watched(process: subprocess.Popen[bytes], guard_mib: int | None) -> tuple[int, str, resource.struct_rusage]:
    """Wait for a process; returns the most private memory seen, why it died, and what it used."""
    most, died = 0, ""
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return most, died or (f"it ended with code {process.returncode}" if process.returncode else ""), usage
        now = _private_mib(process.pid)
        most = max(most, now)
        if guard_mib is not None and now > guard_mib and not died:
            died = f"it held more than {guard_mib:,} MiB"
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(_EVERY_SECONDS)


def _private_mib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended, or this is no Linux
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("RssAnon")), 0)


def _now() -> Cost:
    return Cost(time.perf_counter(), time.process_time())


def say(sentence: str) -> None:
    """Tell on stderr what is going on."""
    print(f"  {sentence}", file=sys.stderr, flush=True)


def _run(work: str, arguments: dict[str, Any], told: Path) -> None:
    module, _, function = work.partition(":")
    clock = Clock()
    found = getattr(importlib.import_module(module), function)(clock, **arguments)
    told.write_text(json.dumps({"phases": {name: asdict(cost) for name, cost in clock.phases.items()}, "found": found}))


if __name__ == "__main__":
    _run(sys.argv[1], json.loads(sys.argv[2]), Path(sys.argv[3]))
