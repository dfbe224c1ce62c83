from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import keeprank
from tests.support import quiet

pytestmark = quiet.MLFLOW

ROOT = Path(__file__).parents[2]


def _says(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["keeprank", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        keeprank.main()
    return int(ended.value.code or 0)


def test_a_shops_economics_are_printed_written_and_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert 0 == _says(monkeypatch, "demo-shop", tmp_path / "shop", "--customers", 150, "--styles", 40, "--days", 120)
    files = {"--json": tmp_path / "new/economics.json", "--png": tmp_path / "new/economics.png"}
    assert 0 == _says(monkeypatch, "economics", tmp_path / "shop", *[word for option in files.items() for word in option])
    printed = capsys.readouterr().out
    for told in (
        "what an ordered line leaves in the till, EUR",
        "what returned units still bring",
        "de_fashion_bamberg2021",
        "own a and b",
    ):
        assert told in printed
    written = json.loads(files["--json"].read_text())
    kept = {(found["name"], found["change"]): found["tills"][""]["kept"] for found in written["scenarios"]}
    assert written["tills"][""]["kept"] == kept["eu_fashion_ehi2023", None] < kept["de_fashion_bamberg2021", None]
    assert b"\x89PNG" == files["--png"].read_bytes()[:4]


def test_a_policy_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[x]")
    assert 1 == _says(monkeypatch, "economics", tmp_path, "--policy", tmp_path / "policy.toml")
    assert "refused PolicyRefused: unknown key 'x'" in capsys.readouterr().err
