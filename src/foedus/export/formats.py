"""The formats that games are written in for other programs. A new one is a module beside this and a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from foedus.errors import FoedusError
from foedus.export.drn import to_drn
from foedus.export.efg import to_efg
from foedus.runs.settings import WORLDS
from foedus.scenario.schema import Scenario
from foedus.worlds.sample import sample


@dataclass(frozen=True)
class Format:
    """What a file of this format is, how it is written, and whether it holds the numbers of one world."""

    what: str
    write: Callable[[Scenario, Mapping[str, float], str], str]  # scenario, assumptions of a world, policy
    needs_world: bool = True


FORMATS = {
    "efg": Format("a small game as a tree, for Gambit", to_efg),
    "drn": Format("any game as the Markov chain of its solution, for Storm", to_drn),
}


def export(
    scenario: Scenario, name: str, policy: str | None = None, world: int = 0, worlds: int = WORLDS, seed: int = 0
) -> str:
    """A scenario in a format, under a policy (default: the factual one), in one world of its sample.

    FoedusError where there is no such format or world, or the format cannot say what the scenario does.
    """
    if name not in FORMATS:
        all_formats = ", ".join(f"{known} ({FORMATS[known].what})" for known in FORMATS)
        raise FoedusError(f"'{name}' is not a format. Known: {all_formats}.")
    if world >= worlds:
        raise FoedusError(f"there is no world {world}: they are numbered 0 to {worlds - 1}. Raise --worlds.")
    chosen, numbers = FORMATS[name], {}
    if chosen.needs_world:
        numbers = {name: float(draw[world]) for name, draw in sample(scenario, worlds, seed).items()}
    return chosen.write(scenario, numbers, policy or scenario.factual_policy)
