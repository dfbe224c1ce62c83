"""Every input of every model, declared once: its name, meaning, unit, family, consent purpose, and the one function that computes it."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import numpy as np
import numpy.typing as npt

from domain.tables import CONSENT_PURPOSES
from features.consent import SERVICE

Values = npt.NDArray[np.float64]
Inputs = Mapping[str, Values]
"""Histories (`style.returned_lines`), asked-for columns (`unit_price`) and declared measurements (`height_cm`) by name."""

Formula = Callable[[Inputs], Values]
Family = Literal["history", "profile", "cross"]
Kind = Literal["customer", "offer", "cross"]


@dataclass(frozen=True)
class Feature:
    """One input of a model.

    Attributes:
        name: the column's name, and the function's.
        meaning: one sentence.
        unit: lines, rate, days, minor units, …
        family: history, profile or cross.
        kind: what it depends on: the customer, the offer, or both.
        purpose: the consent it needs, or "service".
        tables: the tables without which it is missing.
        formula: computes it from the inputs.
    """

    name: str
    meaning: str
    unit: str
    family: Family
    kind: Kind
    purpose: str
    tables: tuple[str, ...]
    formula: Formula


class Declarations:
    """Collects the features of one family in the order of their declaration."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.features: list[Feature] = []

    def __call__(
        self, meaning: str, *, unit: str, kind: Kind, purpose: str = SERVICE, tables: Iterable[str] = ()
    ) -> Callable[[Formula], Formula]:
        """Declare the decorated function as a feature.

        Raises:
            ValueError: the purpose is unknown, or a feature of a customer claims to need no consent.
        """
        if purpose not in (SERVICE, *CONSENT_PURPOSES):
            raise ValueError(f"unknown purpose {purpose!r}")
        if kind == "customer" and purpose == SERVICE:
            raise ValueError(f"a feature of the customer needs a consent purpose: {meaning}")

        def declare(formula: Formula) -> Formula:
            name = formula.__name__
            self.features.append(Feature(name, meaning, unit, self.family, kind, purpose, tuple(tables), formula))
            return formula

        return declare


def feature_set_hash(modules: Iterable[ModuleType]) -> str:
    """Identifies what the features mean: the code of the modules that define them (SHA-256, 16 hex digits).

    Comments, docstrings and layout do not change it; any other change of these modules does.
    """
    code = [code_of(inspect.getsource(module)) for module in modules]
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


def code_of(source: str) -> str:
    """What a Python text does, without its comments, docstrings and layout; alike in every Python version."""
    return _told(ast.parse(source))


def _told(part: object) -> str:
    if isinstance(part, list):
        return f"[{','.join(_told(item) for item in part if not _is_remark(item))}]"
    if not isinstance(part, ast.AST):
        return repr(part)
    fields = [f"{name}={_told(value)}" for name, value in ast.iter_fields(part) if name not in _UNTOLD and value != []]
    return f"{type(part).__name__}({','.join(fields)})"


_UNTOLD = ("ctx", "kind", "type_comment", "type_params")


def _is_remark(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
