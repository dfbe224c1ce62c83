import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.errors import SettingsRefused
from serving.launch import free_port, serve
from serving.worker import Places
from tests.conftest import ROOT
from tests.support.doors import patient, running


def test_a_port_that_is_taken_is_refused(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused = pytest.raises(SettingsRefused, match=f"cannot listen on 127.0.0.1:{port}")
        with refused, running(release_folder, snapshot_folder, tmp_path, port=port):
            pass


def test_without_keys_only_this_machine_is_listened_to(release_folder: Path, snapshot_folder: Path, tmp_path: Path) -> None:
    places = Places(state=tmp_path, release=release_folder, snapshot=snapshot_folder)

    with pytest.raises(SettingsRefused, match=r"authentication = False on 0\.0\.0\.0"), serve(places, patient(), port=1, host="0.0.0.0"):  # noqa: S104
        pass


@pytest.mark.parametrize("signalled", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_launcher_takes_the_service_along(
    signalled: signal.Signals, release_folder: Path, snapshot_folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    program = (
        "from pathlib import Path\nfrom tests.support.doors import running\n"
        f"with running(Path({str(release_folder)!r}), Path({str(snapshot_folder)!r}), Path({str(tmp_path)!r}), port={port}) as service:\n"
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
