"""Which part of a model its forecasts owe their score to: each mechanism dropped in turn, and scored anew.

A mechanism is a commitment (never in force), an actor's weighing of consequences (precision 0: it acts by base rates
alone) or that of all actors together, a belief (the actor sees the number as it is) or an objective (weight 0). The game is compiled once, with a
switch beside each; every mechanism is then tried in the same worlds, weighed anew by the same observations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from foedus.record.score import FORECASTERS, Forecast, forecasts, resampled
from foedus.scenario.schema import Assumption, Commitment, Objective, Scenario
from foedus.scenario.scope import objectives_of
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, PolicyResult, simulate

M = TypeVar("M", Assumption, Commitment, Objective)
WORLDS = 50
_NOTHING = 1e-9


@dataclass(frozen=True)
class Mechanism:
    """A part of a scenario that can be dropped: ``kind`` is commitment, weighing, belief or objective; ``actor`` is
    empty for a commitment and for the weighing of all actors, ``name`` for any weighing."""

    kind: str
    actor: str = ""
    name: str = ""


EVERYONE = Mechanism("weighing")


def mechanisms(scenario: Scenario) -> list[Mechanism]:
    """All that can be dropped from a scenario, one at a time."""
    found = [Mechanism("commitment", "", name) for name in scenario.commitments]
    if scenario.rationality != "perfect":
        movers = [actor for actor in scenario.actors if any(phase.decide == actor for phase in scenario.turn)]
        found += [Mechanism("weighing", actor) for actor in movers]
        found += [EVERYONE] if len(movers) > 1 else []
    found += [Mechanism("belief", actor, name) for actor, held in scenario.beliefs.items() for name in held]
    return found + [
        Mechanism("objective", actor, name) for actor, wanted in objectives_of(scenario).items() for name in wanted
    ]


def switched(scenario: Scenario, parts: list[Mechanism]) -> tuple[Scenario, dict[Mechanism, list[str]]]:
    """The same scenario, and the assumptions that take each part away when they are 0; they are 1, or precisions."""
    taken, switches = set(scenario.all_assumptions) | set(scenario.state), {}
    for part in (part for part in parts if part != EVERYONE):
        name = "_".join(word for word in ("keep", part.kind, part.actor, part.name) if word)
        while name in taken:
            name += "_"
        taken.add(name)
        switches[part] = name
    actors, commitments = dict(scenario.actors), dict(scenario.commitments)
    objectives, beliefs = objectives_of(scenario), {actor: dict(held) for actor, held in scenario.beliefs.items()}
    for part, name in switches.items():
        if part.kind == "commitment":
            commitments[part.name] = _off(commitments[part.name], "in_force", name)
        elif part.kind == "objective":
            objectives[part.actor][part.name] = _off(objectives[part.actor][part.name], "weight", name)
        elif part.kind == "belief":
            held = beliefs[part.actor][part.name]
            mixed = f"({held.is_}) * {name} + {part.name} * (1 - {name})"
            beliefs[part.actor][part.name] = held.model_copy(update={"is_": mixed})
        elif isinstance(actors[part.actor].precision.value, str):
            precision = _off(actors[part.actor].precision, "value", name)
            actors[part.actor] = actors[part.actor].model_copy(update={"precision": precision})
        else:
            switches[part] = f"{part.actor}.precision"
    added = {name: Assumption(value=1.0) for name in switches.values() if name not in scenario.all_assumptions}
    update = {
        "actors": actors,
        "commitments": commitments,
        "beliefs": beliefs,
        "objectives": {actor: wanted for actor, wanted in objectives.items() if wanted},
        "assumptions": {**scenario.assumptions, **added},
    }
    found = {part: [name] for part, name in switches.items()}
    if EVERYONE in parts:
        found[EVERYONE] = [name for part, name in switches.items() if part.kind == "weighing"]
    return scenario.model_copy(update=update), found


def _off(written: M, key: str, switch: str) -> M:
    """A number of a part times its switch."""
    return written.model_copy(update={key: f"({getattr(written, key)}) * {switch}"})


def drop_each(
    scenario: Scenario,
    worlds: int = WORLDS,
    seed: int = 0,
    horizon: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The score with all mechanisms, and without each, as plain data; the most harmful ones (lowest change) first.

    ``change`` is the log score without the mechanism less that with it: below 0 the forecasts are better without.
    Those that change nothing are counted in ``idle``.
    """
    parts = mechanisms(scenario)
    twin, switches = switched(scenario, parts)
    draws = sample(twin, worlds, seed)
    batches = [draws, *({**draws, **dict.fromkeys(switches[part], np.zeros(worlds))} for part in parts)]
    together = {name: np.concatenate([batch[name] for batch in batches]) for name in draws}
    policy, total, done = scenario.factual_policy, worlds * len(batches), 0
    games = Games(twin, (), {}, ahead=horizon, lean=True)

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    result = simulate(twin, together, [policy], games=games, progress=tell).results[policy]
    whole, *rest = [forecasts(scenario, _part(result, i, worlds), horizon) for i in range(len(batches))]
    found = [_change(part, whole, made) for part, made in zip(parts, rest, strict=True)]
    moved = [one for one in found if abs(one["change"]["difference"]) > _NOTHING]
    return {
        "worlds": worlds,
        **_scores(whole),
        "tried": len(found),
        "idle": len(found) - len(moved),
        "each": sorted(moved, key=lambda one: float(one["change"]["difference"])),
    }


def _part(result: PolicyResult, i: int, worlds: int) -> PolicyResult:
    """The results of one batch of worlds."""
    which = slice(i * worlds, (i + 1) * worlds)
    return replace(result, parts={name: values[which] for name, values in result.parts.items()})


def _scores(made: list[Forecast]) -> dict[str, float]:
    return {kind: float(np.mean([one.score(kind, "model") for one in made])) for kind in ("log_score", "brier_score")}


def _change(part: Mechanism, whole: list[Forecast], made: list[Forecast]) -> dict[str, Any]:
    gaps = [a.surprise(FORECASTERS[0]) - b.surprise(FORECASTERS[0]) for a, b in zip(made, whole, strict=True)]
    change = resampled(gaps, [one.asked.period for one in made])
    return {"kind": part.kind, "actor": part.actor, "name": part.name, **_scores(made), "change": change}


def to_blame(dropped: Mapping[str, Any]) -> dict[str, Any] | None:
    """The mechanism without which the forecasts would have been best; None where every one helps or is idle."""
    worst = next(iter(dropped["each"]), None)
    return worst if worst is not None and worst["change"]["difference"] < 0 else None
