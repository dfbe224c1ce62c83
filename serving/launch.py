"""Starts the service as a process of its own, waits until it answers, and ends it without leaving anything behind."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import msgspec

from domain.errors import KeeprankError, SettingsRefused
from serving.settings import Settings
from serving.worker import Places

_SERVICE = "serving.service:KeeprankService"
_PACKAGES = Path(__file__).parent.parent
_READY_WITHIN_SECONDS = 120.0
_ENDS_WITHIN_SECONDS = 15.0
_LAST_LINES = 30
_ALLOCATION = {"MALLOC_MMAP_THRESHOLD_": str(2**27), "MALLOC_TOP_PAD_": str(2**24), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
"""A request's memory is kept for the next one: glibc would give arrays back to the system and fault them in anew, a fifth of a ranking."""


class NotStarted(KeeprankError):  # noqa: N818  (a refusal is named for what it refuses)
    """The service ended, or did not answer in time, while it was starting."""


@dataclass(frozen=True)
class Running:
    """A service that answers.

    Attributes:
        url: where, such as http://127.0.0.1:3000.
        process: its first process, which keeps the worker running.
    """

    url: str
    process: subprocess.Popen[str]

    def wait(self) -> int:
        """Stay until the service ends by itself; a SIGTERM to this process ends it too. Returns its exit code."""
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            return self.process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def serve(
    places: Places, settings: Settings, *, port: int, host: str = "127.0.0.1", echo: Callable[[str], object] | None = None
) -> Iterator[Running]:
    """Run the service while the block runs.

    Args:
        places: what serves, and where the service keeps what it is told and decides.
        settings: operations' settings.
        port: where to listen; see `free_port`.
        host: on which address.
        echo: is handed each line that the service writes.

    Raises:
        SettingsRefused: the port cannot be listened on, or without keys anybody could reach it; nothing was started.
        NotStarted: the service did not come up; the error holds what it wrote last.
    """
    settings.require_safe(host)
    _require_free(host, port)
    with (
        tempfile.TemporaryDirectory(prefix="keeprank-") as home,
        _started(host, port, _environment(places, settings, Path(home))) as process,
    ):
        last: deque[str] = deque(maxlen=_LAST_LINES)
        listener = Thread(target=_listen, args=(process, last, echo), daemon=True)
        listener.start()
        try:
            _wait_until_ready(process, host, port, last)
            yield Running(f"http://{host}:{port}", process)
        finally:
            _end(process)
            listener.join(_ENDS_WITHIN_SECONDS)  # its pipe closes when the last worker has ended


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise SettingsRefused(
                f"cannot listen on {host}:{port}: {error}", expected="a free port", advice="choose another port"
            ) from error


def _environment(places: Places, settings: Settings, home: Path) -> dict[str, str]:
    """What the service is told: none of it is taken from our own surroundings, and the settings are a copy that nobody edits."""
    told = home / "serving.json"
    told.write_bytes(msgspec.json.encode(settings))
    found = {"STATE": places.state, "HOME": places.home, "RELEASE": places.release, "SNAPSHOT": places.snapshot, "SETTINGS": told}
    ours = {f"KEEPRANK_{name}": str(path.resolve()) for name, path in found.items() if path is not None}
    return {
        **{name: value for name, value in os.environ.items() if name.removeprefix("KEEPRANK_") not in found},
        **ours,
        "KEEPRANK_LAUNCHER": str(os.getpid()),
        "KEEPRANK_WORKERS": str(settings.service.workers),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(home),  # two services that share it would wipe each other's metrics
        **_ALLOCATION,
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _started(host: str, port: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  (our own interpreter and service)
        [sys.executable, "-m", "bentoml", "serve", _SERVICE, "--host", host, "--port", str(port)],
        cwd=_PACKAGES,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches this process only, which then ends the service in order
    )


def _listen(process: subprocess.Popen[str], last: deque[str], echo: Callable[[str], object] | None) -> None:
    for line in process.stdout or ():
        last.append(line.rstrip("\n"))
        if echo is not None:
            echo(last[-1])


def _wait_until_ready(process: subprocess.Popen[str], host: str, port: int, last: deque[str]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    while not _ready(host, port):
        if process.poll() is not None:
            raise NotStarted(f"the service ended with exit code {process.returncode}; it wrote:\n" + "\n".join(last))
        if time.monotonic() > deadline:
            raise NotStarted(f"the service did not answer within {_READY_WITHIN_SECONDS:.0f} s; it wrote:\n" + "\n".join(last))
        time.sleep(0.1)


def _ready(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[str]) -> None:
    """Ask the first process to end its workers and itself; kill it where it does not, and its workers end by themselves."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_ENDS_WITHIN_SECONDS)
    finally:
        process.kill()
        process.wait()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
