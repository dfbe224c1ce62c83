"""Functions in machine code: compiled once an installation by numba, and kept on disk beside their module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import types

_Function = TypeVar("_Function", bound=Callable[..., Any])


def native(signature: Any = None, *, lets_others_run: bool = False) -> Callable[[_Function], _Function]:
    """Compiled by numba: at once for the types of a signature, and kept on disk; or else as part of what calls it.

    Divisions by zero give what numpy gives.

    Args:
        signature: the types that it takes and returns; None for a function that only others of its kind call.
        lets_others_run: whether it lets go of the interpreter's lock: worth it from some dozen microseconds on, because who lets go has
            to wait until another thread does.
    """

    def compiled(function: _Function) -> _Function:
        if signature is None:
            return cast("_Function", numba.njit(error_model="numpy")(function))
        try:
            return cast("_Function", numba.njit(signature, nogil=lets_others_run, error_model="numpy", cache=True)(function))
        except RuntimeError:  # no folder may be written: each process compiles for itself, seconds at its start
            return cast("_Function", numba.njit(signature, nogil=lets_others_run, error_model="numpy")(function))

    return compiled


def only_read(kind: Any, dimensions: int) -> Any:
    """The type of an array in C order that a function does not write to: mapped files are such."""
    return types.Array(kind, dimensions, "C", readonly=True)
