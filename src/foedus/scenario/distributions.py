"""The distributions that an assumption may have: their parameters and what they allow."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

# kind -> what its list of parameters means
KINDS: dict[str, str] = {
    "uniform": "[low, high], low below high",
    "loguniform": "[low, high], both positive, low below high",
    "triangular": "[low, mode, high], in this order",
    "pert": "[low, mode, high], in this order",
    "beta": "[a, b] or [a, b, low, high], a and b positive, low below high",
    "normal": "[mean, sd] or [mean, sd, low, high], sd positive, low below high",
    "lognormal": "[median, sd of the log], both positive",
    "integers": "[low, high], whole numbers, both included",
    "choice": "[value, ...] or {value: probability, ...}, probabilities that sum to 1",
}
_COUNTS = {
    "uniform": (2,),
    "loguniform": (2,),
    "triangular": (3,),
    "pert": (3,),
    "beta": (2, 4),
    "normal": (2, 4),
    "lognormal": (2,),
    "integers": (2,),
}


class Distribution(BaseModel):
    """One distribution, as ``kind`` and ``parameters``; written ``{uniform: [0, 1]}``."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    parameters: list[float]
    weights: list[float] = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "kind" in value:
            return value
        if len(value) != 1:
            raise ValueError(f"give one distribution, not {len(value)}: {', '.join(map(str, value))}")
        kind, parameters = next(iter(value.items()))
        if kind not in KINDS:
            raise ValueError(f"'{kind}' is not a distribution; known: {', '.join(KINDS)}")
        if kind == "choice" and isinstance(parameters, dict):
            return {"kind": kind, "parameters": list(parameters), "weights": list(parameters.values())}
        if not isinstance(parameters, list):
            raise ValueError(f"{kind} takes {KINDS[kind]}")
        return {"kind": kind, "parameters": parameters}

    @model_validator(mode="after")
    def _valid(self) -> Distribution:
        if self.kind not in KINDS:
            raise ValueError(f"'{self.kind}' is not a distribution; known: {', '.join(KINDS)}")
        if self.weights and (self.kind != "choice" or len(self.weights) != len(self.parameters)):
            raise ValueError(f"{self.kind} takes {KINDS[self.kind]}: one weight for each value of a choice")
        values = [*self.parameters, *self.weights]
        if not values or not all(math.isfinite(value) for value in values):
            raise ValueError(f"{self.kind} takes {KINDS[self.kind]}, all finite")
        if self.kind in _COUNTS and len(self.parameters) not in _COUNTS[self.kind]:
            raise ValueError(f"{self.kind} takes {KINDS[self.kind]}, not {len(self.parameters)} numbers")
        if not _SHAPES[self.kind](self):
            shown = dict(zip(self.parameters, self.weights, strict=True)) if self.weights else self.parameters
            raise ValueError(f"{self.kind} {shown} is not possible: it takes {KINDS[self.kind]}")
        return self


def _ordered(distribution: Distribution) -> bool:
    p = distribution.parameters
    return p[0] < p[-1] and all(a <= b for a, b in itertools.pairwise(p))


def _bounded(distribution: Distribution) -> bool:
    p = distribution.parameters
    return len(p) == 2 or p[2] < p[3]


_SHAPES: dict[str, Callable[[Distribution], bool]] = {
    "uniform": _ordered,
    "loguniform": lambda d: _ordered(d) and d.parameters[0] > 0,
    "triangular": _ordered,
    "pert": _ordered,
    "beta": lambda d: min(d.parameters[:2]) > 0 and _bounded(d),
    "normal": lambda d: d.parameters[1] > 0 and _bounded(d),
    "lognormal": lambda d: min(d.parameters) > 0,
    "integers": lambda d: d.parameters[0] <= d.parameters[1] and all(p == int(p) for p in d.parameters),
    "choice": lambda d: not d.weights or (min(d.weights) >= 0 and abs(sum(d.weights) - 1) < 1e-9),
}
