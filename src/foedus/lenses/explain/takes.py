"""Moves that are asked for, as ``phase.action`` or ``phase.action@period``: which move that is, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foedus.errors import FoedusError, nearest
from foedus.game.arrays import DECIDE
from foedus.lenses.explain.routes import Routes
from foedus.present.wording import listed
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import period_of
from foedus.worlds.blocks import Block

Asked = dict[int, dict[int, int]]  # by period and phase the public action that is to be taken


@dataclass(frozen=True)
class Take:
    """A move that is asked for. ``period``: None for the first in which it can be made."""

    phase: str
    action: str
    period: int | None

    @classmethod
    def read(cls, text: str, scenario: Scenario) -> Take:
        """A move as it is written; FoedusError where there is no such phase, action or period."""
        move, _, at = text.partition("@")
        phase_id, dot, action = move.strip().partition(".")
        if not dot or not action:
            raise FoedusError(f"'{text}' is not a move. Write phase.action, or phase.action@period.")
        decided = {phase.id: phase for phase in scenario.turn if phase.decide}
        if phase_id not in decided:
            what = "a phase of chance" if any(phase.id == phase_id for phase in scenario.turn) else "no phase"
            reason = f"'{phase_id}' is {what}: only what an actor decides can be taken."
            raise FoedusError(f"{reason} {nearest(phase_id, decided)}".strip())
        if action not in decided[phase_id].actions:
            known = decided[phase_id].actions
            raise FoedusError(f"'{action}' is not an action of '{phase_id}'. {nearest(action, known)}".strip())
        return cls(phase_id, action, _period(text, at.strip(), scenario) if "@" in text else None)

    def __str__(self) -> str:
        return f"{self.phase}.{self.action}"


def _period(text: str, at: str, scenario: Scenario) -> int:
    """The period that a take names: a date, or a number as queries count."""
    calendar, periods = scenario.horizon.calendar, scenario.horizon.periods
    try:
        period = period_of(scenario, int(at) if at.isdigit() else at)
    except ValueError as error:
        raise FoedusError(f"'{text}': {error}.") from None
    if 0 <= period < periods:
        return period
    span = f"{calendar.label(0)} to {calendar.label(periods - 1)}" if scenario.horizon.first else f"0 to {periods - 1}"
    raise FoedusError(f"'{text}': the reported periods are {span}, so '{at}' is none of them.")


def placed(block: Block, takes: Sequence[Take], scenario: Scenario, policy: str) -> Asked:
    """When the moves that are asked for are made: each in its period, or in the first in which it can be, given those
    asked for before it. FoedusError, saying why, for one that cannot be made."""
    asked: Asked = {}
    for take in takes:
        phase, action = _ids(block, take, policy)
        routes = Routes(block, asked)
        decided = _Decided(routes, phase, action)
        if not decided.possible or take.period not in (None, *decided.possible):
            raise FoedusError(decided.why_not(take, scenario, policy))
        t = min(decided.possible) if take.period is None else take.period
        asked.setdefault(t, {})[phase] = action
    return asked


def _ids(block: Block, take: Take, policy: str) -> tuple[int, int]:
    """(phase, public action) in the compiled game."""
    game = block.game
    if str(take) not in game.action_ids:
        reason = f"'{take}' cannot be taken under policy '{policy}', which does not enable it."
        raise FoedusError(f"{reason} Give a policy that does: --policy NAME.")
    return game.phase_ids.index(take.phase), game.action_ids.index(str(take))


class _Decided:
    """When on some path a phase is ``decided``, when its action is ``offered`` and when it is ``possible`` (taken with
    some probability, and with what else is asked for): periods, in order."""

    def __init__(self, routes: Routes, phase: int, action: int):
        self.asked = routes.asked
        decided, offered, possible = set[int](), set[int](), set[int]()
        mask = routes.block.game.arrays.mask
        for place in routes.reached():
            t, node, _ = place
            if routes.phase[node] != phase or routes.kind[node] != DECIDE or not routes.odds[t].open[node]:
                continue
            decided.add(t)
            if t in possible or phase in self.asked.get(t, {}):
                continue
            here = [a for a in range(routes.a_ptr[node], routes.a_ptr[node + 1]) if routes.public[a] == action]
            if here and routes.block.now(t)[mask[here[0]], 0] != 0:
                offered.add(t)
                onward = ((step, to) for step, _, to in routes.onward(place))
                if any(step is not None and step.action == here[0] and routes.leads_on(to) for step, to in onward):
                    possible.add(t)
        self.decided, self.offered, self.possible = sorted(decided), sorted(offered), sorted(possible)

    def why_not(self, take: Take, scenario: Scenario, policy: str) -> str:
        """Why a move cannot be made, and what can be done."""
        label = scenario.horizon.calendar.label
        before = " with the moves asked for before it" if self.asked else ""
        at = "" if take.period is None else f" in period {label(take.period)}"
        if self.possible:
            others = listed([label(t) for t in self.possible])
            return f"'{take}' cannot be taken{at}{before}: it can be in {others}."
        if not self.decided:
            remedy = f"'{take.phase}' is never decided in this world under policy '{policy}'{before}"
            return f"'{take}' cannot be taken: {remedy}. See its 'when', or take first what leads there."
        if not self.offered:
            never = f"wherever '{take.phase}' is decided{before}, it is not on the menu in this world"
            return f"'{take}' cannot be taken: {never}. See the action's 'when'."
        bound = any(rule.phase == take.phase for rule in scenario.all_policies[policy].bind)
        cause = f"policy '{policy}' binds the actor to another action" if bound else "its probability is 0"
        return f"'{take}' cannot be taken{before}: in this world {cause} wherever it is on the menu."
