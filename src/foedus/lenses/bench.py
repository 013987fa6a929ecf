"""Games solved anew with commitments set otherwise: in force or not, clearer or vaguer, dearer or cheaper to break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from foedus.arraytypes import Floats
from foedus.game.clauses import applies
from foedus.game.words import Words
from foedus.lenses.dials import COUNTS, Dialled, Place, based_on, bearing, dialled
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Query
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import evaluate, state_names
from foedus.worlds.sample import resolve
from foedus.worlds.simulate import Games, PolicyResult, simulate

if TYPE_CHECKING:
    from foedus.runs.result import Run


MEASURES = (*COUNTS, "addressee", "obligor", "others")
WORK = 3_000_000  # branches x periods x worlds of one solve that are thought affordable in a report
SHARP = 0.02  # stands for a bright line where the odds are held: a line itself cannot be read as applying half the time
TRIED = 4  # policies tried before a commitment is said never to be in force


@dataclass(frozen=True)
class Setting:
    """A name and what the dials are set to, numbers or arrays [world]."""

    name: str
    dials: Mapping[str, float | Floats] = field(default_factory=dict)


class Bench:
    """A run's scenario with dials, compiled once for each set of enabled actions."""

    def __init__(self, run: Run, policy: str, queries: Sequence[Query] = ()):
        self.scenario: Scenario = run.scenario
        self.words = Words(run.scenario)
        self.made: Dialled = dialled(run.scenario)
        self.outcomes = outcomes_of(run.scenario)
        self.games = Games(self.made.scenario, queries, self.outcomes, observe=False)
        size = self.games.play(policy)[0].game
        most = WORK // max(size.branches * size.solved, 1)
        few = standing_for(run, int(np.clip(most, FEWEST, MOST)))
        self.draws, self.weights = few.draws, few.weights
        self.policy, self.policies = policy, list(run.policies)
        self._bases: dict[str, Batch] = {}

    def base(self, policy: str) -> Batch:
        """Things as they are under a policy."""
        if policy not in self._bases:
            self._bases[policy] = self.solve(policy, [Setting("as_is")])
        return self._bases[policy]

    def solve(self, policy: str, settings: Sequence[Setting]) -> Batch:
        """All settings in all worlds, as one batch."""
        worlds = len(self.weights)
        draws = {name: np.tile(draw, len(settings)) for name, draw in self.draws.items()}
        for dial, rest in self.made.rest.items():
            parts = [np.broadcast_to(np.asarray(s.dials.get(dial, rest), float), worlds) for s in settings]
            draws[dial] = np.concatenate(parts)
        solved = simulate(
            self.made.scenario, draws, [policy], [], outcomes=self.outcomes, observe=False, games=self.games
        )
        return Batch(solved.results[policy], worlds)

    def under(self, name: str) -> str | None:
        """The policy under which to look at a commitment: the one asked for, else one that brings it into force."""
        return self.together([name])

    def together(self, names: Sequence[str]) -> str | None:
        """The first policy under which all of some commitments are in force at some time; None where none is found."""
        bears = {p: min(self._concerns(p, name) for name in names) for p in self.policies if p != self.policy}
        likely = sorted((p for p in bears if bears[p]), key=lambda p: -bears[p])
        for policy in [self.policy, *likely[:TRIED]]:
            if all(self.base(policy).count(f"{name}__occasions").max() > 1e-9 for name in names):
                return policy
        return None

    def _concerns(self, policy: str, name: str) -> int:
        """How a policy bears on whether a commitment is in force: 2 by what it sets or enables, 1 by what it binds, or 0."""
        force = self.words.tree(self.scenario.commitments[name].in_force)
        written = self.scenario.all_policies[policy]
        reads, variables = set(based_on(self.words, [force])), state_names(force)
        moves = {
            f"{phase.id}.{action}"
            for phase in self.scenario.turn
            for action, made in phase.actions.items()
            if any(variables & then.keys() for then in (made.then, *(branch.then for branch in made.chance)))
        }
        if reads & written.set.keys() or moves & {*written.enable}:
            return 2
        return int(bool(moves & {f"{rule.phase}.{rule.do}" for rule in written.bind}))

    def settings(self, name: str, policy: str) -> list[Setting]:
        """Everything that is asked about a commitment, but for things as they are."""
        dials, commitment = self.made.dials[name], self.scenario.commitments[name]
        found = [Setting("off", {dials.force: 0})]
        if self.dial(name):
            found += [Setting(f"vague {k:g}", self.blurred(name, k)) for k in VAGUENESS if k != self.written(name)]
        held = self.held(name, policy)
        if held is not None:
            found += [
                Setting(f"odds {k:g}", {**self.blurred(name, max(k, SHARP)), dials.shift: held[k]})
                for k in VAGUENESS
                if k != 1
            ]
        found += [Setting(f"cost {m:g}", {dials.cost: m}) for m in CREDIBILITY if m != 1]
        bears = set(bearing(self.words, name))
        for kind, known in (("no_hidden", False), ("no_open", True)):
            heard = [
                dial
                for (actor, assumption), dial in self.made.heard.items()
                if assumption in bears and self.scenario.beliefs[actor][assumption].known == known
            ]
            if heard:
                found.append(Setting(kind, dict.fromkeys(heard, 0.0)))
        if commitment.trigger.reads is not None:
            found.append(Setting("no_interval", {dials.width: 0}))
        return found

    def dial(self, name: str) -> str:
        """How a text is made vaguer: its line is ``blurred``, a bright line ``added`` to in steps of severity, or its
        interval ``widened`` where its odds are the same in every state; empty where it gives one number and no line."""
        trigger = self.scenario.commitments[name].trigger
        if trigger.severity is not None:
            return "added" if self.words.tree(trigger.vagueness) == ("num", 0.0) else "blurred"
        if state_names(applies(self.words, self.scenario.commitments[name])):
            return "blurred"
        return "widened" if trigger.reads is not None else ""

    def written(self, name: str) -> float:
        """Where on the grid of vagueness the text as it is written stands."""
        return 0.0 if self.dial(name) == "added" else 1.0

    def blurred(self, name: str, k: float) -> dict[str, float]:
        """The dials of a text ``k`` times as vague as written, or of ``k`` steps where a bright line is; 0 is a bright line."""
        dials = self.made.dials[name]
        by = {"blurred": {dials.blur: k}, "widened": {dials.width: k}, "added": {dials.extra: k}}
        return by.get(self.dial(name), {})

    def held(self, name: str, policy: str) -> dict[float, Floats] | None:
        """For every vagueness how far to move the line so that the clause applies as often, at the severities at
        which it is read now; None where these cannot be told apart."""
        found = self.made.places[name]
        if not found or self.dial(name) != "blurred":
            return None
        base = self.base(policy)
        env = resolve(self.scenario, self.draws, self.scenario.all_policies[policy].set)
        weight = np.stack([base.count(f"{name}__at{i}")[0] for i in range(len(found))])
        gap, blur = (np.stack(part) for part in zip(*(_place(place, env, len(self.weights)) for place in found)))
        return {k: level_shift(gap, blur, weight, max(k, SHARP)) for k in VAGUENESS if k != 1}

    def read(self, name: str, batch: Batch, s: int) -> dict[str, Floats]:
        """Measures, outcomes and values of one setting, [world, ...] each."""
        commitment = self.scenario.commitments[name]
        counts = [batch.count(f"{name}__{what}")[s] for what in COUNTS]
        raised = {
            actor: batch.count(f"{name}__raised__{actor}")[s]
            for actor in dict.fromkeys(phase.decide for phase in self.scenario.turn if phase.decide is not None)
        }
        zero = np.zeros(len(self.weights))
        for parties in ([a for a in commitment.to if a != commitment.from_], [commitment.from_]):
            counts.append(sum((raised[a] for a in parties if a in raised), zero))
        outside = [a for a in raised if a not in (commitment.from_, *commitment.to)]
        counts.append(sum((raised[a] for a in outside), zero))
        value = np.stack([batch.got(actor)[s] for actor in self.scenario.actors], axis=1)
        return {"amount": np.stack(counts, axis=1), "prob": batch.outcomes[s], "value": value}


def standing_for(run: Run, most: int) -> Run:
    """The run on at most ``most`` worlds that stand for all, drawn finer where one world would be drawn many times."""
    drawn = [run.few(most), *(run.few(k * most) for k in (2, 4) if k * most < len(run.weights))]
    return max((few for few in drawn if len(few.weights) <= most), key=lambda few: len(few.weights), default=drawn[0])


@dataclass
class Batch:
    """A solved batch; every array is [setting, world, ...]."""

    result: PolicyResult
    worlds: int

    def _split(self, values: Floats) -> Floats:
        return values.reshape(-1, self.worlds, *values.shape[1:])

    def count(self, name: str) -> Floats:
        """What the tally counted."""
        which = [i for i, (_, objective) in enumerate(self.result.objectives) if objective == name]
        return self._split(self.result.pays[:, which].sum(axis=1))

    def got(self, actor: str) -> Floats:
        """What an actor gets over the reported periods, discounted."""
        which = [i for i, (a, o) in enumerate(self.result.objectives) if a == actor and o != "terminal"]
        return self._split(self.result.pays[:, which].sum(axis=1))

    @property
    def outcomes(self) -> Floats:
        """The probability of each outcome by the end."""
        return self._split(self.result.by[:, -1])


def _place(place: Place, env: Mapping[str, Floats], worlds: int) -> tuple[Floats, Floats]:
    """(distance above the line, width of the line), in log odds and 1 where the text gives odds; [world] each."""
    gap = np.broadcast_to(np.asarray(evaluate(place.gap, {}, env), float), worlds)
    if place.blur is None:
        return -np.log(1 / np.clip(gap, 1e-12, 1 - 1e-12) - 1), np.ones(worlds)
    return gap, np.broadcast_to(np.asarray(evaluate(place.blur, {}, env), float), worlds)


VAGUENESS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)  # times what is written (steps of severity where a bright line is written)
CREDIBILITY = (0.0, 0.5, 1.0, 2.0, 4.0)  # times what breaking the word costs now


FEWEST, MOST = 8, 40


def level_shift(gap: Floats, blur: Floats, weight: Floats, k: float) -> Floats:
    """[world] how far the line must move up when its vagueness is multiplied by ``k`` for the clause to apply as often.

    ``gap``, ``blur`` and ``weight`` are [place, world]: how far above the line each place is, how wide the line is
    there, and how often the clause is read there. Lines without width stay where they are. By bisection; 0 where
    the clause is never read.
    """
    from scipy.special import expit

    total = weight.sum(axis=0)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)

    def mean(shift: Floats | float, k: float) -> Floats:
        line = gap - shift * (blur > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.where(blur > 0, expit(line / (blur * k)), line >= 0)
        return np.asarray((share * odds).sum(axis=0))

    target = mean(0.0, 1.0)
    high = np.abs(gap).max(axis=0) + 60 * blur.max(axis=0) * max(k, 1.0)
    low = -high
    for _ in range(80):
        middle = (low + high) / 2
        over = mean(middle, k) > target
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(total > 0, (low + high) / 2, 0.0)
