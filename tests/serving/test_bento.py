"""What `bentoml build` packs."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_TRAINING = {
    *("__init__.py", "calibrated_forest.py", "calibration.py", "compiled.py", "identity.py", "intervals.py"),
    *("learned.py", "model.py", "settings.py", "size_curve.py", "tree_text.py", "walk.py"),
}
OF_RETRIEVAL = {
    *("__init__.py", "factors.py", "goods.py", "inputs.py", "learned.py", "remembered.py", "retriever.py", "shopper.py", "sizes.py"),
    "taste.py",
}


@pytest.fixture(scope="module")
def bento(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bentoml")
    environment = {**os.environ, "BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    subprocess.run([sys.executable, "-m", "bentoml", "build", "."], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)
    (built,) = (folder for folder in (home / "bentos" / "keeprank").iterdir() if folder.is_dir())
    return built


def test_only_what_serving_needs_is_packed(bento: Path) -> None:
    packed = bento / "src"

    assert {"bentofile.yaml", "config", "domain", "features", "serving", "training"} == {path.name for path in packed.iterdir()}
    assert {*OF_TRAINING, "retrieval"} == {path.name for path in (packed / "training").iterdir()}
    assert OF_RETRIEVAL == {path.name for path in (packed / "training" / "retrieval").iterdir()}
    assert {".css", ".html", ".in", ".py", ".toml", ".yaml"} == {path.suffix for path in packed.rglob("*") if path.is_file()}


def test_what_is_packed_is_enough_to_serve(bento: Path) -> None:
    code = "import serving.service, serving.worker, training.model; print(training.model.__file__)"

    found = subprocess.run([sys.executable, "-c", code], cwd=bento / "src", check=True, capture_output=True, text=True, timeout=120)

    assert str(bento / "src" / "training" / "model.py") == found.stdout.strip()


def required(folder: Path) -> list[str]:
    lines = (folder / "serving/requirements.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def normal(name: str) -> str:
    """A distribution's name as the package index compares it, without extras and versions."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def third_party(packed: Path) -> set[str]:
    """The distributions that the packed source files import."""
    own = {path.name for path in packed.iterdir()}
    names = {name for path in packed.rglob("*.py") for name in imported(path.read_text())} - own - sys.stdlib_module_names
    distributions = packages_distributions()
    return {normal(distribution) for name in names for distribution in distributions[name]}


def test_the_image_installs_what_the_project_asks_for() -> None:
    wanted = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])

    assert set(required(ROOT)) <= wanted


def test_the_image_installs_what_the_packed_files_import_and_nothing_else(bento: Path) -> None:
    installed = {normal(line) for line in required(bento / "src")}

    assert installed == third_party(bento / "src") | {"bentoml", "httptools", "uvloop"}  # uvicorn runs quicker with them


def test_an_import_is_found_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "one.py").write_text(
        "import os, own.two\nfrom sklearn.linear_model import Ridge\ndef late():\n    import rich.table\n"
    )
    (tmp_path / "own" / "two.py").write_text("from . import one\nimport prometheus_client as metrics\n")

    assert {"scikit-learn", "rich", "prometheus-client"} == third_party(tmp_path)
