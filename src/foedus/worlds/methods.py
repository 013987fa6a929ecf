"""The ways in which worlds are sampled (see ``sample``), by name."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["nested", "lhs", "sobol"]
METHODS: tuple[str, ...] = get_args(Method)
METHOD: Method = "nested"  # unless told
# With these a world is one and the same however many are drawn, so that a sample can grow.
EXTENSIBLE: tuple[str, ...] = ("nested", "sobol")
