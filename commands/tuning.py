"""The command that searches for a model's settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from commands import common
from commands.common import CONFIG, Folder, Policy, Settings, Store, err, out
from commands.models import Kind
from domain.errors import PolicyRefused, SettingsRefused

if TYPE_CHECKING:
    from training.tuning.front import Point
    from training.tuning.material import Material
    from training.tuning.study import Study
    from training.tuning.tracked import TrackedStudy

_INTERRUPTED = 130


def tune(
    folder: Folder,
    model: Annotated[Kind, typer.Option(help="Which model.")],
    trials: Annotated[int, typer.Option(min=1, help="Finished trials that the study is to have, earlier ones included.")] = 40,
    store: Store = Path(),
    storage: Annotated[
        str | None, typer.Option(help="Where the study is kept: sqlite:///FILE or postgresql://USER@HOST/DB. [default: STORE/tuning.db]")
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Its name; by default the model, and a hash of data, features, folds and space.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine; the settings' threads are shared among them.")] = 1,
    folds: Annotated[int, typer.Option(min=3, help="Blocks of time that judge the trials.")] = 3,
    pick: Annotated[str, typer.Option(help="What --write writes: knee, best (the most accurate), or the number of a trial.")] = "knee",
    write: Annotated[
        Path | None, typer.Option(help="Write the settings with the picked forest here; --settings itself, or a new file.")
    ] = None,
    settings: Settings = CONFIG / "training.toml",
    policy: Policy = CONFIG / "policy.toml",
) -> None:
    """Search for settings of a model that are accurate and fast, and show what is worth choosing between.

    Each trial grows a forest on every fold and notes two numbers: the log-loss of its calibrated probabilities on the weeks that followed,
    and the microseconds of one core that a row takes. A fold learns only from labels that were known when its weeks began, and the
    newest rows, which judge what `train` makes, are not touched. The first trial has the present settings. A trial that another one
    beats clearly in both is ended early.

    **Stop and go on.** Ctrl-C, a crash or kill -9 lose nothing but the trial that was begun: the same command goes on, and ends with as
    many trials as if nothing had happened. The same command with more `--trials` adds to them. Other data begins another study.

    **Several at once.** `--workers 2`, or the same command a second time, here (SQLite) or on another machine (Postgres): no two run
    the same trial.

    **Then.** `--write my.toml` writes the knee of the front, the point from which on accuracy costs most time, and
    `keeprank train DIR --settings my.toml` uses it. `make ui` shows a run per trial below the study's.

    Example: `keeprank tune build/shop --model return --trials 40 --write build/tuned.toml`
    """
    from training.settings import parse_settings
    from training.tuning.material import gather
    from training.tuning.study import Study, study_name
    from training.tuning.tracked import TrackedStudy

    text = common.text(settings, SettingsRefused)
    parsed = parse_settings(text)
    _require_writable(write, settings, pick)
    url = _opened(storage, store)
    shop = common.shop(folder, common.text(policy, PolicyRefused))
    material = gather(model, shop, parsed, folds, common.progress)
    identity = material.identity()
    searched = Study(url, study or study_name(identity), identity, at_first=parsed.forests[model])
    _say_what_is_searched(searched, material, trials)
    tracked = TrackedStudy(common.registry(store, new=True), searched)
    _run(searched, tracked, material, trials, workers, max(1, parsed.threads // workers))
    _say_what_was_found(searched)
    if write is not None:
        _write(searched, text, pick, write)


def _opened(storage: str | None, store: Path) -> str:
    """The storage's address; a mistaken one is refused before minutes are spent on features."""
    from training.tuning.storage import opened

    store.mkdir(parents=True, exist_ok=True)
    url = storage or f"sqlite:///{(store / 'tuning.db').resolve()}"
    opened(url)
    return url


def _require_writable(write: Path | None, settings: Path, pick: str) -> None:
    if pick not in ("knee", "best") and not pick.isdecimal():
        raise typer.BadParameter(f"{pick!r} is none of: knee, best, the number of a trial", param_hint="--pick")
    if write is not None and write.exists() and write.resolve() != settings.resolve():
        raise SettingsRefused(f"{write} exists", expected="a new file, or that of --settings", advice="name another with --write")


def _say_what_is_searched(study: Study, material: Material, trials: int) -> None:
    from training.tuning.space import SPACES

    done = len(study.done())
    begun = f"goes on: {done:,} of {trials:,} trials are finished" if done else "begins"
    out.print(f"study {study.name} {begun}", highlight=False)
    if study.others and not done:
        out.print(f"other studies here: {', '.join(study.others)}; data, features, folds and space have to be the same", highlight=False)
    for number, fold in enumerate(material.folds, 1):
        learned = (
            f"{len(fold.train):,} rows train, {len(fold.calibrate):,} calibrate, {len(fold.judge):,} judge from {fold.cut:%Y-%m-%d} on"
        )
        out.print(f"fold {number}: {learned}", highlight=False)
    out.print("\n".join(SPACES[material.kind].lines()) + "\n", highlight=False)


def _run(study: Study, tracked: TrackedStudy, material: Material, trials: int, workers: int, threads: int) -> None:
    from training.tuning.processes import work_in_processes
    from training.tuning.trial import Folds
    from training.tuning.work import work

    try:
        with _bar(study, trials) as advance:

            def told() -> None:
                advance()
                tracked.log_trials()

            told()
            if workers == 1:
                work(study, Folds(material, threads), trials, told=told)
            else:
                work_in_processes(study, material, trials, workers=workers, threads=threads, told=told)
    except KeyboardInterrupt as interrupt:
        tracked.log_front(finished=False)
        done = len(study.done())
        err.print(f"interrupted; {done:,} of {trials:,} trials are finished and kept: the same command goes on", highlight=False)
        raise typer.Exit(_INTERRUPTED) from interrupt
    tracked.log_front(finished=True)


@contextmanager
def _bar(study: Study, trials: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr over the study's finished trials, with the best so far."""
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=trials)

        def advance() -> None:
            done = study.done()
            bar.update(task, completed=len(done), description=_so_far([one.point for one in done if one.point is not None]))

        yield advance


def _so_far(points: list[Point]) -> str:
    from training.tuning.front import knee, pareto

    if not points:
        return "the first trial"
    front = pareto(points)
    chosen, best = knee(front), front[-1]
    return f"knee {chosen.log_loss:.5f} at {chosen.us_per_row:.1f} µs, best {best.log_loss:.5f} at {best.us_per_row:.1f} µs"


def _say_what_was_found(study: Study) -> None:
    from experiments.printed_tuning import front_table

    done = study.done()
    points = [one.point for one in done if one.point is not None]
    title = f"{study.name}: {len(done):,} trials finished, {len(done) - len(points):,} of them ended early"
    if points:
        out.print(front_table(title, points))
    else:
        out.print(title, highlight=False)
    first = next((one for one in done if one.number == 0), None)
    if points and first is not None and first.point is not None:
        out.print(f"trial 0: log-loss {first.point.log_loss:.5f}, {first.point.us_per_row:.2f} µs a row", highlight=False)


def _write(study: Study, text: str, pick: str, file: Path) -> None:
    from training.tuning.choice import chosen
    from training.tuning.written import with_forest

    point, why = chosen(study, pick)
    file.write_text(with_forest(text, study.identity["model"], point.forest, why), encoding="utf-8")
    out.print(f"{why}; written to {file}; next: keeprank train DIR --settings {file}", highlight=False, soft_wrap=True)
