"""Runs the shop's door under BentoML, which brings the probes and the worker processes.

Its own metrics are off: they count by the raw path, so whoever asks for made-up paths would grow them without limit.

To start it by hand: `KEEPRANK_STATE=… KEEPRANK_SETTINGS=… KEEPRANK_HOME=… bentoml serve serving.service:KeeprankService`, where HOME is a
deployment folder (`serving.deployment`), which every worker then follows; or KEEPRANK_RELEASE and KEEPRANK_SNAPSHOT instead of it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import bentoml
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import KeeprankError, SettingsRefused
from serving import headers
from serving.current import settle
from serving.settings import Settings, load_serving
from serving.worker import Places, opened

RELEASE, SNAPSHOT, HOME = "KEEPRANK_RELEASE", "KEEPRANK_SNAPSHOT", "KEEPRANK_HOME"
STATE, SETTINGS, WORKERS = "KEEPRANK_STATE", "KEEPRANK_SETTINGS", "KEEPRANK_WORKERS"
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
    """One worker."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        _door.behind = self._closing.enter_context(opened(_places(), _settings()))
        Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        gc.collect()
        settle()  # a full collection would walk the release and the snapshot: pauses of 100 ms and more

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def refuse_early() -> None:
        """Before any worker starts: one readable line and a non-zero exit instead of workers that die again and again."""
        if LAUNCHER in os.environ:
            Thread(target=_end_with, args=(int(os.environ[LAUNCHER]),), daemon=True).start()
        try:
            with opened(_places(), _settings()):
                pass
        except KeeprankError as refused:
            raise SystemExit(f"keeprank: {refused}") from refused
        gc.collect()  # this process answers nothing, and must not hold a release's copy

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    async def end(self) -> None:
        """Commit what was logged, and let go of everything."""
        await asyncio.to_thread(self._closing.close)


class _Headed:
    """What BentoML answers itself, its probes, bears the same headers as every other reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start" and headers.PERSONAL[0] not in message["headers"]:
                message = {**message, "headers": [*message["headers"], *headers.PERSONAL]}
            await send(message)

        mounted = "\n" in scope.get("path", "")  # BentoML mounts by an expression whose dot is no line break: such ids would be its 404
        await (_door if mounted else self._app)(scope, receive, headed)


KeeprankService.add_asgi_middleware(_Headed)  # type: ignore[attr-defined]


def _end_with(parent: int) -> None:
    """BentoML's workers would outlive a killed supervisor, and that its launcher, and keep the port."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _places() -> Places:
    return Places(state=_required(STATE), home=_path(HOME), release=_path(RELEASE), snapshot=_path(SNAPSHOT))


def _settings() -> Settings:
    return load_serving(_required(SETTINGS))


def _path(name: str) -> Path | None:
    return Path(os.environ[name]) if os.environ.get(name) else None


def _required(name: str) -> Path:
    path = _path(name)
    if path is None:
        raise SettingsRefused(f"{name} is not set", expected="a path", advice=f"export {name}=…")
    return path
