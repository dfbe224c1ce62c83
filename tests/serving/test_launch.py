import shutil
import socket
from pathlib import Path

import pytest

from domain.errors import ReleaseRefused, SettingsRefused
from serving.launch import free_port, serve


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
