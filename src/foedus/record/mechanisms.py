"""Which part of a model its forecasts owe their score to: each mechanism dropped in turn, and scored anew.

A mechanism is a commitment (never in force), an actor's weighing of consequences (precision 0: it acts by base rates
alone; that of all together is a rival, see ``forecasts``), a belief (the actor sees the number as it is) or an objective (weight 0). The game is compiled once, with a
switch beside each; every mechanism is then tried in the same worlds, weighed anew by the same observations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from foedus.record.forecasts import Forecast, Forecaster, Score, model_forecasts
from foedus.record.score import Dropped, DroppedEach, Kind, Mechanism, mean_gap, mean_score
from foedus.scenario.commitments import Commitment
from foedus.scenario.parts import Assumption, Objective
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import objectives_of
from foedus.worlds.sample import sample
from foedus.worlds.simulate import Games, Options, simulate

M = TypeVar("M", Assumption, Commitment, Objective)
_NOTHING = 1e-9


def mechanisms(scenario: Scenario) -> list[Mechanism]:
    """All that can be dropped from a scenario, one at a time."""
    parts = [Mechanism(Kind.COMMITMENT, "", name) for name in scenario.commitments]
    if scenario.rationality != "perfect":
        movers = [actor for actor in scenario.actors if any(phase.decide == actor for phase in scenario.turn)]
        parts += [Mechanism(Kind.WEIGHING, actor, "") for actor in movers]
    parts += [Mechanism(Kind.BELIEF, actor, name) for actor, held in scenario.beliefs.items() for name in held]
    wanted = objectives_of(scenario)
    return parts + [Mechanism(Kind.OBJECTIVE, actor, name) for actor, names in wanted.items() for name in names]


def switched(scenario: Scenario, parts: list[Mechanism]) -> tuple[Scenario, dict[Mechanism, list[str]]]:
    """The same scenario, and the assumptions that take each part away when they are 0; they are 1, or precisions."""
    switches = _switch_names(scenario, parts)
    actors, commitments = dict(scenario.actors), dict(scenario.commitments)
    objectives, beliefs = objectives_of(scenario), {actor: dict(held) for actor, held in scenario.beliefs.items()}
    for part, switch in switches.items():
        match part.kind:
            case Kind.COMMITMENT:
                commitments[part.name] = _off(commitments[part.name], "in_force", switch)
            case Kind.OBJECTIVE:
                objectives[part.actor][part.name] = _off(objectives[part.actor][part.name], "weight", switch)
            case Kind.BELIEF:
                held = beliefs[part.actor][part.name]
                mixed = f"({held.is_}) * {switch} + {part.name} * (1 - {switch})"
                beliefs[part.actor][part.name] = held.model_copy(update={"is_": mixed})
            case Kind.WEIGHING if isinstance(actors[part.actor].precision.value, str):
                precision = _off(actors[part.actor].precision, "value", switch)
                actors[part.actor] = actors[part.actor].model_copy(update={"precision": precision})
            case Kind.WEIGHING:  # the precision is itself a number that can be put at 0
                switches[part] = f"{part.actor}.precision"
    added = {switch: Assumption(value=1.0) for switch in switches.values() if switch not in scenario.all_assumptions}
    wanted = {actor: names for actor, names in objectives.items() if names}
    update = {"actors": actors, "commitments": commitments, "beliefs": beliefs, "objectives": wanted}
    update |= {"assumptions": {**scenario.assumptions, **added}}
    by_part = {part: [switch] for part, switch in switches.items()}
    return scenario.model_copy(update=update), by_part


def _switch_names(scenario: Scenario, parts: list[Mechanism]) -> dict[Mechanism, str]:
    """A name for the switch of each part that the scenario does not use."""
    names: dict[Mechanism, str] = {}
    for part in parts:
        name = "_".join(word for word in ("keep", part.kind, part.actor, part.name) if word)
        while name in {*scenario.all_assumptions, *scenario.state, *names.values()}:
            name += "_"
        names[part] = name
    return names


def _off(written: M, key: str, switch: str) -> M:
    """A number of a part times its switch."""
    return written.model_copy(update={key: f"({getattr(written, key)}) * {switch}"})


def drop_each(
    scenario: Scenario, worlds: int, seed: int = 0, horizon: int = 1, progress: Callable[[int, int], None] | None = None
) -> DroppedEach:
    """The score with all mechanisms, and without each, tried in the same sampled worlds."""
    parts = mechanisms(scenario)
    twin, switches = switched(scenario, parts)
    draws = sample(twin, worlds, seed)
    # One batch of the same worlds after the other: all as written, then with each part switched off.
    batches = [draws, *({**draws, **dict.fromkeys(switches[part], np.zeros(worlds))} for part in parts)]
    together = {name: np.concatenate([batch[name] for batch in batches]) for name in draws}
    policy, total, done = scenario.factual_policy, worlds * len(batches), 0
    games = Games(twin, (), {}, ahead=horizon, lean=True)

    def tell(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done, total)

    result = simulate(twin, together, [policy], games=games, options=Options(progress=tell)).results[policy]
    tried = [result.worlds(slice(start, start + worlds)) for start in range(0, total, worlds)]
    whole, *without = [model_forecasts(scenario, batch, horizon) for batch in tried]
    dropped = [_dropped(part, whole, scored) for part, scored in zip(parts, without, strict=True)]
    matter = [drop for drop in dropped if abs(drop.change.difference) > _NOTHING]
    each = sorted(matter, key=lambda drop: drop.change.difference)
    return DroppedEach(worlds, *_scores(whole), len(dropped), len(dropped) - len(matter), each)


def _scores(forecasts: list[Forecast]) -> tuple[float, float]:
    return mean_score(forecasts, Score.LOG, Forecaster.MODEL), mean_score(forecasts, Score.BRIER, Forecaster.MODEL)


def _dropped(part: Mechanism, whole: list[Forecast], without: list[Forecast]) -> Dropped:
    change = mean_gap(without, whole, Score.LOG, Forecaster.MODEL)
    return Dropped(part.kind, part.actor, part.name, *_scores(without), change)
