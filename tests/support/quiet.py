"""Warnings of other people's code that our tests cannot mend."""

from __future__ import annotations

import pytest

MLFLOW = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:sqlalchemy.exc.SADeprecationWarning"),  # its own tables
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),  # its own classes, when imported
]
