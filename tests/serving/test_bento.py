"""What `bentoml build` packs."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_TRAINING = {"__init__.py", "calibration.py", "model.py", "settings.py"}


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bentoml")
    environment = {**os.environ, "BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    subprocess.run([sys.executable, "-m", "bentoml", "build", "."], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
    (built,) = (folder for folder in (home / "bentos" / "keeprank").iterdir() if folder.is_dir())
    return built


def test_only_what_serving_needs_is_packed(bento: Path) -> None:
    packed = bento / "src"

    assert {"bentofile.yaml", "domain", "features", "serving", "training"} == {path.name for path in packed.iterdir()}
    assert OF_TRAINING == {path.name for path in (packed / "training").iterdir()}
    assert {".py", ".in", ".yaml"} == {path.suffix for path in packed.rglob("*") if path.is_file()}


def test_what_is_packed_is_enough_to_serve(bento: Path) -> None:
    code = "import serving.service, training.model; print(training.model.__file__)"

    found = subprocess.run([sys.executable, "-c", code], cwd=bento / "src", check=True, capture_output=True, text=True, timeout=120)

    assert str(bento / "src" / "training" / "model.py") == found.stdout.strip()


def test_the_image_installs_what_the_project_asks_for() -> None:
    wanted = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    lines = (ROOT / "serving/requirements.in").read_text().splitlines()

    assert {line for line in lines if not line.startswith("#")} <= wanted
