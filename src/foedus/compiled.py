"""How kernels are compiled: machine code without the interpreter's lock, kept between runs.

Parts are inlined into the kernels that call them, also across files. So what was compiled is kept under a hash of
all sources that kernels are made of: numba alone looks at a kernel's own file only and would go on using machine
code in which an older part is inlined.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

from foedus.errors import FoedusError

F = TypeVar("F", bound=Callable[..., Any])

if config.DISABLE_JIT:
    raise FoedusError("Foedus needs numba's compiler. Unset NUMBA_DISABLE_JIT.")


def kernel(function: F) -> F:
    """Compiles a function that Python calls; free of the interpreter's lock, kept between runs.

    Kernels allocate nothing (``_nrt``): without reference counts on every array passed on
    they are several times faster.
    """
    return cast(F, _kept(njit(nogil=True, _nrt=False)(function)))


def part(function: F) -> F:
    """Compiles a function that is always made part of the kernels that call it."""
    return cast(F, _kept(njit(nogil=True, _nrt=False, forceinline=True)(function)))


@cache
def sources() -> str:
    """A hash of every file that kernels, their parts and their constants stand in."""
    package, digest = Path(__file__).parent, hashlib.sha256()
    files = [
        *package.glob("*.py"),
        *(path for folder in ("game", "solve", "conflict") for path in (package / folder).glob("*.py")),
    ]
    for path in sorted(files):
        digest.update(str(path.relative_to(package)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class _KernelCache(FunctionCache):
    """A function's compiled code on the disk, under the hash of all sources; what cannot be read is compiled anew."""

    def __init__(self, function: Callable[..., Any]):
        super().__init__(function)
        self._base = self._impl.filename_base
        self._cache_file = IndexDataCacheFile(self._cache_path, f"{self._base}-{sources()}", sources())

    def load_overload(self, signature: Any, context: Any) -> Any:
        """The compiled code; None where there is none, or it is damaged."""
        try:
            return super().load_overload(signature, context)
        except Exception:  # whatever a damaged pickle raises
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keeps compiled code, and lets go of what other sources were compiled to."""
        try:
            for old in Path(self._cache_path).glob(f"{self._base}*"):
                if sources() not in old.name:
                    old.unlink(missing_ok=True)
            try:
                super().save_overload(signature, compiled)
            except Exception:  # the index is damaged: begin another
                self._cache_file.flush()
                super().save_overload(signature, compiled)
        except OSError as error:  # no room, or no leave to write any more
            _not_kept(error.strerror or str(error))


def _kept(dispatcher: Any) -> Any:
    """The compiled function, kept on the disk where there is a place for it."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
    except RuntimeError:
        _not_kept("no folder can be written to")
    return dispatcher


@cache
def _not_kept(why: str) -> None:
    """Says once that every start compiles anew."""
    warnings.warn(
        f"compiled kernels cannot be kept ({why}), so that every start takes longer. Set NUMBA_CACHE_DIR.", stacklevel=2
    )
