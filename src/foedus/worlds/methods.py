"""The ways in which worlds are sampled (see ``sample``), by name."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["lhs", "sobol"]
METHODS: tuple[str, ...] = get_args(Method)
