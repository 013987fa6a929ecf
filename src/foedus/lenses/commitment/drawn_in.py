"""Why a promise of help is kept or not: fulfilment, entanglement, entrapment, and two kinds of abandonment.

A *call* is an answer that the obligor is asked for while the commitment is in force and severity stands above its lowest.
What the obligor wants there is told by what its answers are worth to it apart from what breaking its word costs (here
``want``: the best answer that is as expected or more is worth at least the best that falls short).

- *Fulfilment*: the clause applied, it answers as expected, and wants to anyway.
- *Entanglement* (Kim 2011): it answers as expected, though it would rather not, because of its word: counted is by how
  much oftener it does so than if its word cost nothing to break at this answer, everything else and all that follows as is.
- *Entrapment* (Snyder 1984; Kim 2011): the part of entanglement in conflicts that its ally started or escalated: since
  severity last stood at its lowest, a move of the ally's has raised it.
- *Breach*: the clause applied, and it falls short.
- *Read away*: others attacked, the clause was read as not applying, and no help came (it falls short of what is expected).
  With breaches this is abandonment (Snyder 1984).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from foedus.arraytypes import Floats, Longs
from foedus.game.arrays import LANES
from foedus.game.clauses import severities
from foedus.game.numbers import NumberReader
from foedus.lenses.action_values import ActionValues
from foedus.lenses.dials import after_effects, end_scale, free_name, severity_of, written
from foedus.scenario.basics import Effects, Num
from foedus.scenario.commitments import Commitment
from foedus.scenario.dotted import applies_variable
from foedus.scenario.parts import Action, Actor, Objective, Phase, StateVariable
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree, assumption_names, fold, number, reads_time, state_names
from foedus.solve.flow import flows, push
from foedus.worlds.blocks import Block, Shape, blocks
from foedus.worlds.simulate import Games
from foedus.worlds.ties import rounding


class Answered(StrEnum):
    """What is counted, in expected times over the reported periods; ``started``: calls in conflicts that the ally raised."""

    CALLS = "calls"
    STARTED = "started"
    FULFILMENT = "fulfilment"
    ENTANGLEMENT = "entanglement"
    ENTRAPMENT = "entrapment"
    BREACH = "breach"
    READ_AWAY = "read_away"


class _Told(StrEnum):
    """What the tally is paid at each answer, which tells of the state: 1 at a call, 1 at one in a conflict that the ally
    raised, 1 where the clause applied, and what the answer costs as a broken word."""

    CALL = "call"
    ALLYS = "allys"
    APPLIED = "applied"
    PRICE = "price"


def answers(scenario: Scenario, name: str, policy: str, draws: Mapping[str, Floats]) -> Floats:
    """[world, Answered] of commitment ``name`` under ``policy`` in the worlds of ``draws`` {assumption: [world]}."""
    watched, tally = _watched(scenario, name)
    games = Games(watched, (), {}, observe=False)
    solved, commitment = blocks(games, policy, draws), watched.commitments[name]
    return np.concatenate([_Answers(each, name, commitment, tally).count()[: each.width] for each in solved])


# --- the scenario that remembers who raised severity ----------------------------------------


def _watched(scenario: Scenario, name: str) -> tuple[Scenario, str]:
    """The scenario with a variable for whether the ally raised severity, and a tally that reads it; the tally's name."""
    reader, commitment = NumberReader(scenario), scenario.commitments[name]
    tally = free_name("tally", {*scenario.actors, *scenario.all_assumptions})
    flag = free_name("ally_raised", {*scenario.state, *scenario.all_assumptions, *scenario.actors})
    scale = severity_of(reader, commitment)
    if scale is not None and (assumption_names(scale) or reads_time(scale)):
        scale = end_scale(reader)
    watch = _Watch(reader, commitment, name, tally, flag, scale)
    twin = scenario.model_copy()
    twin.actors = {**scenario.actors, tally: Actor()}
    twin.objectives = {**scenario.objectives, tally: {each: Objective() for each in _Told}}
    twin.turn = [watch.phase(phase) for phase in scenario.turn]
    if scale is not None:
        twin.state = {**scenario.state, flag: StateVariable(levels=["no", "yes"], start="no")}
    return twin, tally


@dataclass(frozen=True)
class _Watch:
    """Notes in ``flag`` whether the ally raised the ``scale``, and pays the ``tally`` at answers."""

    reader: NumberReader
    commitment: Commitment
    name: str
    tally: str
    flag: str
    scale: Tree | None

    @property
    def up(self) -> Tree:
        """Whether severity stands above its lowest."""
        if self.scale is None:
            return number(1)
        return (">", self.scale, number(severities(self.reader, self.scale)[0]))

    def phase(self, phase: Phase) -> Phase:
        """The phase with what its moves note, and what its answers pay."""
        ally = phase.decide in self.commitment.to and phase.decide != self.commitment.from_
        chance = [
            branch.model_copy(update={"then": self.noted(branch.then, branch.then, ally)}) for branch in phase.chance
        ]
        actions = {name: self.action(action, ally) for name, action in phase.actions.items()}
        if phase.id == self.commitment.attach:
            paid = {name: self.told(name) for name in actions}
            actions = {
                name: action.model_copy(update={"pays": {**action.pays, self.tally: paid[name]}})
                for name, action in actions.items()
            }
        return phase.model_copy(update={"chance": chance, "actions": actions})

    def action(self, action: Action, ally: bool) -> Action:
        """The action with what each of its ways to end notes."""
        if not action.chance:
            return action.model_copy(update={"then": self.noted(action.then, action.then, ally)})
        chance = [
            branch.model_copy(update={"then": self.noted(branch.then, {**action.then, **branch.then}, ally)})
            for branch in action.chance
        ]
        return action.model_copy(update={"chance": chance})

    def noted(self, then: Effects, whole: Effects, ally: bool) -> Effects:
        """Effects ``then`` with the note, where the ``whole`` of what happens touches severity."""
        effects = {v: self.reader.tree(value, target=v) for v, value in whole.items()}
        if self.scale is None or not state_names(self.scale) & effects.keys():
            return then
        note: Tree = ("if", self.up, ("state", self.flag), number(0))  # from the lowest on a conflict begins anew
        if ally:
            note = ("if", (">", after_effects(self.scale, effects), self.scale), number(1), note)
        return {**then, self.flag: written(fold(note))}

    def told(self, action: str) -> dict[str, Num]:
        """What an answer pays the tally."""
        order, expected = self.commitment.order, self.commitment.order.index(self.commitment.expected)
        force: Tree = ("!=", self.reader.tree(self.commitment.in_force), number(0))
        applied: Tree = ("*", force, ("==", ("state", applies_variable(self.name)), number(1)))
        call: Tree = ("*", force, self.up)
        allys: Tree = number(0) if self.scale is None else ("*", call, ("state", self.flag))
        short = max(expected - order.index(action), 0) if action in order else 0
        price: Tree = ("*", ("*", applied, number(short)), self.reader.tree(self.commitment.reneging.cost))
        trees = {_Told.CALL: call, _Told.ALLYS: allys, _Told.APPLIED: applied, _Told.PRICE: price}
        return {str(each): written(tree) for each, tree in trees.items()}


# --- what is counted ------------------------------------------------------------------------


class _Answers:
    """The obligor's answers to one commitment in a block of worlds.

    ``acts`` [A] are the actions at its ``nodes`` [N], ``of`` [A] the node of each among these, ``meets`` and ``falls`` [A]
    whether an answer is as expected or more, or falls short.
    """

    def __init__(self, block: Block, name: str, commitment: Commitment, tally: str):
        self.block, self.g, turn = block, block.game.arrays, block.game.turn
        self.values = ActionValues(block, turn.actors.index(commitment.from_))
        self.k = next(k for k, phase in enumerate(turn.phases) if phase.id == commitment.attach)
        self.reading = next(k for k, phase in enumerate(turn.phases) if phase.commitment == name)
        self.inside = np.flatnonzero(self.g.phase[self.values.nodes[self.values.node_of]] == self.k)
        self.acts = self.values.acts[self.inside]
        self.nodes, self.of = np.unique(self.values.nodes[self.values.node_of[self.inside]], return_inverse=True)
        order, expected = commitment.order, commitment.order.index(commitment.expected)
        names = [turn.phases[self.k].actions[i].name for i in block.game.action_order[self.acts]]
        steps = np.array([order.index(name) - expected if name in order else len(order) for name in names], int)
        self.meets, self.falls = (steps >= 0) & (steps < len(order)), steps < 0
        columns = [turn.objectives[o] for o in self.g.pay_obj]
        self.told = {what: self._coefficients([c == (tally, what) for c in columns]) for what in _Told}

    def _coefficients(self, which: list[bool]) -> Longs:
        """[A] the coefficient of a payment of each answer, -1 where it has none."""
        shape, chosen = Shape(self.g), np.flatnonzero(which)
        branch = np.maximum(shape.branch_of_pay[chosen], 0)
        payer = np.where(shape.action_of_pay[chosen] >= 0, shape.action_of_pay[chosen], shape.action_of_branch[branch])
        coefficient = np.full(len(self.g.base), -1)
        coefficient[payer] = self.g.pay_coef[chosen]
        return coefficient[self.acts]

    def count(self) -> Floats:
        """[LANES, Answered]"""
        counted = np.zeros((len(Answered), LANES))
        if not len(self.acts):
            return counted.T
        visits = self.block.visits()
        unread = self._read_away(visits)
        for t, now, later in self.values.periods(self.block):
            worth = self.values.worth(now, later).sum(axis=1)[self.inside]
            counted += self._period(t, now, worth, visits[t, self.nodes], unread[t, self.nodes])
        return counted.T

    def _period(self, t: int, now: Floats, worth: Floats, visits: Floats, unread: Floats) -> Floats:
        """[Answered, LANES] of one period; ``now`` are the coefficients as the obligor sees them, ``worth`` [A, LANES] what
        its answers are worth to it, ``visits`` and ``unread`` [N, LANES] how often its decisions are met."""
        true = self.block.now(t)
        call, allys, applied = (
            self._best(self._amount(true, what)) for what in (_Told.CALL, _Told.ALLYS, _Told.APPLIED)
        )
        base = now[self.g.base[self.acts]] * (now[self.g.mask[self.acts]] != 0)
        free_worth = worth + self._amount(now, _Told.PRICE)  # the same if its word cost nothing to break here
        played = self.block.played[t, self.acts]
        unbound = self._respond(base, free_worth, now[self.g.precision[self.values.actor]])
        force = self.g.force[self.acts]
        bound = self._best(np.where(force[:, None] >= 0, now[np.maximum(force, 0)], 0.0)) != 0
        met, short = (self._sum(played * answers[:, None]) for answers in (self.meets, self.falls))
        met_anyway = np.where(bound, met, self._sum(unbound * self.meets[:, None]))
        best, worst = (
            self._best(np.where(a[:, None] & (base > 0), free_worth, -np.inf)) for a in (self.meets, self.falls)
        )
        choice = np.isfinite(best) & np.isfinite(worst)
        wants, against = choice & (best >= worst - rounding(worst)), choice & (best < worst - rounding(worst))
        entangled = visits * call * against * np.maximum(met - met_anyway, 0.0)
        parts = {
            Answered.CALLS: visits * call,
            Answered.STARTED: visits * allys,
            Answered.FULFILMENT: visits * call * applied * wants * met,
            Answered.ENTANGLEMENT: entangled,
            Answered.ENTRAPMENT: entangled * allys,
            Answered.BREACH: visits * call * applied * short,
            Answered.READ_AWAY: unread * call * (1 - allys) * short,
        }
        return np.stack([part.sum(axis=0) for part in parts.values()])

    def _read_away(self, visits: Floats) -> Floats:
        """[periods, nodes, LANES] how often a decision is met right after the clause was read as not applying."""
        g, shape = self.g, Shape(self.g)
        phase = g.phase[shape.node_of_action[shape.action_of_branch]]
        no = np.flatnonzero((phase == self.reading) & (self.block.game.branch_order == 1))
        mass = np.zeros_like(visits)
        taken = flows(g, self.block.tables[0], self.block.played, visits, no)
        for b, branch in enumerate(no):
            mass[:, g.target[branch]] += taken[:, b]
        # What comes between are readings of other commitments that are answered in the same phase.
        between = (phase > self.reading) & (phase < self.k)
        push(self.block.chain, mass, ~between, days=False)
        return mass

    def _amount(self, now: Floats, what: _Told) -> Floats:
        """[A, LANES] what an answer tells."""
        coefficient = self.told[what]
        return np.where(coefficient[:, None] >= 0, now[coefficient], 0.0)

    def _sum(self, values: Floats) -> Floats:
        """[N, LANES] sums of numbers [A, LANES] over a node's answers."""
        total = np.zeros((len(self.nodes), LANES))
        np.add.at(total, self.of, values)
        return total

    def _best(self, values: Floats) -> Floats:
        """[N, LANES] the largest number [A, LANES] among a node's answers."""
        top = np.full((len(self.nodes), LANES), -np.inf)
        np.maximum.at(top, self.of, values)
        return top

    def _respond(self, base: Floats, worth: Floats, precision: Floats) -> Floats:
        """[A, LANES] how often each answer is given that is worth so much: quantal response, or the best in perfect play."""
        lead = np.where(base > 0, worth, -np.inf)
        lead = lead - self._best(lead)[self.of]
        with np.errstate(invalid="ignore"):
            weight = (
                base * (lead >= -1e-12)
                if self.block.perfect
                else base * np.exp(precision * np.where(base > 0, lead, 0.0))
            )
        total = self._sum(weight)
        return np.divide(weight, total[self.of], out=np.zeros_like(weight), where=total[self.of] > 0)
