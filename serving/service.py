"""Runs the storefront's door under BentoML, which brings the probes and the worker process.

Its own metrics are off: they count by the raw path, so whoever asks for made-up paths would grow them without limit.

To start it by hand: `KEEPRANK_RELEASE=… KEEPRANK_SNAPSHOT=… bentoml serve serving.service:KeeprankService`, or with `KEEPRANK_HOME=…`, a
deployment folder (`serving.deployment`), which every worker then follows.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
import time
from pathlib import Path
from threading import Event, Thread

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import KeeprankError, SettingsRefused
from serving.app import Application
from serving.current import Current, Serves
from serving.deployment import Deployment
from serving.measures import serves
from serving.state import Serving
from serving.watching import Watcher, begin

RELEASE, SNAPSHOT = "KEEPRANK_RELEASE", "KEEPRANK_SNAPSHOT"
HOME = "KEEPRANK_HOME"
"""A deployment folder to follow, instead of a release and a snapshot."""

WORKERS = "KEEPRANK_WORKERS"
LAUNCHER = "KEEPRANK_LAUNCHER"
"""The process that started the service and takes it along when it ends, however it ends."""

_LOOK_EVERY_SECONDS = 1.0


class _Door:
    """BentoML mounts an application when the class is declared; this one answers once the release is loaded."""

    behind: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.behind(scope, receive, send)


_door = _Door()


@bentoml.service(
    name="keeprank", workers=int(os.environ.get(WORKERS, "1")), logging={"access": {"enabled": False}}, metrics={"enabled": False}
)
@bentoml.asgi_app(_door, path="/")
class KeeprankService:
    """One worker: a release, a snapshot, and the application over them."""

    def __init__(self) -> None:
        current = Current(_loaded())
        _door.behind = Application(current)
        Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        gc.collect()
        gc.freeze()  # a full collection would walk the release and the snapshot: pauses of 100 ms and more
        if HOME in os.environ:
            watcher = Watcher(Deployment(Path(os.environ[HOME])), current, lambda now: serves(now.champion.info()))
            Thread(target=watcher.run, args=(Event(),), daemon=True).start()

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def refuse_early() -> None:
        """Before any worker starts: one readable line and a non-zero exit instead of workers that die again and again."""
        if LAUNCHER in os.environ:
            Thread(target=_end_with, args=(int(os.environ[LAUNCHER]),), daemon=True).start()
        _loaded()


def _end_with(parent: int) -> None:
    """BentoML's workers would outlive a killed supervisor, and that its launcher, and keep the port."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _loaded() -> Serves:
    try:
        if HOME in os.environ:
            return begin(Deployment(Path(os.environ[HOME])))
        return Serves.alone(Serving.load(_folder(RELEASE), _folder(SNAPSHOT)), now=dt.datetime.now(dt.UTC))
    except KeeprankError as refused:
        raise SystemExit(f"keeprank: {refused}") from refused


def _folder(name: str) -> Path:
    if not os.environ.get(name):
        raise SettingsRefused(f"{name} is not set", expected="the path of a folder", advice=f"export {name}=…")
    return Path(os.environ[name])
