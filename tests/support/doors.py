"""The service as tests run it: nobody needs a key, one worker, and all the time in the world: a busy machine is no failure."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from domain.size_systems import parse_size_systems
from serving.answering import Answering
from serving.app import Application
from serving.current import Current, Serves
from serving.customers import Customers
from serving.decision_log.log import DecisionLog
from serving.keys import Anyone, Door
from serving.launch import Running, free_port, serve
from serving.online.opening import open_state
from serving.parts import Parts
from serving.releases import told
from serving.request_lines import RequestLines
from serving.settings import Settings, load_serving, overruled
from serving.state import Serving
from serving.worker import SIZE_SYSTEMS, Places
from tests.support.switching import NOW

ROOT = Path(__file__).parents[2]
PATIENT_MS = 60_000.0


def patient(*, workers: int = 1, authentication: bool = False) -> Settings:
    """The settings of config/serving.toml, but for the hurry."""
    settings = overruled(load_serving(ROOT / "config" / "serving.toml"), workers=workers, authentication=authentication)
    return replace(settings, service=replace(settings.service, deadline_ms=PATIENT_MS, patience_ms=PATIENT_MS))


def application(
    serving: Serving,
    state: Path,
    *,
    challenger: Serving | None = None,
    door: Door | None = None,
    log: DecisionLog | None = None,
    settings: Settings | None = None,
) -> Application:
    """The door in this process, over a state folder.

    Args:
        serving: what serves.
        state: the state folder.
        challenger: what is tried beside it.
        door: whom to let in; by default everybody.
        log: where decisions go; by default nowhere.
        settings: by default `patient()`.
    """
    rules = patient() if settings is None else settings
    alone = Serves.alone(serving, now=NOW)
    current = Current(alone if challenger is None else Serves(serving, challenger, alone.appointed))
    systems = parse_size_systems(SIZE_SYSTEMS.read_text())
    parts = Parts(current, open_state(state, power_cut_safe=False), log, rules.log.wait, systems, rules.version, lambda: NOW)
    answering, ranking = Answering(parts, lambda *_: None, lambda work: work()), ThreadPoolExecutor(1)
    releases = lambda: told(current.take())  # noqa: E731
    return Application(answering, Customers(parts, None), releases, door or Anyone(), rules, RequestLines(), ranking=ranking)


@contextmanager
def running(release: Path, snapshot: Path, state: Path, *, settings: Settings | None = None, port: int | None = None) -> Iterator[Running]:
    """The real service over a release and a snapshot, while the block runs."""
    places = Places(state=state, release=release, snapshot=snapshot)
    with serve(places, patient() if settings is None else settings, port=port or free_port()) as service:
        yield service
