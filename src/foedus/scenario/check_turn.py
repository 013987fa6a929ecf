"""Checks of what happens in a period: phases, actions, lumps on entry, and commitments."""

from __future__ import annotations

from math import prod

from foedus.errors import nearest
from foedus.scenario.checker import ANY, ODDS, Checker, constant_of
from foedus.scenario.commitments import COMMITMENT_KINDS, Commitment
from foedus.scenario.dotted import applies_variable
from foedus.scenario.errors import ExpressionError, Path
from foedus.scenario.limits import COMBINATIONS
from foedus.scenario.parts import Action, Phase
from foedus.scenario.scope import threshold_tree
from foedus.scenario.tree import Tree, assumption_names, reads_time, state_names

MOST_ASKED = 8


def check_turn(c: Checker) -> None:
    """The turn with its commitments, and the sides."""
    _phases(c)
    _commitments(c)
    _sides(c)


def _phases(c: Checker) -> None:
    """Every phase of the turn, and ``enters``."""
    first: dict[str, int] = {}
    for i, phase in enumerate(c.scenario.turn):
        if phase.id in first:
            c.error(("turn", i, "id"), f"two phases are called '{phase.id}'.", "Give each its own id.")
        first.setdefault(phase.id, i)
        _phase(c, ("turn", i), phase)
    for i, enters in enumerate(c.scenario.enters):
        if not enters.when:
            c.error(("enters", i), "it names no state that is entered.", "As in enters: {tension: war, pays: ...}.")
        for variable, level in enters.when.items():
            where: Path = ("enters", i, "when", variable)
            if c.known(where, variable, c.scenario.state, "a state variable"):
                c.reads.add(variable)
                c.known(where, level, c.scenario.state[variable].levels, f"a level of '{variable}'")
        c.pays(("enters", i, "pays"), enters.pays)


def _phase(c: Checker, path: Path, phase: Phase) -> None:
    if phase.decide is not None:
        c.known((*path, "decide"), phase.decide, c.scenario.actors, "an actor")
    _asks(c, (*path, "when"), phase.id, _guard(c, (*path, "when"), phase.when))
    for n, at in enumerate(phase.at):
        _date(c, (*path, "at", n), at)
    c.chance((*path, "chance"), phase.chance)
    for name, action in phase.actions.items():
        _action(c, (*path, "actions", name), action)
        _in_place_of(c, (*path, "actions", name), name, phase)


def _guard(c: Checker, path: Path, when: object) -> Tree | None:
    guard = None if when is None else c.read(path, when, "a guard")
    if constant_of(guard) == 0:
        c.warn(path, "the guard is never true.")
    return guard


def _asks(c: Checker, path: Path, phase: str, guard: Tree | None) -> None:
    """A guard may ask whether clauses apply that are answered in its phase: all their outcomes are gone through."""
    answered = [name for name, commitment in c.scenario.commitments.items() if commitment.attach == phase]
    asked = [name for name in answered if guard is not None and applies_variable(name) in state_names(guard)]
    if len(asked) > MOST_ASKED:
        reason = f"the guard asks of {len(asked)} clauses that are answered here whether they apply: over {MOST_ASKED}."
        c.error(path, reason, "Answer some of them in a phase of their own.")


def _date(c: Checker, path: Path, at: str | int) -> None:
    reported = c.scenario.horizon.periods
    solved = reported + c.scenario.beyond
    t = c.period(path, at, solved, "solved")
    if t is not None and reported <= t < solved:
        c.warn(path, f"'{at}' is after the {reported} reported periods.")


def _action(c: Checker, path: Path, action: Action) -> None:
    _guard(c, (*path, "when"), action.when)
    base = constant_of(c.read((*path, "base"), action.base, "a base rate"))
    if base is not None and base < 0:
        c.error((*path, "base"), f"a base rate of {base:g} is not possible.", "It must be 0 or more.")
    c.effects((*path, "then"), action.then)
    c.pays((*path, "pays"), action.pays)
    c.chance((*path, "chance"), action.chance)


def _in_place_of(c: Checker, path: Path, name: str, phase: Phase) -> None:
    """``in_place_of`` names another action of the phase, from whose base this one's is taken."""
    target, where = phase.actions[name].in_place_of, (*path, "in_place_of")
    if target is None or not c.known(where, target, phase.actions, f"an action of {phase.id}"):
        return
    chain, step = [name], target
    while step in phase.actions and step not in chain:
        chain.append(step)
        step = phase.actions[step].in_place_of or ""
    if step == name:
        c.error(where, f"'{name}' is, in the end, in place of itself.")
    base, other = phase.actions[name].base, phase.actions[target].base
    if isinstance(base, (int, float)) and isinstance(other, (int, float)) and base > other:
        c.error(where, f"its base {base:g} cannot come out of the base {other:g} of '{target}'.", "Lower it.")


def _commitments(c: Checker) -> None:
    """Every commitment: who, to whom, the menu, the trigger and the cost of reneging."""
    for name, commitment in c.scenario.commitments.items():
        path: Path = ("commitments", name)
        obligor = commitment.from_
        is_actor = c.known((*path, "from"), obligor, c.scenario.actors, "an actor")
        for n, protege in enumerate(commitment.to):
            if c.known((*path, "to", n), protege, c.scenario.actors, "an actor") and protege == obligor:
                c.error((*path, "to", n), f"{protege} cannot commit to itself.")
        _named(c, path, commitment)
        _menu(c, path, commitment)
        in_force = constant_of(c.read((*path, "in_force"), commitment.in_force, ODDS))
        if in_force not in (None, 0, 1):
            remedy = "Write 'applies' for a probability."
            c.warn((*path, "in_force"), f"it is in force or not: {in_force:g} counts as in force.", remedy)
        _trigger(c, path, commitment)
        _reneging(c, path, commitment, is_actor)
        for n, actor in enumerate(commitment.known_to or []):
            c.known((*path, "known_to", n), actor, c.scenario.actors, "an actor")
        if commitment.known_to is not None and obligor not in commitment.known_to:
            c.error((*path, "known_to"), f"{obligor} must know of its own commitment.", f"Add {obligor}.")
        for key, word in (("kept", commitment.kept), ("broken", commitment.broken)):
            if word is not None:
                c.effects((*path, key, "then"), word.then)
                c.pays((*path, key, "pays"), word.pays)


def _named(c: Checker, path: Path, commitment: Commitment) -> None:
    """The kind is one of those known, or one of the writer's own that is said to be hostile or not."""
    known = COMMITMENT_KINDS.get(commitment.kind)
    if known is None and commitment.hostile is None:
        own = "For a kind of your own, say whether it is hostile: true or false."
        remedy = f"{nearest(commitment.kind, COMMITMENT_KINDS)} {own}"
        c.error((*path, "kind"), f"'{commitment.kind}' is no known kind.", remedy)
    if known is not None and commitment.hostile not in (None, known.hostile):
        reason = f"a commitment of kind '{known}' is {'' if known.hostile else 'not '}hostile."
        c.error((*path, "hostile"), reason, "Leave it out, or give a kind of your own.")


def _sides(c: Checker) -> None:
    """Sides consist of actors, each of them on one side."""
    side_of: dict[str, str] = {}
    for side, members in c.scenario.sides.items():
        for n, actor in enumerate(members):
            path: Path = ("sides", side, n)
            if c.known(path, actor, c.scenario.actors, "an actor") and side_of.setdefault(actor, side) != side:
                c.error(path, f"{actor} is on the side '{side_of[actor]}' too.", "An actor is on one side at most.")
        if len(set(members)) < len(members):
            c.error(("sides", side), "an actor is named twice.")


def _menu(c: Checker, path: Path, commitment: Commitment) -> None:
    """``attach`` is a phase that the obligor decides; ``order`` and ``expected`` are from its menu."""
    phase = c.phases.get(commitment.attach)
    if phase is None or phase.decide is None:
        decided = [p.id for p in c.scenario.turn if p.decide == commitment.from_]
        reason = f"'{commitment.attach}' is not a phase in which an actor decides."
        c.error((*path, "attach"), reason, nearest(commitment.attach, decided))
        return
    if phase.decide != commitment.from_:
        reason = f"'{commitment.attach}' is decided by {phase.decide}, not by {commitment.from_}."
        c.error((*path, "attach"), reason, "Attach it to a phase of the obligor.")
    for n, action in enumerate(commitment.order):
        c.known((*path, "order", n), action, phase.actions, f"an action of {phase.id}")
    if len(set(commitment.order)) < len(commitment.order):
        c.error((*path, "order"), "an action stands twice in the order.")
    c.known((*path, "expected"), commitment.expected, commitment.order, "in the order")
    if commitment.expected == commitment.order[0]:
        c.warn((*path, "expected"), "nothing in the order falls short of it.", "Order the actions from least to most.")
    for n, action in enumerate(commitment.exempt):
        c.known((*path, "exempt", n), action, phase.actions, f"an action of {phase.id}")
        if action in commitment.order:
            c.error((*path, "exempt", n), f"'{action}' stands in the order too.", "Leave it in one of the two.")
    left_out = [name for name in phase.actions if name not in (*commitment.order, *commitment.exempt)]
    if left_out:
        reason = f"{', '.join(left_out)} of {phase.id} can be taken without any cost of reneging."
        c.warn((*path, "order"), reason, "Put it into the order, or under 'exempt' if it breaks no word.")


def _trigger(c: Checker, path: Path, commitment: Commitment) -> None:
    trigger, path = commitment.trigger, (*path, "trigger")
    if trigger.applies is not None:
        c.probability((*path, "applies"), trigger.applies)
    if trigger.reads is not None:
        odds = [c.probability((*path, "reads", k), getattr(trigger.reads, k)) for k in ("low", "true", "high")]
        low, true, high = odds
        if low is not None and true is not None and high is not None and not low <= true <= high:
            c.error((*path, "reads"), f"low {low:g}, true {true:g} and high {high:g} are not in this order.")
    if trigger.severity is None or trigger.threshold is None:
        return
    severity = c.read((*path, "severity"), trigger.severity, ODDS)
    if severity is not None and trigger.read == "on_rise":
        remedy = "Put what varies into the threshold, or write read: always."
        if assumption_names(severity) or reads_time(severity):
            c.error((*path, "severity"), "a severity that is read on its rise may read only the state.", remedy)
    if severity is not None:
        try:
            threshold = threshold_tree(c.scenario, commitment)
            c.note((*path, "threshold"), threshold, ODDS, ANY)
            _readings(c, path, [severity, threshold])
        except ExpressionError as error:
            c.error((*path, "threshold"), error.reason, error.remedy, error.offset)
    blur = c.read((*path, "vagueness"), trigger.vagueness, ODDS)
    _readings(c, (*path, "vagueness"), [tree for tree in (severity, blur) if tree is not None])
    vagueness = constant_of(blur)
    if vagueness is not None and vagueness < 0:
        c.error((*path, "vagueness"), f"a vagueness of {vagueness:g} is not possible.", "0 is a bright line.")


def _readings(c: Checker, path: Path, trees: list[Tree]) -> None:
    """A clause is looked through for every combination of levels that its trigger reads, which must not be too many."""
    names = set().union(*map(state_names, trees))
    combinations = prod(len(c.scenario.scopes[name]) for name in names)
    if combinations > COMBINATIONS:
        reason = f"the variables that it reads have {combinations:,} combinations of levels."
        c.error(path, reason, f"At most {COMBINATIONS:,} are possible: let it read fewer of them.")


def _reneging(c: Checker, path: Path, commitment: Commitment, is_actor: bool) -> None:
    where, reneging, obligor = (*path, "reneging"), commitment.reneging, commitment.from_
    if is_actor:
        c.known((*where, "objective"), reneging.objective, c.objectives[obligor], f"an objective of {obligor}")
    cost = constant_of(c.read((*where, "cost"), reneging.cost, "the cost of reneging"))
    if cost is not None and cost < 0:
        c.warn((*where, "cost"), "the cost is negative: falling short is rewarded.")
