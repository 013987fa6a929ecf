"""Checks of what is believed, tried, observed and argued: beliefs, policies, observations, outcomes, claims."""

from __future__ import annotations

from foedus.scenario.check_observations import check_observations
from foedus.scenario.checker import ODDS, QUESTION, Checker
from foedus.scenario.dotted import ActionName
from foedus.scenario.errors import ExpressionError, Path
from foedus.scenario.expressions import shorten
from foedus.scenario.parts import Bind, Policy
from foedus.scenario.query import Unit, parse_event, parse_reading, queries_of, unit_of
from foedus.scenario.tree import Tree, assumption_names


def check_argument(c: Checker) -> None:
    """What is tried, observed, asked and believed; beliefs last, when all else has noted what it reads."""
    _policies(c)
    check_observations(c)
    _outcomes(c)
    _claims(c)
    _beliefs(c)


def check_support(c: Checker) -> None:
    """What nothing supports, and what nothing reads."""
    _stated(c)
    _unused(c)


def _policies(c: Checker) -> None:
    takers: dict[frozenset[str], str] = {}
    for key, policy in c.scenario.policies.items():
        path: Path = ("policies", key)
        other = takers.setdefault(frozenset(policy.measures), key) if policy.measures else key
        if other != key:
            c.error((*path, "measures"), f"'{other}' takes the same measures.", "Name what sets them apart.")
        for assumption, value in policy.set.items():
            where = (*path, "set", assumption)
            if c.known(where, assumption, c.assumptions, "an assumption"):
                tree = c.number(where, value, QUESTION)
                for read in assumption_names(tree) if tree is not None else ():
                    c.derived[read].add(assumption)
        for n, enabled in enumerate(policy.enable):
            name = c.action((*path, "enable", n), enabled)
            if name and c.phases[name.phase].actions[name.action].exists != "enabled":
                remedy = "Write 'exists: enabled' at the action, or leave it out here."
                c.warn((*path, "enable", n), f"'{enabled}' exists under every policy.", remedy)
        for n, rule in enumerate(policy.bind):
            _bind(c, (*path, "bind", n), rule, policy)
    if c.scenario.factual is not None:
        c.known(("factual",), c.scenario.factual, c.scenario.all_policies, "a policy")
    factual = c.scenario.factual_policy
    if factual in c.scenario.policies and c.scenario.policies[factual].counterfactual:
        reason = f"'{factual}' is the policy under which things happened, and cannot be a counterfactual."
        c.error(("policies", factual, "counterfactual"), reason, "Leave it out, or name another policy as 'factual'.")


def _bind(c: Checker, path: Path, rule: Bind, policy: Policy) -> None:
    deciding = {p.id: p.actions for p in c.scenario.turn if p.decide is not None}
    if c.known((*path, "phase"), rule.phase, deciding, "a phase in which an actor decides"):
        actions = deciding[rule.phase]
        if c.known((*path, "do"), rule.do, actions, f"an action of {rule.phase}"):
            enabled = actions[rule.do].exists == "always" or str(ActionName(rule.phase, rule.do)) in policy.enable
            if not enabled:
                c.warn((*path, "do"), f"'{rule.do}' does not exist under this policy.", "List it in 'enable'.")
            counts = c.scenario.value == "entropy" and c.scenario.rationality != "perfect"
            if counts and actions[rule.do].base == 0:
                reason = f"with 'value: entropy' it costs infinitely much to be bound to '{rule.do}', whose base is 0."
                c.error((*path, "do"), reason, "Give the action a small base.")
    if rule.when is not None:
        c.read((*path, "when"), rule.when, "a bind rule")
    for n, actor in enumerate(rule.known_to or []):
        c.known((*path, "known_to", n), actor, c.scenario.actors, "an actor")
    if rule.known and rule.known_to is not None:
        c.warn((*path, "known_to"), "all know of an open rule.", "Write 'known: false' to keep it to those listed.")


def _beliefs(c: Checker) -> None:
    """What actors believe; run after everything else has noted what it reads."""
    todo = []
    for actor, beliefs in c.scenario.beliefs.items():
        c.known(("beliefs", actor), actor, c.scenario.actors, "an actor")
        for name, belief in beliefs.items():
            path: Path = ("beliefs", actor, name)
            if c.known(path, name, c.assumptions, "an assumption"):
                todo.append((path, name, belief.known, c.number((*path, "is"), belief.is_, QUESTION)))
    for path, name, known, tree in todo:
        others = c.enters_only(name) - {ODDS, QUESTION}
        if known and others:
            reason = f"an open belief (known: true) may concern nature's odds only, but '{name}' enters {min(others)}."
            c.error((*path, "known"), reason, "Leave 'known: true' out, for a belief that the others do not know of.")
        setting = [policy for policy, written in c.scenario.policies.items() if name in written.set]
        if tree is not None and not assumption_names(tree) and setting:
            reason = f"this belief stays the same when the policy {setting[0]} sets '{name}'."
            c.warn((*path, "is"), reason, f"Write it from '{name}', as in {name} - 0.1.")


def _outcomes(c: Checker) -> None:
    """The events whose probability is reported; one of them at most is the feared one."""
    feared = [name for name, outcome in c.scenario.outcomes.items() if outcome.feared]
    for name in feared[1:]:
        c.error(("outcomes", name, "feared"), f"'{feared[0]}' is the feared outcome too.", "Mark one of them.")
    for name, outcome in c.scenario.outcomes.items():
        path: Path = ("outcomes", name, "event")
        try:
            c.note(path, parse_event(outcome.event, c.scope), QUESTION, ("state",))
        except ExpressionError as error:
            c.error(path, error.reason, error.remedy, error.offset)


def _claims(c: Checker) -> None:
    for name, claim in c.scenario.claims.items():
        path: Path = ("claims", name)
        for reading, written in claim.readings.items():
            where = (*path, "readings", reading, "holds")
            try:
                tree = parse_reading(written.holds, c.queries)
            except ExpressionError as error:
                c.error(where, error.reason, error.remedy, error.offset)
                continue
            _reading(c, where, written.holds, tree)
        for assumption, neutral in claim.rests_on.items():
            where = (*path, "rests_on", assumption)
            if c.known(where, assumption, c.assumptions, "an assumption"):
                value = c.number(where, neutral, QUESTION)
                if value is not None and assumption_names(value) & {assumption, *c.derived_from(assumption)}:
                    c.error(where, "its neutral value is computed from itself.", "Give a number, such as 0.")


def _reading(c: Checker, path: Path, text: str, tree: Tree) -> None:
    """Records what a reading asks; it must be a yes or no about the game."""
    for query in queries_of(tree):
        for event in filter(None, (query.event, query.given)):
            c.note(path, event, QUESTION, ("state",))
        c.reads.update(variable for variable, _ in query.start)
    c.note(path, tree, QUESTION, ("asm",))
    if not queries_of(tree):
        c.warn(path, "it asks nothing of the game.", "Use a query, as in prob(eventually(tension >= war)) > 0.1.")
    elif unit_of(tree) is not Unit.TRUTH:
        remedy = f"Compare it with the least effect that counts, as in {shorten(text, 40)} > 0.05."
        c.error(path, "the reading is a number, not a yes or no.", remedy)


def _stated(c: Checker) -> None:
    """Lists the assumptions and claims that nothing supports, as warnings."""
    wanted = [("assumptions", "why", "")]
    wanted += [("assumptions", "evidence", ""), ("claims", "evidence", "")] if c.scenario.sources else []
    wanted += [("claims", "rests_on", ", so that whether they are built in stays untested")]
    for kind, key, so in wanted:
        items = getattr(c.scenario, kind)
        names = [name for name, item in items.items() if not getattr(item, key)]
        if names:  # one warning for all that lack something, at the first of them
            c.warn((kind, names[0]), f"{len(names)} of {len(items)} {kind} have no '{key}'{so}: {', '.join(names)}.")


def _unused(c: Checker) -> None:
    unused: list[Path] = [("assumptions", name) for name in c.scenario.assumptions if not c.roles[name]]
    unused += [("state", name) for name in c.scenario.state if name not in c.reads]
    for path in unused:
        c.warn(path, f"nothing reads '{path[1]}'.")
