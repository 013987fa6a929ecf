"""What a run is asked for: the one object that ``foedus.run``, ``foedus.ensemble`` and ``foedus.resume``, the manifest
of a kept run and the command line share. It imports no numpy, so that the command line starts at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from numbers import Integral, Real
from typing import TypedDict, Unpack

from foedus.errors import FoedusError, nearest
from foedus.worlds.methods import METHOD, METHODS

WORLDS = 200  # sampled unless told, where their number does not grow
AUTO = "auto"  # as many worlds as are needed (see ``runs.grow``)
BUDGET = 90.0  # seconds that a number of worlds may grow for, unless told: enough for the reference case on two cores


class RunOptions(TypedDict, total=False):
    """What may be written after the scenario, as in ``foedus.run(scenario, worlds=50, seed=1)``: see RunSettings."""

    policies: Sequence[str] | None
    worlds: int | str
    seed: int
    method: str
    subset: int | None
    judge: bool
    resample: bool
    budget: float


@dataclass(frozen=True)
class RunSettings:
    """What a run is asked for; FoedusError where a number is none, or too small, or a name is unknown.

    ``policies`` are those to compare (default: all; those that claims need are always solved). ``worlds`` are sampled
    from ``seed`` by ``method``; ``auto`` are as many as the claims' shares need, grown for at most ``budget`` seconds.
    With ``resample`` half of them are drawn where the observations point. At most
    ``subset`` worlds (the first ones, in full blocks; default: half of all, at most ``thresholds.SUBSET``) are used for
    the precision sweep and built-in tests. Without ``judge`` claims are left alone, and with them the sweep and the
    tests: for looking through a lens.
    """

    policies: tuple[str, ...] | None = None
    worlds: int | str = AUTO
    seed: int = 0
    method: str = METHOD
    subset: int | None = None
    judge: bool = True
    resample: bool = False
    budget: float = BUDGET

    def __post_init__(self) -> None:
        """Checks every value; numbers become plain ones, and a single policy's name a tuple of one."""
        put = partial(object.__setattr__, self)
        if self.worlds != AUTO:
            put("worlds", number_of_worlds(self.worlds))
        put("budget", seconds("budget", self.budget))
        put("seed", whole_number("seed", self.seed))
        if self.policies is not None:
            put("policies", (self.policies,) if isinstance(self.policies, str) else tuple(self.policies))
        if self.subset is not None:
            put("subset", whole_number("subset", self.subset, 1))
        if self.method not in METHODS:
            raise FoedusError(f"'{self.method}' is not a sampling method. {nearest(str(self.method), METHODS)}")
        for name in ("judge", "resample"):
            if not isinstance(getattr(self, name), bool):
                raise FoedusError(f"{name} must be True or False, not {getattr(self, name)!r}.")

    @classmethod
    def of(cls, **options: Unpack[RunOptions]) -> RunSettings:
        """The settings that were written; FoedusError where one is unknown."""
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                raise FoedusError(f"'{name}' is not a setting of a run. {nearest(name, known)}".strip())
        return cls(**options)  # type: ignore[arg-type]


def number_of_worlds(value: object) -> int:
    """The number as a plain one; FoedusError when it is none."""
    try:
        return whole_number("worlds", value, 1)
    except FoedusError as error:
        raise FoedusError(f"{error} Or write '{AUTO}', for as many as are needed.") from None


def seconds(what: str, value: object) -> float:
    """The number of seconds as a plain one; FoedusError when it is none, or below 0."""
    if isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf:
        return float(value)
    raise FoedusError(f"{what} must be a number of seconds, 0 or more, not {value!r}.")


def whole_number(what: str, value: object, least: int | None = None) -> int:
    """The number as a plain one; FoedusError when what was asked for is not whole, or is too small."""
    if isinstance(value, Integral) and not isinstance(value, bool) and (least is None or int(value) >= least):
        return int(value)
    raise FoedusError(f"{what} must be a whole number{f', {least} or more' if least else ''}, not {value!r}.")
