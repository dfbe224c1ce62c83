"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "features", "training", "serving", "experiments", "commands")
FOLDERS = (*PACKAGES, "benchmarks", "tests")
MODULES = sorted([*(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")), *ROOT.glob("*.py")])
PICKLERS = {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(ROOT).as_posix())


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_comes_from_this_house_and_not_from_a_stray_wheel(name: str) -> None:
    if not any((ROOT / name).glob("*.py")):
        pytest.skip(f"{name} is not built yet")
    package = importlib.import_module(name)
    assert [ROOT / name] == [Path(place) for place in package.__path__]


@each_module
def test_a_file_holds_one_idea(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= 300


@each_module
def test_nothing_is_pickled(module: Path) -> None:
    assert set() == _imported(module) & PICKLERS


def _imported(module: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(module.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}}
