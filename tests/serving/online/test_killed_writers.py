"""What was acknowledged outlives the one who acknowledged it, and is there once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

from serving.online.opening import open_state
from serving.online.port import CustomerState
from serving.online.sqlite_state import FILE
from tests.support.redis_server import redis_server
from tests.support.told import MIDNIGHT

ROOT = Path(__file__).parents[3]
RUNS = 10


class Teller:
    """A process that tells facts until it is killed."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "tests.support.teller", *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def hear(self, lines: int) -> list[list[str]]:
        """The next acknowledgements."""
        assert self.process.stdout is not None
        heard = [self.process.stdout.readline().split() for _ in range(lines)]
        assert all(heard)
        return heard

    def kill(self) -> list[list[str]]:
        """End it at once; returns what it had acknowledged meanwhile."""
        self.process.kill()
        rest, _ = self.process.communicate()
        return [line.split() for line in rest.splitlines(keepends=True) if line.endswith("\n")]


def held(state: CustomerState, name: str) -> Counter[str]:
    return Counter(fact.id for number in range(5) for fact in state.known(f"{name}-{number}").facts)


def test_every_acknowledged_fact_of_a_writer_that_is_killed_is_there_once(tmp_path: Path) -> None:
    acknowledged, chosen = list[str](), random.Random(5)  # noqa: S311
    for run in range(RUNS):
        teller = Teller(tmp_path, f"r{run}")
        heard = teller.hear(chosen.randint(1, 120)) + teller.kill()
        acknowledged += [line[1] for line in heard]
    state = open_state(tmp_path)
    found = sum((held(state, f"r{run}") for run in range(RUNS)), Counter[str]())
    state.close()

    assert set() == set(acknowledged) - set(found)
    assert {1} == set(found.values())
    assert len(found) <= len(acknowledged) + RUNS  # one more of each may have been written and not told
    assert [("ok",)] == sqlite3.connect(tmp_path / FILE).execute("PRAGMA integrity_check").fetchall()


def test_two_processes_that_tell_the_same_at_once_are_told_once(tmp_path: Path) -> None:
    tellers = [Teller(tmp_path, "same"), Teller(tmp_path, "same"), Teller(tmp_path, "other")]
    heard = [teller.hear(150) + teller.kill() for teller in tellers]
    accepted = Counter(line[1] for lines in heard[:2] for line in lines if line[0] == "accepted")
    state = open_state(tmp_path)

    assert {1} == set(accepted.values())
    assert {"accepted"} == {line[0] for line in heard[2]}
    assert {line[1] for lines in heard[:2] for line in lines} <= set(held(state, "same"))
    assert {1} == set(held(state, "same").values()) | set(held(state, "other").values())
    assert {"same", "other"} == set(state.shelf(["same", "other"], since=MIDNIGHT))
    state.close()


def test_after_a_power_cut_everything_up_to_the_last_whole_commit_is_there(tmp_path: Path) -> None:
    alive, copies = tmp_path / "alive", tmp_path / "copies"
    teller = Teller(alive, "cut")
    heard = teller.hear(60)
    teller.process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, teller.process.pid, os.WSTOPPED)
    database, log = ((alive / name).read_bytes() for name in (FILE, f"{FILE}-wal"))
    secret = (alive / "secret").read_bytes()
    heard += teller.kill()
    chosen = random.Random(7)  # noqa: S311
    for cut in [0, len(log), *(chosen.randrange(len(log)) for _ in range(40))]:
        copy = copies / str(cut)
        copy.mkdir(parents=True, exist_ok=True)
        (copy / FILE).write_bytes(database)
        (copy / f"{FILE}-wal").write_bytes(log[:cut])
        (copy / "secret").write_bytes(secret)
        (copy / "secret").chmod(0o600)
        state = open_state(copy)
        found = held(state, "cut")
        state.close()

        assert {line[1] for line in heard if int(line[2]) <= cut} <= set(found)
        assert {f"cut-{number}" for number in range(len(found))} == set(found)
        assert [("ok",)] == sqlite3.connect(copy / FILE).execute("PRAGMA integrity_check").fetchall()


def test_every_acknowledged_fact_outlives_a_redis_that_is_killed(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as server:
        acknowledged: list[str] = []
        for run in range(3):
            teller = Teller(tmp_path / "state", f"r{run}", server.url)
            heard = teller.hear(20)
            server.kill()
            acknowledged += [line[1] for line in [*heard, *teller.kill()]]
            server.start()
        state = open_state(tmp_path / "state", redis_url=server.url)
        found = sum((held(state, f"r{run}") for run in range(3)), Counter[str]())

        assert set() == set(acknowledged) - set(found)
        assert {1} == set(found.values())
        state.close()
