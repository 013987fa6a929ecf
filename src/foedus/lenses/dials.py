"""A scenario whose commitments can be turned by dials and counted: the same game, numbers only.

Every commitment gets assumptions of its own (dials) for whether it is in force, how vague it is, where its line
lies, how wide it is read, and what breaking it costs. At rest they change nothing, bit for bit. So one compiled
game serves every clarity and every credibility. What happens is counted by payments to an actor of no influence,
the tally, which decides nothing and whose payments nobody else sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from foedus.game.clauses import applies
from foedus.game.words import Words
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.schema import (
    Action,
    Actor,
    Assumption,
    Belief,
    Commitment,
    Effects,
    Num,
    Objective,
    Pays,
    Phase,
    Reading,
    Scenario,
    Trigger,
)
from foedus.scenario.scope import threshold_tree
from foedus.scenario.tree import Tree, assumption_names, fold, number, reads_time, state_names

COUNTS = ("occasions", "applies", "meets", "kept", "short", "cost")
MOST_PLACES = 40  # places on the scale of severity that are counted apart
LONGEST = 3500  # characters of a condition, below what an expression may have


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
class Place:
    """A set of states in which a clause is read alike: its line is ``gap`` away and ``blur`` wide, or its odds ``odds``."""

    condition: Tree
    gap: Tree
    blur: Tree | None  # None where gap is a probability


@dataclass
class Dialled:
    """The scenario with dials and a tally. ``heard`` maps a believer and an assumption to the dial of that belief."""

    scenario: Scenario
    tally: str
    dials: dict[str, Dials] = field(default_factory=dict)
    heard: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)

    @property
    def rest(self) -> dict[str, float]:
        """Every dial at rest."""
        found = {name: value for dials in self.dials.values() for name, value in dials.rest.items()}
        return found | dict.fromkeys(self.heard.values(), 1.0)


def dialled(scenario: Scenario) -> Dialled:
    """``scenario`` with dials on every commitment and hidden or open belief, and the tally's counts."""
    tally = _free("tally", {*scenario.actors, *scenario.all_assumptions})
    made = Dialled(scenario, tally)
    for name in scenario.commitments:
        made.dials[name] = Dials(*(_dial(scenario, f"{name}__{what}") for what in Dials.__dataclass_fields__))
    made.heard = {
        (actor, name): _dial(scenario, f"{actor}__{name.replace('.', '__')}__heard")
        for actor, found in scenario.beliefs.items()
        for name in found
    }
    words = Words(scenario)
    twin = scenario.model_copy()
    twin.commitments = {n: _turned(words, c, made.dials[n]) for n, c in scenario.commitments.items()}
    twin.beliefs = {
        actor: {name: _heard(name, belief, made.heard[actor, name]) for name, belief in found.items()}
        for actor, found in scenario.beliefs.items()
    }
    twin.assumptions = {**scenario.assumptions, **{name: Assumption(value=v) for name, v in made.rest.items()}}
    twin.actors = {**scenario.actors, tally: Actor()}
    for name in scenario.commitments:
        made.places[name] = places(words, name)
    twin.turn = [_counted(words, made, phase) for phase in scenario.turn]
    twin.objectives = {**scenario.objectives, tally: {name: Objective() for name in tallies(scenario, made)}}
    made.scenario = twin
    return made


def tallies(scenario: Scenario, made: Dialled) -> list[str]:
    """The names of everything that is counted."""
    movers = dict.fromkeys(phase.decide for phase in scenario.turn if phase.decide is not None)
    return [
        key
        for name in scenario.commitments
        for key in (
            *(f"{name}__{what}" for what in COUNTS),
            *(f"{name}__at{i}" for i in range(len(made.places[name]))),
            *(f"{name}__raised__{mover}" for mover in movers),
        )
    ]


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _dial(scenario: Scenario, name: str) -> str:
    return _free(f"dial__{name}", {*scenario.all_assumptions, *scenario.state})


# --- the dials ---------------------------------------------------------------------------


def _turned(words: Words, commitment: Commitment, dial: Dials) -> Commitment:
    """The commitment with its numbers under the control of dials."""
    trigger = commitment.trigger
    made = trigger.model_copy()
    if trigger.severity is not None:
        line = threshold_tree(words.scenario, commitment)
        made.threshold = f"{written(line)} + {dial.shift} * (({trigger.vagueness}) > 0)"
        made.vagueness = f"({trigger.vagueness}) * {dial.blur} + {dial.extra}"
    elif trigger.reads is not None:
        reads = trigger.reads
        made.reads = Reading(
            low=_odds(reads.low, reads.true, dial),
            high=_odds(reads.high, reads.true, dial),
            true=_odds(None, reads.true, dial),
        )
    else:
        made.applies = _odds(None, trigger.applies, dial)
    cost = commitment.reneging.model_copy(update={"cost": f"({commitment.reneging.cost}) * {dial.cost}"})
    force = f"({commitment.in_force}) * {dial.force}"
    return commitment.model_copy(update={"trigger": made, "reneging": cost, "in_force": force})


def _odds(end: object, true: object, dial: Dials) -> str:
    """A probability of the text under the dials: log odds moved down by ``shift``, over ``blur``.

    An end of an interval keeps its distance in log odds from the true odds times ``width``: this is what a text
    gives whose slope and whose range of lines are both ``blur`` times as wide on the scale of severity.
    """
    at = f"({_logit(true)} - {dial.shift}) / {dial.blur}"
    rest = f"{dial.blur} == 1 and {dial.shift} == 0"
    plain = f"({true})"
    if end is not None:
        at = f"{at} + ({_logit(end)} - {_logit(true)}) * {dial.width}"
        rest, plain = f"{rest} and {dial.width} == 1", f"({end})"
    sharp = f"(({true}) >= 0.5)"
    return f"({plain} if {rest} else ({sharp} if {dial.blur} == 0 else 1 / (1 + exp(-({at})))))"


def _logit(prob: object) -> str:
    return f"(-log(1 / clip({prob}, 1e-12, 1 - 1e-12) - 1))"


def _heard(name: str, belief: Belief, dial: str) -> Belief:
    """The belief, which at 0 of its dial is the truth."""
    return belief.model_copy(update={"is_": f"(({belief.is_}) if {dial} == 1 else {name})"})


# --- the counts --------------------------------------------------------------------------


def severity_of(words: Words, commitment: Commitment) -> Tree | None:
    """What a commitment's moves are measured by: its severity, else its odds where they read the state.

    Where they do not, the variables at whose levels the game ends, or those of the main outcome; None without any.
    """
    trigger = commitment.trigger
    if trigger.severity is not None:
        return words.tree(trigger.severity)
    odds = applies(words, commitment)
    if state_names(odds):
        return odds
    scales = [name for name, variable in words.scenario.state.items() if variable.ends]
    if not scales:
        scales = sorted(
            state_names(next(iter(outcomes_of(words.scenario).values()), number(0))) & {*words.scenario.state}
        )
    total: Tree | None = None
    for name in scales:
        total = ("state", name) if total is None else ("+", total, ("state", name))
    return total


def places(words: Words, name: str) -> list[Place]:
    """The places on the scale of severity at which a clause may be read; empty where there are too many, or time counts."""
    commitment = words.scenario.commitments[name]
    trigger = commitment.trigger
    if trigger.severity is None:
        gap, blur = applies(words, commitment), None
    else:
        gap = ("-", words.tree(trigger.severity), threshold_tree(words.scenario, commitment))
        blur = words.tree(trigger.vagueness)
    if reads_time(gap) or (blur is not None and reads_time(blur)):
        return []
    names = sorted(state_names(gap) | (state_names(blur) if blur is not None else frozenset()))
    sizes = {variable.name: variable.size for variable in words.variables()}
    if any(n not in sizes for n in names):
        return []
    force = words.tree(commitment.in_force)
    found: dict[tuple[Tree, Tree | None], list[Tree]] = {}
    for levels in product(*(range(sizes[n]) for n in names)):
        state = dict(zip(names, map(float, levels), strict=True))
        if fold(force, state) == number(0):
            continue
        here = [("==", ("state", n), number(level)) for n, level in state.items()]
        key = fold(gap, state), None if blur is None else fold(blur, state)
        found.setdefault(key, []).append(("and", number(1), number(1), *here))
    made = [Place(_either(conditions), gap, blur) for (gap, blur), conditions in found.items()]
    readable = all(len(written(fold(place.condition))) < LONGEST for place in made)
    return made if len(made) <= MOST_PLACES and readable else []


def _either(trees: list[Tree]) -> Tree:
    return trees[0] if len(trees) == 1 else ("or", *trees)


def _counted(words: Words, made: Dialled, phase: Phase) -> Phase:
    """The phase with the tally paid for what it counts."""
    if phase.decide is None:
        return phase
    here = {n: c for n, c in words.scenario.commitments.items() if c.attach == phase.id}
    actions = {}
    for name, action in phase.actions.items():
        always: dict[str, Tree] = {}
        for n, commitment in here.items():
            always |= _answered(words, made, n, commitment, name)
        actions[name] = _raising(words, made, phase.decide, action, always)
    return phase.model_copy(update={"actions": actions})


def _answered(words: Words, made: Dialled, name: str, commitment: Commitment, action: str) -> dict[str, Tree]:
    """What one answer counts as."""
    force: Tree = ("!=", words.tree(commitment.in_force), number(0))
    applied: Tree = ("*", force, ("==", ("state", f"{name}.applies"), number(1)))
    steps = {answer: i for i, answer in enumerate(commitment.order)}
    short = steps[commitment.expected] - steps[action] if action in steps else 0
    found: dict[str, Tree] = {"occasions": force, "applies": applied}
    if action in steps:
        found |= {"short": applied} if short > 0 else {"kept": applied, "meets": force}
    if short > 0:
        cost = words.tree(commitment.reneging.cost)
        found["cost"] = ("*", ("*", applied, number(short)), ("*", cost, ("asm", made.dials[name].cost)))
    for i, place in enumerate(made.places[name]):
        found[f"at{i}"] = ("*", force, place.condition)
    return {f"{name}__{what}": tree for what, tree in found.items()}


def _raising(words: Words, made: Dialled, mover: str, action: Action, always: dict[str, Tree]) -> Action:
    """The action with its counts, and by how much each of its branches raises each commitment's severity."""
    scales = {n: severity_of(words, c) for n, c in words.scenario.commitments.items()}

    def raised(then: Effects) -> dict[str, Tree]:
        effects = {v: words.tree(value, target=v) for v, value in then.items()}
        return {
            f"{n}__raised__{mover}": ("max", number(0), ("-", _after(scale, effects), scale))
            for n, scale in scales.items()
            if scale is not None and state_names(scale) & effects.keys()
        }

    if not action.chance:
        return action.model_copy(update={"pays": _paid(made, action.pays, always | raised(action.then))})
    chance = [
        b.model_copy(update={"pays": _paid(made, b.pays, raised({**action.then, **b.then}))}) for b in action.chance
    ]
    return action.model_copy(update={"pays": _paid(made, action.pays, always), "chance": chance})


def _after(tree: Tree, effects: dict[str, Tree]) -> Tree:
    """The tree with variables replaced by what they are set to."""
    if tree[0] == "state":
        return effects.get(tree[1], tree)
    if tree[0] in ("num", "asm", "t"):
        return tree
    return (tree[0], *(_after(part, effects) for part in tree[1:]))


def _paid(made: Dialled, pays: Pays, counts: dict[str, Tree]) -> Pays:
    texts: dict[str, Num] = {
        name: written(folded) for name, tree in counts.items() if (folded := fold(tree)) != number(0)
    }
    return {**pays, made.tally: texts} if texts else pays


def bearing(words: Words, name: str) -> list[str]:
    """The assumptions that a commitment's trigger rests on, those that others are derived from included."""
    commitment = words.scenario.commitments[name]
    trigger: Trigger = commitment.trigger
    trees = [words.tree(v) for v in (trigger.severity, trigger.vagueness, trigger.applies) if v is not None]
    if trigger.severity is not None:
        trees.append(threshold_tree(words.scenario, commitment))
    if trigger.reads is not None:
        trees += [words.tree(v) for v in (trigger.reads.low, trigger.reads.high, trigger.reads.true)]
    return based_on(words, trees)


def based_on(words: Words, trees: list[Tree]) -> list[str]:
    """The assumptions that trees read, directly or through derived ones."""
    found: dict[str, None] = {}
    waiting = [name for tree in trees for name in sorted(assumption_names(tree))]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            value = words.scenario.all_assumptions[name].value
            if isinstance(value, str):
                waiting += sorted(assumption_names(words.tree(value)))
    return list(found)


def written(tree: Tree) -> str:
    """A tree as text that reads back as the same tree."""
    kind = tree[0]
    if kind == "num":
        return f"({float(tree[1])!r})"
    if kind in ("state", "asm"):
        return str(tree[1])
    if kind == "t":
        return "t"
    parts = [written(part) for part in tree[1:]]
    if kind in ("neg", "not"):
        return f"({'-' if kind == 'neg' else 'not '}{parts[0]})"
    if kind == "if":
        return f"({parts[1]} if {parts[0]} else {parts[2]})"
    if kind in ("min", "max", "abs", "exp", "log", "clip"):
        return f"{kind}({', '.join(parts)})"
    return "(" + f" {kind} ".join(parts) + ")"
