"""A scenario whose commitments have dials and whose moves are counted: one compiled game for every setting of them.

Every commitment gets assumptions of its own (dials) for whether it is in force, how vague it is, where its line
lies, how wide it is read, and what breaking it costs. A compiled game keeps its numbers as formulas over assumptions,
so a world in which dials are turned is only another world of the same game: all settings in all worlds are solved as one
batch, and nothing is compiled twice. At rest the dials change nothing: a factor of 1 and a summand of 0 are exact in
floating point, and where a formula would not be (log odds there and back) the dialled text keeps what is written for
the case that its dials are at rest. (Where a commitment's number is a constant the compiler no longer multiplies it
out beforehand, which may move the last bit.)

What happens is counted by payments to an actor of no influence, the tally, which decides nothing and whose payments
nobody else sees: an expected payment of 1 a time is the expected number of times.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from itertools import product

from foedus.game.clauses import applies
from foedus.game.numbers import NumberReader
from foedus.scenario.basics import Effects, Num, Pays
from foedus.scenario.commitments import Commitment, Reading, Trigger
from foedus.scenario.dotted import applies_variable
from foedus.scenario.functions import OPERATIONS
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.parts import Action, Actor, Assumption, Objective, Phase, Policy
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import threshold_tree
from foedus.scenario.tree import LEAVES, Tree, assumption_names, fold, number, reads_time, state_names, sum_of

MOST_PLACES = 40  # places on the scale of severity that are counted apart
LONGEST = 3500  # characters of a condition, below what an expression may have


class Count(StrEnum):
    """What is counted of a commitment: times that it could bind, that its clause applied, that the answer was as expected
    or more, that a word called in was kept, that it was not, and what falling short cost."""

    OCCASIONS = "occasions"
    APPLIES = "applies"
    MEETS = "meets"
    KEPT = "kept"
    SHORT = "short"
    COST = "cost"


def raised_by(mover: str) -> str:
    """The count of the steps by which an actor's moves raise a commitment's severity."""
    return f"raised__{mover}"


def raises_by(mover: str) -> str:
    """The count of the times that an actor's moves raise a commitment's severity."""
    return f"raises__{mover}"


def could_by(mover: str) -> str:
    """The count of the occasions on which an actor could raise a commitment's severity: decisions with an action that may."""
    return f"could__{mover}"


def read_at(place: int) -> str:
    """The count of the times that a clause is read at a place."""
    return f"at{place}"


def counter(commitment: str, what: str) -> str:
    """The tally's objective that counts ``what`` of a commitment."""
    return f"{commitment}__{what}"


@dataclass(frozen=True)
class Dials:
    """The names of a commitment's dials; at rest ``force``, ``blur``, ``width``, ``cost`` are 1, the others 0.

    Vagueness is ``blur`` times what is written plus ``extra`` steps of severity; the line is moved up by ``shift``
    (steps of severity, or log odds where the text gives probabilities).
    """

    force: str
    blur: str
    extra: str
    shift: str
    width: str
    cost: str

    @property
    def rest(self) -> dict[str, float]:
        """The dials where they change nothing."""
        return {self.force: 1, self.blur: 1, self.extra: 0, self.shift: 0, self.width: 1, self.cost: 1}


@dataclass(frozen=True)
class ReadingPlace:
    """States in which a clause is read alike: the line is ``gap`` below them and ``blur`` wide.

    Where the text gives odds instead of a line, ``gap`` are the odds and ``blur`` is None.
    """

    condition: Tree
    gap: Tree
    blur: Tree | None


@dataclass(frozen=True)
class Instrumented:
    """The scenario with dials and a tally: ``dials`` and ``places`` by commitment, and the dial of each belief in ``heard``
    by believer and assumption, which at 0 turns the belief into the truth. ``exists`` has for each ``phase.action`` that
    policies bring to life the number that is 1 under those that do."""

    scenario: Scenario
    tally: str
    dials: dict[str, Dials]
    heard: dict[tuple[str, str], str]
    places: dict[str, list[ReadingPlace]]
    exists: dict[str, str]

    @property
    def rest(self) -> dict[str, float]:
        """Every dial at rest."""
        dials = {name: value for dials in self.dials.values() for name, value in dials.rest.items()}
        return dials | dict.fromkeys(self.heard.values(), 1.0)


def instrumented(scenario: Scenario) -> Instrumented:
    """``scenario`` with dials on every commitment and hidden or open belief, and the tally's counts."""

    def dial(name: str) -> str:
        return free_name(f"dial__{name}", {*scenario.all_assumptions, *scenario.state})

    reader, twin = NumberReader(scenario), scenario.model_copy()
    tally = free_name("tally", {*scenario.actors, *scenario.all_assumptions})
    dials = {name: Dials(*(dial(f"{name}__{d.name}") for d in fields(Dials))) for name in scenario.commitments}
    believed = [(actor, name) for actor, beliefs in scenario.beliefs.items() for name in beliefs]
    heard = {(actor, name): dial(f"{actor}__{name.replace('.', '__')}__heard") for actor, name in believed}
    brought = [f"{p.id}.{name}" for p in scenario.turn for name, a in p.actions.items() if a.exists == "enabled"]
    exists = {name: dial(f"{name.replace('.', '__')}__exists") for name in brought}
    at = {name: places(reader, name) for name in scenario.commitments}
    result = Instrumented(twin, tally, dials, heard, at, exists)
    twin.commitments = {name: _turned(reader, c, dials[name]) for name, c in scenario.commitments.items()}
    twin.beliefs = {actor: dict(beliefs) for actor, beliefs in scenario.beliefs.items()}
    for (actor, name), knob in heard.items():
        belief = scenario.beliefs[actor][name]
        twin.beliefs[actor][name] = belief.model_copy(update={"is_": f"(({belief.is_}) if {knob} == 1 else {name})"})
    fixed = result.rest | dict.fromkeys(exists.values(), 0.0)
    twin.assumptions = {**scenario.assumptions, **{name: Assumption(value=v) for name, v in fixed.items()}}
    twin.policies = {name: _telling_what_exists(policy, exists) for name, policy in scenario.policies.items()}
    twin.actors = {**scenario.actors, tally: Actor()}
    counting = _Counting(reader, result)
    twin.turn = [counting.phase(phase) for phase in scenario.turn]
    twin.objectives = {**scenario.objectives, tally: {name: Objective() for name in counting.counters()}}
    return result


def _telling_what_exists(policy: Policy, exists: dict[str, str]) -> Policy:
    """The policy that also says by numbers which actions it brings to life."""
    return policy.model_copy(update={"set": policy.set | {exists[name]: 1 for name in policy.enable if name in exists}})


def draws_line(trigger: Trigger) -> bool:
    """Whether a text draws a line on the scale of severity; else it gives the odds that it applies."""
    return trigger.applies is None and trigger.reads is None


def movers(scenario: Scenario) -> list[str]:
    """The actors who decide something, in the order of the turn."""
    return list(dict.fromkeys(phase.decide for phase in scenario.turn if phase.decide is not None))


def free_name(name: str, taken: set[str]) -> str:
    """The name, with underscores where it is taken."""
    while name in taken:
        name += "_"
    return name


# --- the dials ---------------------------------------------------------------------------


def _turned(reader: NumberReader, commitment: Commitment, dial: Dials) -> Commitment:
    """The commitment with its numbers under the control of dials."""
    trigger, turned = commitment.trigger, commitment.trigger.model_copy()
    if draws_line(trigger):
        line = threshold_tree(reader.scenario, commitment)
        # A bright line is not shifted: it is where the text says in every setting that holds the odds.
        turned.threshold = f"{written(line)} + {dial.shift} * (({trigger.vagueness}) > 0)"
        turned.vagueness = f"({trigger.vagueness}) * {dial.blur} + {dial.extra}"
    elif trigger.reads is not None:
        ends = {"low": trigger.reads.low, "high": trigger.reads.high, "true": None}
        turned.reads = Reading(**{name: _odds(end, trigger.reads.true, dial) for name, end in ends.items()})
    else:
        turned.applies = _odds(None, trigger.applies, dial)
    cost = commitment.reneging.model_copy(update={"cost": f"({commitment.reneging.cost}) * {dial.cost}"})
    force = f"({commitment.in_force}) * {dial.force}"
    return commitment.model_copy(update={"trigger": turned, "reneging": cost, "in_force": force})


def _odds(end: object, true: object, dial: Dials) -> str:
    """A probability of the text under the dials: log odds moved down by ``shift``, over ``blur``.

    An end of an interval keeps its distance in log odds from the true odds times ``width``: this is what a text
    gives whose slope and whose range of lines are both ``blur`` times as wide on the scale of severity.
    """
    at, rest = f"({_logit(true)} - {dial.shift}) / {dial.blur}", f"{dial.blur} == 1 and {dial.shift} == 0"
    plain, sharp = f"({true})", f"(({true}) >= 0.5)"
    if end is not None:
        at = f"{at} + ({_logit(end)} - {_logit(true)}) * {dial.width}"
        rest, plain = f"{rest} and {dial.width} == 1", f"({end})"
    return f"({plain} if {rest} else ({sharp} if {dial.blur} == 0 else 1 / (1 + exp(-({at})))))"


def _logit(prob: object) -> str:
    return f"(-log(1 / clip({prob}, 1e-12, 1 - 1e-12) - 1))"


# --- the counts --------------------------------------------------------------------------


def severity_of(reader: NumberReader, commitment: Commitment) -> Tree | None:
    """What a commitment's moves are measured by: its severity, else its odds where they read the state.

    Where they do not, the variables at whose levels the game ends, or those of the main outcome; None without any.
    """
    if commitment.trigger.severity is not None:
        return reader.tree(commitment.trigger.severity)
    odds = applies(reader, commitment)
    return odds if state_names(odds) else end_scale(reader)


def end_scale(reader: NumberReader) -> Tree | None:
    """The sum of the variables at whose levels the game ends, or of those of the main outcome; None without any."""
    main = next(iter(outcomes_of(reader.scenario).values()), number(0))
    scales = [name for name, variable in reader.scenario.state.items() if variable.ends]
    scales = scales or sorted(state_names(main) & {*reader.scenario.state})
    return sum_of([("state", name) for name in scales]) if scales else None


def places(reader: NumberReader, name: str) -> list[ReadingPlace]:
    """The places on the scale of severity at which a clause may be read; empty where there are too many, or time counts."""
    commitment = reader.scenario.commitments[name]
    gap, blur = applies(reader, commitment), None
    if draws_line(commitment.trigger):
        gap = ("-", severity_of(reader, commitment), threshold_tree(reader.scenario, commitment))
        blur = reader.tree(commitment.trigger.vagueness)
    scales = [gap] if blur is None else [gap, blur]
    sizes = {variable.name: variable.size for variable in reader.variables()}
    names = sorted(set().union(*map(state_names, scales)))
    if any(map(reads_time, scales)) or any(n not in sizes for n in names):
        return []
    force = reader.tree(commitment.in_force)
    # States with the same distance from the line are one place: the clause is read alike there.
    alike: dict[tuple[Tree, Tree | None], list[Tree]] = {}
    for levels in product(*(range(sizes[n]) for n in names)):
        state = dict(zip(names, map(float, levels), strict=True))
        if fold(force, state) != number(0):
            here = [("==", ("state", n), number(level)) for n, level in state.items()]
            key = fold(gap, state), None if blur is None else fold(blur, state)
            alike.setdefault(key, []).append(("and", number(1), number(1), *here))
    apart = [ReadingPlace(at[0] if len(at) == 1 else ("or", *at), *key) for key, at in alike.items()]
    readable = all(len(written(fold(place.condition))) < LONGEST for place in apart)
    return apart if len(apart) <= MOST_PLACES and readable else []


@dataclass
class _Counting:
    """Pays the tally for what it counts."""

    reader: NumberReader
    result: Instrumented

    def counters(self) -> list[str]:
        """The names of everything that is counted."""
        raised = [of(mover) for mover in movers(self.reader.scenario) for of in (raised_by, raises_by, could_by)]
        read = {name: map(read_at, range(len(at))) for name, at in self.result.places.items()}
        return [counter(name, what) for name, at in read.items() for what in (*Count, *at, *raised)]

    @cached_property
    def scales(self) -> dict[str, Tree]:
        """What raises each commitment's severity, where the state does."""
        scales = {n: severity_of(self.reader, c) for n, c in self.reader.scenario.commitments.items()}
        return {name: scale for name, scale in scales.items() if scale is not None and state_names(scale)}

    def phase(self, phase: Phase) -> Phase:
        """The phase with the tally paid for what it counts."""
        if phase.decide is None:
            return phase
        asked = [name for name, c in self.reader.scenario.commitments.items() if c.attach == phase.id]
        could, actions = self.could(phase, phase.decide), dict(phase.actions)
        for name, action in actions.items():
            answered = {key: tree for n in asked for key, tree in self.answer(n, name).items()}
            actions[name] = self.action(phase.decide, action, answered | could)
        return phase.model_copy(update={"actions": actions})

    def answer(self, name: str, action: str) -> dict[str, Tree]:
        """What one answer to a commitment counts as."""
        commitment = self.reader.scenario.commitments[name]
        force: Tree = ("!=", self.reader.tree(commitment.in_force), number(0))
        applied: Tree = ("*", force, ("==", ("state", applies_variable(name)), number(1)))
        steps = {answer: i for i, answer in enumerate(commitment.order)}
        short = steps[commitment.expected] - steps[action] if action in steps else 0
        counts: dict[str, Tree] = {Count.OCCASIONS: force, Count.APPLIES: applied}
        if action in steps:
            counts |= {Count.SHORT: applied} if short > 0 else {Count.KEPT: applied, Count.MEETS: force}
        if short > 0:
            cost = ("*", self.reader.tree(commitment.reneging.cost), ("asm", self.result.dials[name].cost))
            counts[Count.COST] = ("*", ("*", applied, number(short)), cost)
        counts |= {read_at(i): ("*", force, at.condition) for i, at in enumerate(self.result.places[name])}
        return {counter(name, what): tree for what, tree in counts.items()}

    def action(self, mover: str, action: Action, answered: dict[str, Tree]) -> Action:
        """The action with its counts, and by how much each of its branches raises each commitment's severity."""
        chance, raised = [], {} if action.chance else self.raised(mover, action.then)
        pays = self.paid(action.pays, answered | raised)
        for branch in action.chance:
            raised = self.raised(mover, {**action.then, **branch.then})
            chance.append(branch.model_copy(update={"pays": self.paid(branch.pays, raised)}))
        return action.model_copy(update={"pays": pays, "chance": chance})

    def raised(self, mover: str, then: Effects) -> dict[str, Tree]:
        """max(0, severity after - severity before) of each commitment whose severity reads what is changed, and whether
        it is above 0."""
        counts: dict[str, Tree] = {}
        for n, (before, after) in self.moved(then).items():
            counts[counter(n, raised_by(mover))] = ("max", number(0), ("-", after, before))
            counts[counter(n, raises_by(mover))] = (">", after, before)
        return counts

    def moved(self, then: Effects) -> dict[str, tuple[Tree, Tree]]:
        """(severity before, severity after) of each commitment whose severity reads what is changed."""
        effects = {v: self.reader.tree(value, target=v) for v, value in then.items()}
        touched = {n: scale for n, scale in self.scales.items() if state_names(scale) & effects.keys()}
        return {n: (scale, after_effects(scale, effects)) for n, scale in touched.items()}

    def could(self, phase: Phase, mover: str) -> dict[str, Tree]:
        """Whether some action that can be taken may raise each commitment's severity."""
        ways: dict[str, list[Tree]] = {}
        for name, action in phase.actions.items():
            free: Tree = number(1) if action.when is None else ("!=", self.reader.tree(action.when), number(0))
            if (dial := self.result.exists.get(f"{phase.id}.{name}")) is not None:
                free = ("and", free, ("asm", dial))
            for then in [{**action.then, **branch.then} for branch in action.chance] or [action.then]:
                for n, (before, after) in self.moved(then).items():
                    ways.setdefault(counter(n, could_by(mover)), []).append(("and", free, (">", after, before)))
        trees = {name: fold(("or", number(0), *dict.fromkeys(some))) for name, some in ways.items()}
        return {name: tree for name, tree in trees.items() if len(written(tree)) < LONGEST}

    def paid(self, pays: Pays, counts: dict[str, Tree]) -> Pays:
        """The payments with the tally's."""
        folded = {name: fold(tree) for name, tree in counts.items()}
        texts: dict[str, Num] = {name: written(tree) for name, tree in folded.items() if tree != number(0)}
        return {**pays, self.result.tally: texts} if texts else pays


def after_effects(tree: Tree, effects: dict[str, Tree]) -> Tree:
    """The tree with variables replaced by what they are set to."""
    if tree[0] in LEAVES:
        return effects.get(tree[1], tree) if tree[0] == "state" else tree
    return (tree[0], *(after_effects(part, effects) for part in tree[1:]))


# --- what a commitment rests on ----------------------------------------------------------


def bearing(reader: NumberReader, name: str) -> set[str]:
    """The assumptions that a commitment's trigger rests on, those that others are derived from included."""
    commitment = reader.scenario.commitments[name]
    trigger, reads = commitment.trigger, commitment.trigger.reads
    odds = () if reads is None else (reads.low, reads.high, reads.true)
    values = trigger.severity, trigger.vagueness, trigger.applies, *odds
    trees = [reader.tree(value) for value in values if value is not None]
    if draws_line(trigger):
        trees.append(threshold_tree(reader.scenario, commitment))
    return based_on(reader, trees)


def based_on(reader: NumberReader, trees: list[Tree]) -> set[str]:
    """The assumptions that trees read, directly or through derived ones (among which there are no circles)."""
    names: set[str] = set().union(*map(assumption_names, trees))
    values = [reader.scenario.all_assumptions[name].value for name in names]
    derived = [reader.tree(value) for value in values if isinstance(value, str)]
    return names | based_on(reader, derived) if derived else names


def written(tree: Tree) -> str:
    """A tree as text that reads back as the same tree, numbers to the last bit (``tree.text`` is for people)."""
    kind = tree[0]
    if kind == "num":
        return f"({float(tree[1])!r})"
    if kind in LEAVES:
        return "t" if kind == "t" else str(tree[1])
    text = OPERATIONS[kind].written([written(part) for part in tree[1:]])
    return f"({text})" if kind in ("neg", "not") else text
