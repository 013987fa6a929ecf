"""Small frozen classes as the labels along a dim of a lens's result, so that no label is a string to be read apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol, TypeVar

from foedus.arraytypes import Dataset


class Label(Protocol):
    """A frozen dataclass of plain values, and how it is called as a label."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def label(self) -> str:
        """Different for different ones."""


L = TypeVar("L", bound=Label)


def label_coords(dim: str, kind: type[L], items: Sequence[L]) -> dict[str, Any]:
    """Coordinates along a dim: the labels by its name, and each part of them as ``dim_part``."""
    parts = {f"{dim}_{part.name}": (dim, [getattr(item, part.name) for item in items]) for part in fields(kind)}
    return {dim: [item.label for item in items], **parts}


def labels_along(data: Dataset, dim: str, kind: type[L]) -> list[L]:
    """What ``label_coords`` wrote."""
    parts = [data[f"{dim}_{part.name}"].values.tolist() for part in fields(kind)]
    return [kind(*values) for values in zip(*parts, strict=True)]
