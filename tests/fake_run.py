"""A finished run with made-up but plausible numbers, for tests of what people see."""

from __future__ import annotations

import numpy as np
import xarray as xr

from foedus.claims.owed import Owed
from foedus.claims.sweep import Precision
from foedus.claims.verdict import ClaimResult, OutcomeDriver, ReadingResult, Trial
from foedus.present.shares import Share
from foedus.runs.result import GameSize, Run
from foedus.scenario.schema import Scenario
from foedus.sensitivity.association import Driver


def fake_scenario(policies: int = 3, claims: int = 4, periods: int = 12) -> Scenario:
    """A small scenario with every part that a report shows; text that must be escaped included."""
    return Scenario.model_validate(
        {
            "title": "A pact between Arland & Borland",
            "summary": "Does the pact make <b>Arland</b> bolder, and can Cestria still hold it back?",
            "sources": {
                "article": {
                    "title": "Two against three",
                    "author": "A. Writer",
                    "date": "2024-06",
                    "url": "https://example.org/a",
                },
                "events": "A list of events",
            },
            "horizon": {"periods": periods, "unit": "month", "first": "2024-06"},
            "actors": {
                "arland": {"label": "Arland", "precision": {"uniform": [2, 6], "why": "as in the literature"}},
                "borland": {"label": "Borland", "precision": {"uniform": [2, 6]}},
                "cestria": {"label": "Cestria", "precision": 3},
            },
            "assumptions": {
                "threshold": {
                    "uniform": [1, 3],
                    "label": "Where the pact begins to bind",
                    "why": "an armed invasion is not defined",
                    "evidence": ["article", 6, "a state of war"],
                },
                "vagueness": {"lognormal": [0.4, 0.5], "why": "the text is open <on purpose>"},
                "cost": {"triangular": [0, 0.5, 2], "label": "Cost to Borland of a broken word"},
                "reach": {"choice": [0, 1], "why": "either it can or it cannot"},
                "buffer": {"value": 0.7, "why": "a fixed number"},
            },
            "state": {
                "tension": {"levels": ["calm", "crisis", "war"], "start": "calm", "ends": "war", "label": "Tension"},
                "leverage": {"levels": ["low", "mid", "high"], "start": {"mid": 0.5, "high": 0.5}},
                "provoked": {"levels": ["none", "test", "attack"], "start": "none", "within": "period"},
            },
            "objectives": {
                "arland": {"prestige": {"weight": 1}, "survival": {"weight": 2, "value": "0 - tension"}},
                "borland": {"word": 1, "treasure": 0.5},
                "cestria": {"stability": {"weight": 1, "value": "0 - tension", "label": "Quiet on its border"}},
            },
            "turn": [
                {
                    "id": "drift",
                    "chance": [{"prob": 0.1, "then": {"leverage": "low"}}, {"prob": "rest"}],
                    "label": "Leverage wears away",
                },
                {
                    "id": "provoke",
                    "decide": "arland",
                    "label": "Arland provokes",
                    "actions": {
                        "hold": {"base": 9},
                        "test": {"base": 1, "then": {"provoked": "test"}},
                        "attack": {
                            "base": 0.05,
                            "then": {"provoked": "attack", "tension": "crisis"},
                            "label": "attack an island",
                        },
                    },
                },
                {
                    "id": "help",
                    "decide": "borland",
                    "when": "tension >= crisis",
                    "actions": {"none": {"base": 5}, "materiel": {}, "troops": {"when": "leverage < high"}},
                },
                {
                    "id": "offer",
                    "decide": "cestria",
                    "at": ["2024-09"],
                    "actions": {"pass": {}, "propose": {"exists": "enabled"}},
                },
            ],
            "commitments": {
                "pact": {
                    "from": "borland",
                    "to": "arland",
                    "attach": "help",
                    "order": ["none", "materiel", "troops"],
                    "expected": "materiel",
                    "reneging": {"objective": "word", "cost": "cost"},
                    "label": "The pact",
                    "trigger": {"severity": "tension", "threshold": "threshold", "vagueness": "vagueness"},
                }
            },
            "beliefs": {"arland": {"threshold": {"is": "threshold - 0.5"}}},
            "policies": {
                name: {"label": f"Policy number {i}" if i > 2 else "", "why": "to compare"}
                for i, name in enumerate(_policy_names(policies))
            },
            "observations": [
                {
                    "at": "2024-07",
                    "took": ["provoke.test"],
                    "error": 0.05,
                    "source": "events",
                    "event": "a missile <flew>",
                },
                {"at": "2024-08", "is": "tension == calm", "error": 0.05, "source": "events"},
            ],
            "outcomes": {
                "war": {"event": "tension == war", "label": "War"},
                "crisis": {"event": "tension >= crisis", "label": "Crisis or worse"},
                "lost": "leverage == low",
            },
            "claims": {
                f"claim{i}": {
                    "says": f"The {_ordinal(i)} sentence says that <i>risk</i> rises & falls with the pact.",
                    "evidence": ["article", i + 1],
                    "readings": {
                        "main": "prob(eventually(tension == war)) > 0.01",
                        "other": "rate(provoke.attack) > 0.005",
                    },
                    "rests_on": {"cost": 0} if i % 2 else {},
                    "literature": {"for": ["Someone 2011"], "against": ["Johnson and Leeds 2011 find no such thing"]}
                    if i == 1
                    else {},
                    "label": f"Claim {i} in short",
                }
                for i in range(claims)
            },
        }
    )


def _ordinal(i: int) -> str:
    return ("first", "second", "third", "fourth")[i] if i < 4 else f"{i + 1}th"


def _policy_names(count: int) -> list[str]:
    names = ["status_quo", "no_pact", "explicit_pact"]
    return (names + [f"measure_{i}" for i in range(3, count)])[:count]


def fake_run(
    worlds: int = 40,
    policies: int = 3,
    claims: int = 4,
    periods: int = 12,
    observed: bool = True,
    seed: int = 7,
    scenario: Scenario | None = None,
) -> Run:
    """A run of ``fake_scenario`` (or of the one given): random numbers in the shape of real ones."""
    rng = np.random.default_rng(seed)
    scenario = scenario or fake_scenario(policies, claims, periods)
    if not observed:
        scenario.observations = []
    weights = rng.gamma(0.8, size=worlds) if observed else np.ones(worlds)
    weights = weights / weights.sum()
    data, names = _data(rng, scenario, worlds)
    return Run(
        scenario=scenario,
        draws=_draws(rng, scenario, worlds),
        weights=weights,
        ess=float(1 / (weights**2).sum()),
        observed=observed,
        loglik_by_observation=np.log(rng.uniform(0.05, 1, (len(scenario.observations), worlds))) if observed else None,
        policies=names,
        periods=[scenario.horizon.calendar.label(t) for t in range(scenario.horizon.periods)],
        data=data,
        claims=[_claim(rng, scenario, name, i) for i, name in enumerate(scenario.claims)],
        sweep=_sweep(rng, scenario, data),
        drivers=[
            OutcomeDriver(
                outcome,
                "status_quo",
                [
                    Driver(next(iter(scenario.assumptions)), 0.6, -1),
                    Driver(f"{next(iter(scenario.actors))}.precision", 0.2, 1),
                ],
            )
            for outcome in scenario.outcomes
        ],
        game=GameSize(865, 41065, 90601, 37728, 277, 1_900_000),
        meta={
            "version": "0.1.0",
            "seed": 1,
            "worlds": worlds,
            "hash": "ab12" * 8,
            "subset": 25,
            "timings": {"compile": 1.2, "solve": 30.0},
        },
    )


def _draws(rng: np.random.Generator, scenario: Scenario, worlds: int) -> dict[str, np.ndarray]:
    draws = {}
    for name, assumption in scenario.all_assumptions.items():
        fixed = assumption.distribution is None
        value = float(assumption.value) if isinstance(assumption.value, (int, float)) else 0.0
        draws[name] = np.full(worlds, value) if fixed else rng.uniform(1, 3, worlds)
    if "reach" in draws:
        draws["reach"] = rng.integers(0, 2, worlds).astype(float)
    return draws


def _data(rng: np.random.Generator, scenario: Scenario, worlds: int) -> tuple[xr.Dataset, list[str]]:
    names, periods = list(scenario.policies), scenario.horizon.periods
    outcomes = list(scenario.outcomes)
    hazard = rng.lognormal(-4, 0.8, (worlds, 1, 1, len(outcomes))) * rng.uniform(
        0.3, 1.6, (1, len(names), 1, len(outcomes))
    )
    by = 1 - np.exp(-hazard * np.arange(1, periods + 1)[None, None, :, None])
    objectives = [f"{a}.{o}" for a, each in scenario.objectives.items() for o in each]
    expected = rng.normal(0, 1, (worlds, 1, len(objectives))) + rng.normal(
        0, 0.3, (worlds, len(names), len(objectives))
    )
    actors = list(scenario.actors)
    value = np.stack(
        [expected[..., [i for i, o in enumerate(objectives) if o.startswith(a)]].sum(-1) for a in actors], -1
    )
    actions = [f"{p.id}.{a}" for p in scenario.turn for a in p.actions]
    readings = [f"{c}.{r}" for c, claim in scenario.claims.items() for r in claim.readings]
    margin = rng.normal(0, 1, (worlds, len(readings)))
    return xr.Dataset(
        {
            "outcome_by": (("world", "policy", "period", "outcome"), by),
            "outcome_at": (("world", "policy", "period", "outcome"), by * 0.6),
            "expected": (("world", "policy", "objective"), expected),
            "value": (("world", "policy", "actor"), value),
            "taken": (
                ("world", "policy", "period", "action"),
                rng.uniform(0, 0.4, (worlds, len(names), periods, len(actions))),
            ),
            "entropy": (("world", "policy", "actor"), rng.uniform(0.1, 1.2, (worlds, len(names), len(actors)))),
            "holds": (("world", "reading"), margin > 0),
            "margin": (("world", "reading"), margin),
        },
        coords={
            "policy": names,
            "outcome": outcomes,
            "objective": objectives,
            "actor": actors,
            "action": actions,
            "reading": readings,
            "period": [scenario.horizon.calendar.label(t) for t in range(periods)],
        },
    ), names


def _claim(rng: np.random.Generator, scenario: Scenario, name: str, i: int) -> ClaimResult:
    written = scenario.claims[name]
    names = [n for n, a in scenario.all_assumptions.items() if a.distribution is not None]
    centre = (0.93, 0.07, 0.55, 0.8)[i % 4]
    neutral = (None, 0.3, 0.7)[i % 3]  # untested, built in, not built in
    readings = []
    for reading, way in written.readings.items():
        share = float(np.clip(centre + rng.normal(0, 0.1), 0, 1))
        readings.append(
            ReadingResult(
                reading,
                way.holds,
                Share.of(max(float(np.clip(share + rng.normal(0, 0.15), 0, 1)), 0.96 if i % 3 == 1 else 0), 40),
                Share.of(share, 25),
                0.02 * (i % 3),
                (-0.1, 0.05, 0.3) if i != 3 else (float("nan"),) * 3,
                Trial(
                    25,
                    20.0,
                    {
                        Precision.ZERO: 1.0 if i % 3 == 1 else 0.4,
                        Precision.HALF: min(1.0, share + 0.1),
                        Precision.ONE: share,
                        Precision.TWICE: max(0.0, share - 0.3),
                        Precision.PERFECT: max(0.0, share - 0.5),
                    },
                    neutral,
                    None if neutral is None else Owed(0.6, 0.4, 0.8),
                ),
                [Driver(names[0], 0.55, -1), Driver(names[2 % len(names)], 0.3, 1)],
                "the pact binds early (threshold below 1.6)" if i else "",
            )
        )
    return ClaimResult(name, written.says, written.evidence, written.label, written.literature, readings)


def _sweep(rng: np.random.Generator, scenario: Scenario, data: xr.Dataset) -> xr.Dataset:
    final = data["outcome_by"].isel(period=-1, world=slice(0, 25)).values
    factors = np.array([2.0, 1.4, 1.0, 0.7, 0.3])[:, None, None, None]
    values = np.clip(factors * final[None], 0, 1)
    return xr.Dataset(
        {"outcome_by": (("setting", "world", "policy", "outcome"), values), "weight": ("world", np.full(25, 0.04))},
        coords={
            "setting": [str(step) for step in Precision],
            "policy": data["policy"].values,
            "outcome": data["outcome"].values,
        },
    )
