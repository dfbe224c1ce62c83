from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import StateRefused
from serving.pseudonyms import Pseudonyms

ROOT = Path(__file__).parents[2]


def test_a_pseudonym_is_the_same_for_the_same_secret_and_for_no_other() -> None:
    one, other = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)

    assert one.of("ann") == Pseudonyms(b"1" * 32).of("ann")
    assert 4 == len({one.of("ann"), one.of("bob"), other.of("ann"), other.of("bob")})
    assert {32} == {len(one.of(name)) for name in ("", "ann", "日本", "a" * 200, "\ud800")}


def test_the_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first, again = Pseudonyms.open(tmp_path / "state"), Pseudonyms.open(tmp_path / "state")

    assert first == again
    assert ["secret"] == [file.name for file in (tmp_path / "state").iterdir()]
    assert 0o600 == stat.S_IMODE((tmp_path / "state/secret").stat().st_mode)


def test_the_secret_is_not_printed() -> None:
    assert "111" not in repr(Pseudonyms(b"1" * 32))


def test_processes_that_make_it_at_once_end_with_the_same_secret(tmp_path: Path) -> None:
    code = f"from pathlib import Path; from serving.pseudonyms import Pseudonyms; print(Pseudonyms.open(Path({str(tmp_path)!r})).of('ann'))"
    together = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate()[0] for process in together}

    assert {Pseudonyms.open(tmp_path).of("ann").encode() + b"\n"} == said
    assert ["secret"] == [file.name for file in tmp_path.iterdir()]


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Pseudonyms.open(tmp_path)
    (tmp_path / "secret").chmod(0o640)

    with pytest.raises(StateRefused, match="may be read by others"):
        Pseudonyms.open(tmp_path)


@pytest.mark.parametrize("text", ["", "secret", "ab" * 31, "zz" * 32, "ü" * 64])
def test_what_is_no_secret_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(StateRefused, match="holds no secret"):
        Pseudonyms.open(tmp_path)
