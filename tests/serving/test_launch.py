import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.errors import ReleaseRefused, SettingsRefused
from serving.launch import free_port, serve
from tests.conftest import ROOT


def test_a_tampered_release_is_refused_before_anything_starts(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(release_folder, tmp_path / "release")
    trees = copy / "return" / "trees.txt"
    trees.write_text(trees.read_text() + "\n")

    with pytest.raises(ReleaseRefused, match=r"return/trees.txt is changed"), serve(copy, snapshot_folder, port=free_port()):
        pass


def test_a_port_that_is_taken_is_refused(release_folder: Path, snapshot_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(SettingsRefused, match=f"cannot listen on 127.0.0.1:{port}"), serve(release_folder, snapshot_folder, port=port):
            pass


@pytest.mark.parametrize("signalled", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_launcher_takes_the_service_along(signalled: signal.Signals, release_folder: Path, snapshot_folder: Path) -> None:
    port = free_port()
    program = (
        "import sys, pathlib, serving.launch as launch\n"
        f"with launch.serve(pathlib.Path({str(release_folder)!r}), pathlib.Path({str(snapshot_folder)!r}), port={port}) as service:\n"
        "    print('ready', flush=True)\n"
        "    service.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as launcher:
        assert launcher.stdout
        assert "ready\n" == launcher.stdout.readline()
        launcher.send_signal(signalled)
    deadline = time.monotonic() + 30
    while _listens(port) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _listens(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
