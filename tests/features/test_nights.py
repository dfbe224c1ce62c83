"""Nights under attack: killed half way, and two at once. Readers of the pointer never notice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from features.nights import LATEST, nights, take_night
from features.shop import Shop
from features.snapshot import load_snapshot
from features.source import write_tables
from features.stored import Stored

ROOT = Path(__file__).parent.parent.parent
NIGHT = """
import json, os, signal, sys
from pathlib import Path
from features.nights import take_night
from features.stored import Stored

folder, root, zone, windows, day, dies_at = json.loads(sys.argv[1])

def track(plan):
    for number, one in enumerate(plan):
        if number == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield one
    if dies_at == -1:  # everything is summed, nothing is in its place
        import features.taking
        features.taking.People.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)

take_night(Stored.of(Path(folder), windows, zone), Path(root), day=day, track=track)
"""


@pytest.fixture(scope="module")
def stored(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Stored]:
    folder = tmp_path_factory.mktemp("stored") / "tables"
    write_tables(shop.tables, folder)
    return folder, Stored.of(folder, shop.windows, shop.zone)


def started(folder: Path, root: Path, shop: Stored, *, day: int, dies_at: int | None = None) -> subprocess.Popen[bytes]:
    told = json.dumps([str(folder), str(root), shop.zone, dict(shop.windows), day, dies_at])
    return subprocess.Popen([sys.executable, "-c", NIGHT, told], cwd=ROOT)


@pytest.mark.parametrize("dies_at", [0, 12, -1])
def test_a_night_that_is_killed_leaves_the_last_one_in_place_and_can_be_taken_again(
    stored: tuple[Path, Stored], tmp_path: Path, dies_at: int
) -> None:
    folder, shop = stored
    last = take_night(shop, tmp_path, day=shop.today - 1)
    assert -signal.SIGKILL == started(folder, tmp_path, shop, day=shop.today, dies_at=dies_at).wait(timeout=120)
    assert [last.folder] == nights(tmp_path)
    assert last.seal == load_snapshot(tmp_path / LATEST).seal
    again = take_night(shop, tmp_path, day=shop.today)
    assert last.folder == again.last
    assert again.seal == load_snapshot(tmp_path / LATEST).seal
    assert {".lock", LATEST, last.folder.name, again.folder.name} == {entry.name for entry in tmp_path.iterdir()}


def test_two_processes_at_once_wait_for_each_other_and_leave_one_whole_night(stored: tuple[Path, Stored], tmp_path: Path) -> None:
    folder, shop = stored
    both = [started(folder, tmp_path, shop, day=shop.today) for _ in range(2)]
    assert [0, 0] == [process.wait(timeout=240) for process in both]
    (night,) = nights(tmp_path)
    assert load_snapshot(night).seal == load_snapshot(tmp_path / LATEST).seal
    assert {".lock", LATEST, night.name} == {entry.name for entry in tmp_path.iterdir()}


def test_a_reader_keeps_what_it_has_mapped_while_nights_come_and_go(stored: tuple[Path, Stored], tmp_path: Path) -> None:
    _, shop = stored
    take_night(shop, tmp_path, day=shop.today - 2, keep=1)
    reader = load_snapshot(tmp_path / LATEST)
    before = {name: stack.whole().numbers.sum() for name, stack in reader.state.items()}
    for back in (1, 0):
        take_night(shop, tmp_path, day=shop.today - back, keep=1, full=True)
    assert before == {name: stack.whole().numbers.sum() for name, stack in reader.state.items()}


def test_a_night_that_was_being_replaced_when_the_writer_died_comes_back(stored: tuple[Path, Stored], tmp_path: Path) -> None:
    _, shop = stored
    last = take_night(shop, tmp_path, day=shop.today - 1)
    last.folder.rename(tmp_path / f".{last.folder.name}.4711.replaced")
    taken = take_night(shop, tmp_path, day=shop.today)
    assert last.folder == taken.last
    assert [last.folder, taken.folder] == nights(tmp_path)
