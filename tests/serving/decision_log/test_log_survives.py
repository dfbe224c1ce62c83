"""What the log in a folder survives: kill -9 at any moment, workers side by side, a full disk."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from serving.decision_log import journal
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.reading import entries
from serving.decision_log.segments import write_segment
from tests.support.decisions import decided

ROOT = Path(__file__).parents[3]
Opens = Callable[..., LogFolder]


def worker(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.appends", str(folder), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def asked(storage: LogFolder) -> list[str | None]:
    return [entry.request_id for entry in entries(storage)]


def test_what_was_committed_survives_kill_9_and_is_there_once(folder: Path, in_folder: Opens) -> None:
    draw, told = random.Random(27), []  # noqa: S311

    for run in range(10):
        process = worker(folder, f"run{run}", "0")
        assert process.stdout is not None
        told += [process.stdout.readline().strip() for _ in range(draw.randint(1, 30))]
        time.sleep(draw.uniform(0, 0.05))
        process.kill()
        rest, _ = process.communicate()
        told += rest.split("\n")[:-1]

        storage = in_folder()
        found = Counter(asked(storage))
        assert set() == set(told) - set(found)
        assert {1} == set(found.values())
        storage.roll()
        assert found == Counter(asked(storage))


def test_two_workers_append_side_by_side(folder: Path, in_folder: Opens) -> None:
    both = [worker(folder, name, "60") for name in ("left", "right")]
    for process in both:
        assert "" == process.communicate()[1]

    found = asked(in_folder())

    assert [f"left-{number}" for number in range(60)] == [name for name in found if str(name).startswith("left")]
    assert [f"right-{number}" for number in range(60)] == [name for name in found if str(name).startswith("right")]
    assert 120 == len(found)


def test_a_full_disk_is_told_and_forgotten_once_there_is_room(folder: Path, in_folder: Opens) -> None:
    said, log = worker(folder, "full").communicate()

    assert ["refused", "healthy: False", "healthy: True", "accepted 3, committed 3, denied 1, lost 0"] == [
        line.partition(" the")[0].removesuffix(":") if line.startswith("refused") else line for line in said.splitlines()
    ]
    assert "1 decisions were not committed" in log
    assert ["before", "not waited for", "after"] == asked(in_folder())


def test_killed_between_the_segment_and_the_journal_a_row_is_read_once(
    folder: Path, in_folder: Opens, logs: Callable[[LogFolder], DecisionLog]
) -> None:
    storage = in_folder()
    log = logs(storage)
    for number in range(3):
        log.append(decided(f"r{number}"), wait=True)
    write_segment(folder / "segments", journal.read_rows(folder / "journal.db"))  # and here it was killed

    assert ["r0", "r1", "r2"] == asked(storage)
    assert 3 == storage.held()

    log.append(decided("r3"), wait=True)
    assert ["r0", "r1", "r2", "r3"] == asked(storage)
    assert storage.roll()
    assert [] == journal.read_rows(folder / "journal.db")
    assert ["r0", "r1", "r2", "r3"] == asked(storage)
    assert ["000000000001-000000000003", "000000000004-000000000004"] == sorted(
        file.name.rpartition("-")[0] for file in (folder / "segments").iterdir()
    )


def test_what_was_left_half_written_goes_with_the_next_segment(folder: Path, in_folder: Opens) -> None:
    storage = in_folder()
    half = folder / "segments" / ".000000000001.4711.partial"
    half.write_bytes(b"PAR1")

    assert [] == asked(storage)
    assert not storage.roll()
    assert not half.exists()


def test_a_journal_that_was_lost_does_not_give_numbers_that_segments_have(
    folder: Path, in_folder: Opens, logs: Callable[[LogFolder], DecisionLog]
) -> None:
    storage = in_folder()
    log = logs(storage)
    log.append(decided("r0"), wait=True)
    storage.roll()
    log.close()
    for file in folder.glob("journal.db*"):
        file.unlink()

    again = in_folder()
    logs(again).append(decided("r1"), wait=True)

    assert ["r0", "r1"] == asked(again)
