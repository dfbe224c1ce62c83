"""A Spark cluster on this machine: one master and two workers, each a process of its own that listens on the loopback."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

QUICK_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_LOOPBACK = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": sys.executable}
_NO_REST = "-Dspark.master.rest.enabled=false"  # it would listen on a port that is not chosen
_DEADLINE_S = 120


def missing() -> str:
    """What Spark needs and this machine lacks; empty if nothing."""
    java = shutil.which("java") or os.environ.get("JAVA_HOME")
    lacking = [name for name, found in (("pyspark (make spark)", importlib.util.find_spec("pyspark")), ("Java 17", java)) if not found]
    return f"Spark needs {' and '.join(lacking)}" if lacking else ""


@contextmanager
def spark_cluster(folder: Path, *, workers: int = 2, memory_mb: int = 512) -> Iterator[str]:
    """The URL of a cluster whose workers have one core each; its processes end when it is left.

    Args:
        folder: where the processes write their logs and what they spill.
        workers: how many.
        memory_mb: of each worker, for its executors.
    """
    with ExitStack() as running:
        master = running.enter_context(_daemon("master.Master", "--port", "0", folder=folder / "master"))
        url = _said(folder / "master", master, r"Starting Spark master at (spark://\S+)")
        size = ("--cores", "1", "--memory", f"{memory_mb}m")
        folders = [folder / f"worker-{number}" for number in range(workers)]
        daemons = [running.enter_context(_daemon("worker.Worker", *size, "--work-dir", str(one), url, folder=one)) for one in folders]
        for one, daemon in zip(folders, daemons, strict=True):
            _said(one, daemon, r"Successfully registered with master (\S+)")
        yield url


@contextmanager
def _daemon(kind: str, *arguments: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    environment = {**os.environ, **_LOOPBACK, "SPARK_LOCAL_DIRS": str(folder), "SPARK_DAEMON_JAVA_OPTS": f"{QUICK_JVM} {_NO_REST}"}
    command = [str(_spark_class()), f"org.apache.spark.deploy.{kind}", "--host", "127.0.0.1", "--webui-port", "0", *arguments]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield daemon
    finally:
        _end(daemon)


def _spark_class() -> Path:
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "spark-class"


def _said(folder: Path, daemon: subprocess.Popen[bytes], pattern: str) -> str:
    """Wait until a process has logged something, and return the pattern's group."""
    deadline = time.monotonic() + _DEADLINE_S
    while daemon.poll() is None and time.monotonic() < deadline:
        if found := re.search(pattern, (folder / "log").read_text(errors="replace")):
            return found.group(1)
        time.sleep(0.1)
    raise RuntimeError(f"{pattern!r} was never logged:\n{(folder / 'log').read_text(errors='replace')}")


def _end(daemon: subprocess.Popen[bytes]) -> None:
    """End a process and those it started, which share its group."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(daemon.pid, how)
        except ProcessLookupError:
            break
        try:
            daemon.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
    daemon.wait()
