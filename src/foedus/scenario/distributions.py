"""The distributions that an assumption may have: one class each, and how they are written.

A new distribution is one more class in this file. Everything else asks the class: the check of what is written, the draws,
the report's words, the JSON schema. A class that lacks something is an error when this module is imported.
"""

# the base class documents the methods
# ruff: noqa: D102

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from foedus.arraytypes import Floats

Show = Callable[[float], str]
INF = math.inf


@dataclass(frozen=True)
class Law(ABC):
    """A distribution with its parameters: the fields of the subclass, in order; optional ones are given all or none.

    ``name`` is how it is written, ``takes`` what its parameters are and must satisfy. ``weighted`` ones may be written as a
    mapping of value to probability.
    """

    name: ClassVar[str]
    takes: ClassVar[str]
    weighted: ClassVar[bool] = False

    @classmethod
    def parameters(cls) -> list[str]:
        """The names of the parameters, in order."""
        return [field.name for field in fields(cls)]

    @classmethod
    def of(cls, parameters: list[float], weights: list[float]) -> Law:
        """The law with these parameters; ValueError when they are not as many as it takes."""
        if weights:
            raise ValueError(f"{cls.name} takes {cls.takes}: one weight for each value of a choice")
        needed = sum(field.default is MISSING for field in fields(cls))
        if len(parameters) not in (needed, len(fields(cls))):
            raise ValueError(f"{cls.name} takes {cls.takes}, not {len(parameters)} numbers")
        return cls(*parameters)

    @abstractmethod
    def possible(self) -> bool:
        """Whether the parameters are what the law takes."""

    @abstractmethod
    def quantile(self, u: Floats) -> Floats:
        """The values below which the parts ``u`` (in the open unit interval) lie, of the same shape."""

    @abstractmethod
    def support(self) -> tuple[float, float]:
        """The lowest and highest value, infinite where there is none."""

    @abstractmethod
    def words(self, number: Show, percent: Show) -> str:
        """The law in plain words, its numbers written by ``number`` and ``percent``."""


LAWS: dict[str, type[Law]] = {}
_L = TypeVar("_L", bound=type[Law])


@dataclass_transform(frozen_default=True)
def registered(law: _L) -> _L:
    """Makes a class of parameters a frozen dataclass, and puts it among the laws that can be written."""
    lacking = [*law.__abstractmethods__, *({"name", "takes"} - vars(law).keys())]
    if lacking or law.name in LAWS:
        raise TypeError(f"{law.__name__} lacks {', '.join(lacking)}" if lacking else f"two laws are called {law.name}")
    LAWS[law.name] = dataclass(frozen=True)(law)
    return law


@registered
class Uniform(Law):
    """Every value between two ends is as likely."""

    name = "uniform"
    takes = "[low, high], low below high"
    low: float
    high: float

    def possible(self) -> bool:
        return self.low < self.high

    def quantile(self, u: Floats) -> Floats:
        return self.low + (self.high - self.low) * u

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def words(self, number: Show, percent: Show) -> str:
        return f"anywhere from {number(self.low)} to {number(self.high)}"


@registered
class LogUniform(Uniform):
    """The logarithm is uniform."""

    name = "loguniform"
    takes = "[low, high], both positive, low below high"

    def possible(self) -> bool:
        return 0 < self.low < self.high

    def quantile(self, u: Floats) -> Floats:
        return np.asarray(np.exp(np.log(self.low) + (np.log(self.high) - np.log(self.low)) * u))

    def words(self, number: Show, percent: Show) -> str:
        return f"{super().words(number, percent)}, evenly in its logarithm"


@registered
class Triangular(Law):
    """The density rises in a line to the mode, and falls in a line after it."""

    name = "triangular"
    takes = "[low, mode, high], in this order"
    low: float
    mode: float
    high: float

    def possible(self) -> bool:
        return self.low < self.high and self.low <= self.mode <= self.high

    def quantile(self, u: Floats) -> Floats:
        low, mode, high = self.low, self.mode, self.high
        width = high - low
        left = low + np.sqrt(u * width * (mode - low))
        right = high - np.sqrt((1 - u) * width * (high - mode))
        return np.asarray(np.where(u < (mode - low) / width, left, right))

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def words(self, number: Show, percent: Show) -> str:
        return f"{number(self.low)} to {number(self.high)}, most likely {number(self.mode)}"


@registered
class Pert(Triangular):
    """A beta distribution on [low, high] whose mean weighs the mode by 4 (Malcolm and others 1959)."""

    name = "pert"
    takes = Triangular.takes

    def quantile(self, u: Floats) -> Floats:
        width = self.high - self.low
        a, b = 1 + 4 * (self.mode - self.low) / width, 1 + 4 * (self.high - self.mode) / width
        return Beta(a, b, self.low, self.high).quantile(u)


@registered
class Beta(Law):
    """A beta distribution, on the unit interval unless ends are given."""

    name = "beta"
    takes = "[a, b] or [a, b, low, high], a and b positive, low below high"
    a: float
    b: float
    low: float = 0.0
    high: float = 1.0

    def possible(self) -> bool:
        return self.a > 0 and self.b > 0 and self.low < self.high

    def quantile(self, u: Floats) -> Floats:
        from scipy.special import betaincinv

        return np.asarray(self.low + (self.high - self.low) * betaincinv(self.a, self.b, u), float)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def words(self, number: Show, percent: Show) -> str:
        ends = "" if self.support() == (0, 1) else f" on {number(self.low)} to {number(self.high)}"
        return f"beta({number(self.a)}, {number(self.b)}){ends}"


@registered
class Normal(Law):
    """A normal distribution, cut to its ends where these are given."""

    name = "normal"
    takes = "[mean, sd] or [mean, sd, low, high], sd positive, low below high"
    mean: float
    sd: float
    low: float = -INF
    high: float = INF

    def possible(self) -> bool:
        return self.sd > 0 and self.low < self.high

    def quantile(self, u: Floats) -> Floats:
        if self.support() == (-INF, INF):
            from scipy.special import ndtri

            return np.asarray(self.mean + self.sd * ndtri(u), float)
        from scipy.stats import truncnorm

        ends = (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd
        return np.asarray(np.clip(truncnorm.ppf(u, *ends, loc=self.mean, scale=self.sd), self.low, self.high), float)

    def support(self) -> tuple[float, float]:
        return self.low, self.high

    def words(self, number: Show, percent: Show) -> str:
        ends = "" if self.support() == (-INF, INF) else f", cut to {number(self.low)} to {number(self.high)}"
        return f"around {number(self.mean)}, standard deviation {number(self.sd)}{ends}"


@registered
class LogNormal(Law):
    """The logarithm is normal."""

    name = "lognormal"
    takes = "[median, sd of the log], both positive"
    median: float
    sd: float

    def possible(self) -> bool:
        return self.median > 0 and self.sd > 0

    def quantile(self, u: Floats) -> Floats:
        return np.asarray(self.median * np.exp(Normal(0.0, self.sd).quantile(u)))

    def support(self) -> tuple[float, float]:
        return 0.0, INF

    def words(self, number: Show, percent: Show) -> str:
        return f"around {number(self.median)}, logarithm spread by {number(self.sd)}"


@registered
class Integers(Uniform):
    """Every whole number between two ends, both included, is as likely."""

    name = "integers"
    takes = "[low, high], whole numbers, both included"

    def possible(self) -> bool:
        return self.low <= self.high and self.low == int(self.low) and self.high == int(self.high)

    def quantile(self, u: Floats) -> Floats:
        return np.asarray(np.minimum(self.low + np.floor(u * (self.high - self.low + 1)), self.high))

    def words(self, number: Show, percent: Show) -> str:
        return f"{super().words(number, percent)}, whole numbers"


@registered
class OneOf(Law):
    """One of some values, with probabilities; as likely each where none are given."""

    name = "choice"
    takes = "[value, ...] or {value: probability, ...}, probabilities that sum to 1"
    weighted = True
    values: tuple[float, ...]
    weights: tuple[float, ...] = ()

    @classmethod
    def of(cls, parameters: list[float], weights: list[float]) -> Law:
        if weights and len(weights) != len(parameters):
            raise ValueError(f"{cls.name} takes {cls.takes}: one weight for each value of a choice")
        return cls(tuple(parameters), tuple(weights))

    def possible(self) -> bool:
        return not self.weights or (min(self.weights) >= 0 and abs(sum(self.weights) - 1) < 1e-9)

    def quantile(self, u: Floats) -> Floats:
        weights = np.array(self.weights or [1.0] * len(self.values))
        steps = np.cumsum(weights / weights.sum())
        last = int(np.flatnonzero(weights)[-1])  # rounding of the sum must not reach a value that never comes
        return np.array(self.values, float)[np.minimum(np.searchsorted(steps, u, side="right"), last)]

    def support(self) -> tuple[float, float]:
        return min(self.values), max(self.values)

    def words(self, number: Show, percent: Show) -> str:
        shares = [f" ({percent(weight)})" for weight in self.weights] or [""] * len(self.values)
        return "one of " + ", ".join(f"{number(value)}{share}" for value, share in zip(self.values, shares))


class Distribution(BaseModel):
    """One distribution, as ``kind`` and ``parameters``; written ``{uniform: [0, 1]}``."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(description="The kind of distribution.")
    parameters: list[float] = Field(description="Its parameters.")
    weights: list[float] = Field([], description="The probabilities of a choice; equal when left out.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "kind" in value:
            return value
        if len(value) != 1:
            raise ValueError(f"give one distribution, not {len(value)}: {', '.join(map(str, value))}")
        kind, parameters = next(iter(value.items()))
        law = _known(kind)
        if law.weighted and isinstance(parameters, dict):
            return {"kind": kind, "parameters": list(parameters), "weights": list(parameters.values())}
        if not isinstance(parameters, list):
            raise ValueError(f"{kind} takes {law.takes}")
        return {"kind": kind, "parameters": parameters}

    @model_validator(mode="after")
    def _valid(self) -> Distribution:
        law, values = _known(self.kind), [*self.parameters, *self.weights]
        if not values or not all(math.isfinite(value) for value in values):
            raise ValueError(f"{self.kind} takes {law.takes}, all finite")
        if not self.law.possible():
            shown = dict(zip(self.parameters, self.weights, strict=True)) if self.weights else self.parameters
            raise ValueError(f"{self.kind} {shown} is not possible: it takes {law.takes}")
        return self

    @property
    def law(self) -> Law:
        """The distribution with its quantiles, support and words."""
        return LAWS[self.kind].of(self.parameters, self.weights)

    def quantile(self, u: Floats) -> Floats:
        """The values below which the parts ``u`` (in the open unit interval) lie."""
        return self.law.quantile(u)


def _known(kind: Any) -> type[Law]:
    if kind not in LAWS:
        raise ValueError(f"'{kind}' is not a distribution; known: {', '.join(LAWS)}")
    return LAWS[kind]
