"""Values as strict JSON has them: what is undefined is null."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from foedus.present.section import Section

if TYPE_CHECKING:
    import xarray as xr


def strict(value: Any) -> Any:
    """The value with numpy's types and dataclasses made plain and what is not finite made None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: strict(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.ndarray):
        return [strict(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return strict(value.item())
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [strict(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def section_json(section: Section, data: xr.Dataset) -> dict[str, Any]:
    """A section as other programs read it: the sentences, and every array with its dims and labels."""
    return {
        "lens": section.id,
        "question": section.question,
        "sentences": list(section.sentences),
        "attributes": strict(dict(data.attrs)),
        "coords": {str(name): strict(values.values) for name, values in data.coords.items()},
        "data": {
            str(name): {"dims": [str(dim) for dim in values.dims], "values": strict(values.values)}
            for name, values in data.data_vars.items()
        },
    }
