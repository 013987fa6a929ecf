"""Random expressions, payments and effects of the random scenarios. See ``strategies``."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

LEVELS = (["lo", "hi"], ["lo", "mid", "hi"], ["none", "some", "much"])
NEW = ("new", "newer")  # actions that only a policy brings to life
# the first days of four periods
DATES = {
    "day": ("2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"),
    "week": ("2024-12-20", "2024-12-27", "2025-01-03", "2025-01-10"),
    "month": ("2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01"),
    "quarter": ("2024-08-01", "2024-11-01", "2025-02-01", "2025-05-01"),
    "year": ("2024-01-01", "2025-01-01", "2026-01-01", "2027-01-01"),
}


class Expressions:
    """What is written in a scenario, over its variables and assumptions."""

    rng: random.Random
    periods: int
    dated: bool
    unit: str
    actors: list[str]
    variables: dict[str, dict[str, Any]]
    odds: list[str]
    guards: list[str]
    commitments: dict[str, Any]

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def number(self, low: float, high: float) -> float:
        return round(self.rng.uniform(low, high), 3)

    def variable(self, scratch: bool = True) -> str:
        names = [n for n, v in self.variables.items() if scratch or "within" not in v]
        return str(self.rng.choice(names))

    def comparison(self) -> str:
        name = self.variable()
        level = self.rng.choice(self.variables[name]["levels"])
        return f"{name} {self.rng.choice(['==', '!=', '>=', '<', '<=', '>'])} {level}"

    def event(self) -> str:
        applies = [f"{name}.applies == yes" for name in self.commitments]
        first = self.rng.choice(applies) if applies and self.chance(0.15) else self.comparison()
        return f"{first} {self.rng.choice(['and', 'or'])} {self.comparison()}" if self.chance(0.3) else first

    def moment(self) -> str:
        t = self.rng.randrange(self.periods)
        return (
            f'date >= "{self.date(t)}"' if self.dated and self.chance(0.5) else f"t {self.rng.choice(['>=', '!='])} {t}"
        )

    def condition(self) -> str:
        kind = self.rng.choice(["state", "state", "time", "switch", "both"])
        if kind == "state":
            return self.event()
        if kind == "time":
            return self.moment()
        if kind == "switch":
            return f"{self.rng.choice(self.guards)} > 0.5"
        return f"({self.comparison()}) and ({self.rng.choice(self.guards)} > 0.5 or {self.moment()})"

    def prob(self) -> str | float:
        name = self.rng.choice(self.odds)
        return self.rng.choice(
            [
                self.number(0.05, 0.45),
                name,
                name,
                f"{name} * (1 + {self.variable()}) / 3",
                f"{name} if {self.comparison()} else {self.number(0.05, 0.4)}",
                f"{name} / (1 + t)",
                f"clip({name} + x0, 0.01, 0.45)",
            ]
        )

    def amount(self) -> str | float:
        return self.rng.choice(
            [
                self.number(-1.5, 1.5),
                self.number(-1.5, 1.5),
                "x0",
                "d0",
                f"x1 * {self.variable()} - w0",
                f"w0 if {self.comparison()} else x0",
                f"0.3 * t + {self.number(-1, 1)}",
                f"max(x0, -w1) * {self.number(0.2, 1)}",
            ]
        )

    def base(self) -> str | float:
        return self.rng.choice([1, 1, 1, 0.5, 3, "w0", f"2 if {self.comparison()} else 0.7", "0.4 + 0.3 * t"])

    def pays(self) -> dict[str, Any]:
        pays: dict[str, Any] = {}
        for actor in self.rng.sample(self.actors, self.rng.randint(1, len(self.actors))):
            if self.chance(0.3):
                pays[actor] = self.amount()
            else:
                pays[actor] = {self.rng.choice(["gain", "word"]): self.amount()}
        return pays

    def then(self, least: int = 1) -> dict[str, Any]:
        effects: dict[str, Any] = {}
        for _ in range(self.rng.randint(least, 2)):
            name = self.variable()
            levels = self.variables[name]["levels"]
            top = len(levels) - 1
            effects[name] = self.rng.choice(
                [
                    self.rng.choice(levels),
                    self.rng.choice(levels),
                    f"min({name} + 1, {top})",
                    f"max({name} - 1, 0)",
                    f"{levels[-1]} if {self.comparison()} else {name}",
                ]
            )
        return effects

    def date(self, t: int) -> str:
        """A date within period ``t``, its first day as often as not."""
        first, last = DATES[self.unit][t], DATES[self.unit][t + 1]
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days
        return (date.fromisoformat(first) + timedelta(self.rng.choice([0, days - 1]))).isoformat()

    def when(self, t: int) -> str | int:
        return self.date(t) if self.dated and self.chance(0.6) else t
