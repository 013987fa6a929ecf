"""Short names for the arrays that signatures speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike as ArrayLike
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Longs = NDArray[np.int64]
Ints = NDArray[np.int32]
Bits = NDArray[np.uint64]
Dataset: TypeAlias = "xr.Dataset"  # names only: to speak of them loads nothing
DataArray: TypeAlias = "xr.DataArray"
Weights: TypeAlias = "ArrayLike | None"  # of worlds; None where all count alike
