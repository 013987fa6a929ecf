"""A random small scenario, as the plain dict that YAML would give. See ``strategies``."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from strategies_text import DATES, LEVELS, NEW, Expressions


@dataclass
class Features:
    """Which parts of the language a scenario may use."""

    beliefs: bool = True
    intervals: bool = True
    commitments: bool = True
    secrets: bool = True
    ends: bool = True
    final: bool = True
    terminal: bool = True
    perfect: bool = True
    observations: bool = True
    policies: bool = True
    start_odds: bool = True
    entropy: bool = False


class Maker(Expressions):
    """Builds one random scenario as the plain dict that YAML would give."""

    def __init__(self, rng: random.Random, features: Features):
        self.rng, self.features = rng, features
        self.actors = ["ann", "bob", "cem"][: rng.choice([2, 2, 3])]
        self.periods = rng.choice([1, 1, 2, 2, 3])
        self.dated = rng.random() < 0.4
        self.unit = rng.choice(sorted(DATES))
        self.variables: dict[str, dict[str, Any]] = {}
        self.odds, self.guards = ["q0", "q1", "o0"], ["g0"]
        self.commitments: dict[str, Any] = {}

    def make_state(self) -> None:
        for i in range(self.rng.randint(2, 4)):
            levels = self.rng.choice(LEVELS)
            self.variables[f"v{i}"] = {"levels": levels, "start": self.rng.choice(levels)}
        last = self.variables[f"v{len(self.variables) - 1}"]
        if self.chance(0.5):
            last["within"] = "period"
        elif self.features.start_odds and self.chance(0.3):
            first, *_, end = last["levels"]
            last["start"] = self.rng.choice([{first: 0.3, end: 0.7}, {first: "q0", end: "1 - q0"}])
        if self.features.ends and self.chance(0.35):
            v0 = self.variables["v0"]
            v0["ends"], v0["start"] = v0["levels"][-1], v0["levels"][0]

    def nature(self, nested: bool) -> list[dict[str, Any]]:
        branches: list[dict[str, Any]] = []
        for _ in range(1 if self.chance(0.75) else 2):
            branches.append({"prob": self.prob(), "then": self.then(0 if nested else 1)})
        branches.append({"prob": "rest", "then": self.then(0) if self.chance(0.4) else {}})
        if not nested and self.chance(0.3):
            name = self.variable()
            for branch in branches:
                branch["then"][name] = self.rng.choice(self.variables[name]["levels"])
        for branch in branches:
            if self.chance(0.3):
                branch["pays"] = self.pays()
        return branches

    def decision(self, name: str) -> dict[str, Any]:
        actions: dict[str, Any] = {"stay": {"base": self.rng.choice([2, 3, 4]), "pays": self.pays()}}
        for i in range(1 if self.chance(0.6) else 2):
            action: dict[str, Any] = {"base": self.base()}
            if self.chance(0.7):
                action["pays"] = self.pays()
            if self.chance(0.75):
                action["then"] = self.then()
            if self.chance(0.35):
                action["chance"] = self.nature(nested=True)
            if self.chance(0.35):
                action["when"] = self.condition()
            actions["act" if i == 0 else "more"] = action
        if self.features.policies and self.chance(0.3):
            extra: dict[str, Any] = {"exists": "enabled", "base": self.rng.choice([0.5, 1, "w1"]), "then": self.then()}
            if self.chance(0.7):
                extra["in_place_of"] = "stay"
            if self.chance(0.4):
                extra["when"] = self.condition()
            if self.chance(0.5):
                extra["pays"] = self.pays()
            actions["new"] = extra
            if self.chance(0.4):  # a new way to act that is carved out of a new way to act, written before or after it
                newer = {"exists": "enabled", "base": 0.2, "in_place_of": "new", "then": self.then()}
                if self.chance(0.4):
                    newer["when"] = self.condition()
                actions = {"newer": newer, **actions} if self.chance(0.5) else {**actions, "newer": newer}
        if self.chance(0.1):
            actions["act"]["base"] = 0
        return {"id": name, "decide": self.rng.choice(self.actors), "actions": actions}

    def make_turn(self) -> list[dict[str, Any]]:
        turn: list[dict[str, Any]] = []
        count = self.rng.randint(2, 4 if self.periods < 3 else 3)
        for i in range(count):
            if (i < count - 1 or any("decide" in phase for phase in turn)) and self.chance(0.3):
                phase: dict[str, Any] = {"id": f"ph{i}", "chance": self.nature(nested=False)}
            else:
                phase = self.decision(f"ph{i}")
            if self.chance(0.25):
                phase["when"] = self.condition()
            if self.chance(0.15):
                phase["at"] = sorted({self.when(self.rng.randrange(self.periods)) for _ in range(2)}, key=str)
            turn.append(phase)
        return turn

    def trigger(self) -> dict[str, Any]:
        name = self.variable()
        kinds = [
            "level",
            "number",
            "number",
            "bright",
            "applies",
            *(["reads", "reads"] if self.features.intervals else []),
        ]
        kind = self.rng.choice(kinds)
        trigger: dict[str, Any]
        if kind == "applies":
            trigger = {"applies": self.rng.choice(["q1", "o0", 0.6, 1, 0])}
            if self.chance(0.4):
                trigger |= {"severity": name, "read": self.rng.choice(["on_rise", "always"])}
        elif kind == "reads":
            trigger = {
                "reads": {
                    "low": self.rng.choice([0.1, "q1 / 2"]),
                    "high": 0.9,
                    "true": self.rng.choice(["q1", 0.5, "o0", 0, 1]),
                }
            }
            if self.chance(0.3):
                trigger["severity"] = name
        else:
            severity = name if kind == "level" or self.chance(0.7) else f"{name} + {self.variable()} / 2"
            threshold = {
                "level": self.rng.choice(self.variables[name]["levels"]),
                "number": self.rng.choice([0.5, "w0", "0.4 + o0"]),
                "bright": self.rng.choice([0.5, 1]),
            }[kind]
            trigger = {"severity": severity, "threshold": threshold}
            if kind != "bright":
                trigger["vagueness"] = self.rng.choice([0.3, "w1", 0, "q0"])
            trigger["read"] = self.rng.choice(["on_rise", "on_rise", "always"])
        return trigger

    def make_commitments(self, turn: list[dict[str, Any]]) -> None:
        decisions = [phase for phase in turn if "decide" in phase]
        for i in range(self.rng.choice([0, 1, 1, 2]) if self.features.commitments else 0):
            phase = self.rng.choice(decisions)
            order = [a for a in phase["actions"] if a not in NEW]
            self.rng.shuffle(order)
            others = [a for a in self.actors if a != phase["decide"]]
            pact: dict[str, Any] = {
                "from": phase["decide"],
                "to": self.rng.choice(others),
                "attach": phase["id"],
                "order": order,
                "expected": self.rng.choice(order[1:] or order),
                "trigger": self.trigger(),
                "reneging": {
                    "objective": "word",
                    "cost": self.rng.choice(["w0", 1.5, f"w1 * (1 + {self.variable()})"]),
                },
            }
            if self.chance(0.5):
                pact["in_force"] = self.rng.choice(
                    ["f0", "f0", self.moment(), self.comparison(), f"{self.comparison()} or f0 > 0.5"]
                )
            if self.features.secrets and self.chance(0.35):
                pact["known_to"] = sorted({phase["decide"], self.rng.choice(self.actors)})
            for word in ("kept", "broken"):
                if self.chance(0.3):
                    pact[word] = {"then": self.then(), **({"pays": self.pays()} if self.chance(0.5) else {})}
            self.commitments[f"pact{i}"] = pact
            if self.chance(0.15):  # a guard that asks whether the clause applies, perhaps that of its own answer
                self.rng.choice([phase, turn[-1]])["when"] = f"pact{i}.applies == {self.rng.choice(['yes', 'no'])}"

    def make_policies(self, turn: list[dict[str, Any]]) -> dict[str, Any]:
        if not self.features.policies:
            return {}
        policies: dict[str, Any] = {"status_quo": {}}
        decisions = [phase for phase in turn if "decide" in phase]
        enabled = [f"{p['id']}.{a}" for p in decisions for a in NEW if a in p["actions"]]
        other: dict[str, Any] = {}
        if enabled:
            other["enable"] = enabled
        if self.chance(0.6):
            other["set"] = self.rng.choice(
                [
                    {"q0": "q0 / 2"},
                    {"x0": 0.4, "w0": "w1 + 0.1"},
                    {"f0": "1 - f0"},
                    {"ann.precision": "ann.precision * 1.5"},
                    {"d0": -0.2},
                ]
            )
        rules = []
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            phase = self.rng.choice(decisions)
            rule: dict[str, Any] = {
                "phase": phase["id"],
                "do": self.rng.choice([a for a in phase["actions"] if a not in NEW]),
            }
            if self.chance(0.6):
                rule["when"] = self.rng.choice([self.comparison(), self.moment()])
            if self.features.secrets and self.chance(0.5):
                rule["known"] = False
                if len(self.actors) > 2 and self.chance(0.5):
                    rule["known_to"] = [self.rng.choice(self.actors)]
            rules.append(rule)
        if rules:
            other["bind"] = rules
        policies["other"] = other
        return policies

    def make_beliefs(self) -> dict[str, Any]:
        beliefs: dict[str, Any] = {}
        for actor in self.actors:
            believed: dict[str, Any] = {}
            if self.chance(0.35):
                name, value = self.rng.choice(
                    [
                        ("q0", "q0 * 1.1"),
                        ("x0", "x0 - 0.5"),
                        ("w1", 0.7),
                        ("bob.precision", "bob.precision / 2"),
                        ("f0", 0),
                        ("f0", 1),
                    ]
                )
                believed[name] = {"is": value}
            if self.chance(0.3):
                believed["o0"] = {"is": self.rng.choice(["o0 / 2", 0.4]), "known": self.chance(0.7)}
            if believed:
                beliefs[actor] = believed
        return beliefs

    def make_objectives(self) -> dict[str, Any]:
        objectives: dict[str, Any] = {}
        for actor in self.actors:
            aims: dict[str, Any] = {"word": self.rng.choice([1, 0.5, "w0"])}
            weights = [1, 2, "w1", f"w1 if {self.comparison()} else 0.5", "1 + 0.2 * t"]
            aims["gain"] = {"weight": self.rng.choice(weights), "value": self.amount()}
            if self.features.final and self.chance(0.15):
                aims["end"] = {"value": self.amount(), "final": True}
            objectives[actor] = aims
        return objectives

    def make_observations(self, turn: list[dict[str, Any]]) -> list[dict[str, Any]]:
        observations = []
        decisions = [phase for phase in turn if "decide" in phase]
        for _ in range(self.rng.choice([0, 1, 2]) if self.features.observations else 0):
            t = self.when(self.rng.randrange(self.periods))
            if self.chance(0.6):
                phase = self.rng.choice(decisions)
                count = self.rng.choice([1, 1, 2])
                what: dict[str, Any] = {
                    "took": [f"{phase['id']}.{a}" for a in self.rng.sample(sorted(phase["actions"]), count)]
                }
            else:
                what = {"is": self.comparison()}
            observations.append({"at": t, "error": self.rng.choice([0, 0.05, 0.3, "0.1 / 2"]), **what})
        return observations

    def scenario(self) -> dict[str, Any]:
        self.make_state()
        turn = self.make_turn()
        self.make_commitments(turn)
        horizon: dict[str, Any] = {"periods": self.periods, "beyond": self.rng.choice([0, 1])}
        if self.features.terminal and self.chance(0.15):
            horizon["beyond"] = {self.rng.choice(self.actors): f"x1 * {self.variable()} + 0.2"}
        if self.dated:
            horizon |= {"unit": self.unit, "first": DATES[self.unit][0]}
        actors: dict[str, Any] = {
            a: {"precision": {"uniform": [0.2, 3]}, "patience": {"uniform": [0.5, 1]}} for a in self.actors
        }
        for actor in self.actors:
            if self.features.intervals and self.chance(0.6):
                actors[actor]["ambiguity"] = {"uniform": [0, 1]}
        scenario: dict[str, Any] = {
            "horizon": horizon,
            "actors": actors,
            "assumptions": {
                **{n: {"uniform": [0.05, 0.45]} for n in self.odds},
                **{n: {"uniform": [-1.5, 1.5]} for n in ("x0", "x1")},
                **{n: {"uniform": [0.2, 1.5]} for n in ("w0", "w1")},
                **{n: {"choice": [0, 1]} for n in ("g0", "f0")},
                "d0": "x0 * 0.5 + w0",
            },
            "state": self.variables,
            "objectives": self.make_objectives(),
            "turn": turn,
            "commitments": self.commitments,
            "policies": self.make_policies(turn),
            "observations": self.make_observations(turn),
        }
        if self.features.perfect and self.chance(0.12):
            scenario["rationality"] = "perfect"
        if self.features.beliefs and self.chance(0.6):
            scenario["beliefs"] = self.make_beliefs()
        if self.chance(0.4):
            names = self.rng.sample(sorted(self.variables), self.rng.choice([1, 1, 2]))
            scenario["enters"] = [
                {n: self.rng.choice(self.variables[n]["levels"]) for n in names} | {"pays": self.pays()}
            ]
        return scenario
