"""Commands that run Keeprank: as the shop's service, or once from end to end as a demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands import common
from commands.common import CONFIG, Store, out


def serve(
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 3000,
    store: Store = Path(),
    alias: Annotated[str, typer.Option(help="Which release serves: champion or challenger.")] = "champion",
) -> None:
    """Serve the champion over HTTP: POST /v1/rank, /readyz, /metrics, /openapi.json. Stop with Ctrl-C."""
    from serving.launch import serve as serve_release
    from training.registry import SNAPSHOT

    registry = common.registry(store)
    version = registry.require(alias)
    home = store / "build" / "serving" / version.number
    release = registry.fetch_release(version, home / "release")
    snapshot = registry.fetch_artifact(version, SNAPSHOT, home / "snapshot")
    with serve_release(release, snapshot, port=port) as service:
        out.print(f"serving release {version.seal} at {service.url}; try {service.url}/openapi.json, stop with Ctrl-C", highlight=False)
        service.wait()


def demo(
    data: Annotated[Path | None, typer.Option(help="An imported folder of tables; by default a generated shop.")] = None,
    work: Annotated[Path, typer.Option(help="Folder to work in; what an earlier demo left there is removed.")] = Path("build/demo"),
) -> None:
    """The main job from end to end: generate (or read) a shop, train, promote, serve, rank over HTTP, stop; then compare policies."""
    from experiments.demo import run_demo

    run_demo(data, work, config=CONFIG, console=out, progress=common.progress, ticking=common.ticking)
