"""A Postgres server of the tests' own: on the loopback interface, on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        port: on 127.0.0.1.
    """

    port: int

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://keeprank@127.0.0.1:{self.port}/{database}"


def binaries() -> Path | None:
    """Where initdb and postgres are; None where they are not installed."""
    found = shutil.which("initdb")
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), *([Path(found).resolve().parent] if found else [])]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """A new server; it runs as an ordinary user, since Postgres refuses to run as root, in a folder that this user can reach."""
    folder, owner = Path(tempfile.mkdtemp(prefix="keeprank-postgres-")), _owner()
    try:
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        data, port = folder / "data", _free_port()
        made = [
            str(programs / "initdb"),
            "--pgdata",
            str(data),
            "--username",
            "keeprank",
            "--auth",
            "trust",
            "--no-sync",
            "--encoding",
            "UTF8",
        ]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **owner)
        settings = ["-F", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-p", str(port), *settings], stdout=log, stderr=log, cwd=folder, **owner
            )
        try:
            _wait(port, server)
            yield Server(port)
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nobody needs its data any more
            server.wait(_PATIENCE_SECONDS)
    finally:
        shutil.rmtree(folder)


def _owner() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            psycopg.connect(f"postgresql://keeprank@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return
