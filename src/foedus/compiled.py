"""How kernels are compiled: machine code without the interpreter's lock, kept between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compiles a function that Python calls; free of the interpreter's lock, kept between runs.

    Kernels allocate nothing (``_nrt``): without reference counts on every array passed on
    they are several times faster.
    """
    return cast(F, njit(cache=True, nogil=True, _nrt=False)(function))


def part(function: F) -> F:
    """Compiles a function that is always made part of the kernels that call it."""
    return cast(F, njit(cache=True, nogil=True, _nrt=False, forceinline=True)(function))
