"""The processes of a running service: which of them answer, and how much memory each holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

_WORKER = "_bentoml_impl.worker"


def children(first: int) -> list[int]:
    """All processes that descend from one."""
    command = ["ps", "-eo", "pid=,ppid=,stat="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603  (ours)
    below: dict[int, list[int]] = {}
    for pid, parent, state in (line.split() for line in listed):
        if not state.startswith("Z"):
            below.setdefault(int(parent), []).append(int(pid))
    found: list[int] = []
    todo = [first]
    while todo:
        some = below.get(todo.pop(), [])
        found += some
        todo += some
    return found


def workers(first: int) -> list[int]:
    """Those below a service's first process that answer."""
    return sorted(pid for pid in children(first) if _WORKER in _command(pid))


def memory_mb(pid: int) -> float:
    """Memory that would be free if the process ended (its private pages), megabytes; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1_024


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # it ended meanwhile
        return ""
