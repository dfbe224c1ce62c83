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
    snapshots: Annotated[
        Path | None, typer.Option(help="Folder of `keeprank snapshot`, whose latest serves; by default the release's own.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer.")] = 1,
    slowest_ms: Annotated[
        float, typer.Option(help="Processor time that ranking 200 offers may take; a slower release is refused.")
    ] = 250.0,
) -> None:
    """Serve the champion over HTTP: POST /v1/rank, /readyz, /metrics, /openapi.json. Stop with Ctrl-C.

    Whoever becomes champion later, by `keeprank promote`, `keeprank rollback` or in MLflow's own pages, serves within seconds; a release
    that is broken, made for other features or too slow is refused (refused.json in STORE/build/serving), and the old one serves on.
    """
    from serving.deployment import Deployment
    from serving.examiner import Examiner
    from serving.following import Follower, Rules
    from serving.launch import serve_deployment
    from training.followed import FollowedRegistry

    deployment = Deployment(store / "build" / "serving")
    registry = FollowedRegistry(f"sqlite:///{(store / 'mlflow.db').resolve()}", store / "mlruns")
    rules = Rules(slowest_ms=slowest_ms, champion=alias)
    with Examiner() as examiner:
        follower = Follower(deployment, registry, rules, nights=snapshots, now=common.now, admit=examiner)
        champion = follower.begin().champion
        with serve_deployment(deployment.home, port=port, workers=workers) as service, follower.at_work():
            out.print(
                f"serving release {champion.release} at {service.url}; try {service.url}/openapi.json, stop with Ctrl-C", highlight=False
            )
            service.wait()


def demo(
    data: Annotated[Path | None, typer.Option(help="An imported folder of tables; by default a generated shop.")] = None,
    work: Annotated[Path, typer.Option(help="Folder to work in; what an earlier demo left there is removed.")] = Path("build/demo"),
) -> None:
    """The main job from end to end: generate (or read) a shop, train, promote, serve, rank over HTTP, stop; then compare policies."""
    from experiments.demo import run_demo

    run_demo(data, work, config=CONFIG, console=out, progress=common.progress, ticking=common.ticking)
