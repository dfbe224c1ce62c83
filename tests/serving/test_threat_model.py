"""The threat model names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_and_benchmark_that_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/]+\.py)`", (ROOT / "docs/threat-model.md").read_text()))

    assert named
    assert [] == sorted(path for path in named if not (ROOT / path).is_file())
