"""Commands that run Keeprank: as the shop's service, or once from end to end as a demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands import common
from commands.common import CONFIG, Store, out

if TYPE_CHECKING:
    from serving.following import Rules
    from serving.settings import Settings


def serve(
    port: Annotated[int, typer.Option(help="Where to listen.")] = 3000,
    store: Store = Path(),
    alias: Annotated[str, typer.Option(help="Which release serves: champion or challenger.")] = "champion",
    snapshots: Annotated[
        Path | None, typer.Option(help="Folder of `keeprank snapshot`, whose latest serves; by default the release's own.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of facts, decisions and API keys; by default STORE/build/serving/state.")
    ] = None,
    settings: Annotated[Path, typer.Option(help="Operations' settings.")] = CONFIG / "serving.toml",
    workers: Annotated[int | None, typer.Option(min=1, help="How many processes answer; by default as the settings say.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; without keys, the loopback interface's only.")] = "127.0.0.1",
    keyless: Annotated[bool, typer.Option("--keyless", help="Let everybody in, whatever the settings say (loopback only).")] = False,
) -> None:
    """Serve the champion over HTTP: /v1/rank, /v1/recommend, /v1/size and the rest of docs/service.md. Stop with Ctrl-C.

    Whoever becomes champion later, by `keeprank promote`, `keeprank rollback` or in MLflow's own pages, serves within seconds; a release
    that is broken, made for other features or too slow is refused (see /v1/releases), and the old one serves on.

    Every request needs an API key: `keeprank keys create --scope storefront --name shop`; or try it with --keyless.
    """
    from serving.deployment import Deployment
    from serving.examiner import Examiner
    from serving.following import Follower
    from serving.launch import serve as started
    from serving.settings import load_serving, overruled
    from serving.worker import Places
    from training.followed import FollowedRegistry

    rules = overruled(load_serving(settings), workers=workers, authentication=False if keyless else None)
    home = store / "build" / "serving"
    places = Places(state=state or home / "state", home=home)
    registry = FollowedRegistry(f"sqlite:///{(store / 'mlflow.db').resolve()}", store / "mlruns")
    with Examiner() as examiner:
        followed = _rules(rules, champion=alias)
        follower = Follower(Deployment(home), registry, followed, nights=snapshots, now=common.now, admit=examiner)
        champion = follower.begin().champion
        with started(places, rules, port=port, host=host) as service, follower.at_work():
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


def _rules(settings: Settings, *, champion: str) -> Rules:
    """How the registry is followed, as the settings say."""
    from serving.following import Rules
    from serving.wire_releases import Trial

    releases, experiment = settings.releases, settings.experiment
    share = experiment.challenger_share if experiment.mode == "split" else 0.0
    return Rules(
        slowest_ms=releases.slowest_ms_per_request,
        champion=champion,
        trial=Trial(mode=experiment.mode, share=share, salt=experiment.salt),
        poll_seconds=releases.poll_seconds,
        keep=releases.keep_local,
    )
