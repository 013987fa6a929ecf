"""Events, queries and readings of claims as sentences, for readers who never see an expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from foedus.present.wording import listed, number, percent, points
from foedus.scenario.functions import COMPARISONS
from foedus.scenario.names import Names, lowered, plain
from foedus.scenario.outcomes import outcomes_of
from foedus.scenario.query import Mode, Query, QueryKind, Unit, parse_reading, unit_of
from foedus.scenario.scope import query_scope
from foedus.scenario.tree import Tree, constant

_IS = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_THAN = {
    "==": "equals",
    "!=": "differs from",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
_JOINS = {"+": "plus", "*": "times", "/": "divided by", "**": "to the power"}


class Teller:
    """Tells what is asked of a scenario in its own names; the factual policy goes without saying."""

    def __init__(self, names: Names):
        self.names, self.scenario = names, names.scenario
        self.scope = query_scope(self.scenario)
        self.outcomes = {event: name for name, event in outcomes_of(self.scenario).items()}

    def says(self, claim: str, name: str) -> str:
        """What a reading of a claim says: its own sentence, else its expression in words."""
        written = self.scenario.claims[claim].readings[name]
        return written.says or self.reading(written.holds)

    def reading(self, text: str) -> str:
        """A reading of a claim as a sentence: what is the case where it holds."""
        said = self.statement(parse_reading(text, self.scope))
        return f"{said[:1].upper()}{said[1:]}."

    def statement(self, tree: Tree) -> str:
        """A yes or no in words."""
        operation, parts = tree[0], tree[1:]
        if operation in ("and", "or"):
            return f", {operation} ".join(self.statement(part) for part in parts)
        if operation == "not":
            return f"it is not so that {self.statement(parts[0])}"
        if operation == "if":
            yes, no = self.statement(parts[1]), self.statement(parts[2])
            return f"{yes} where {self.statement(parts[0])}, and otherwise {no}"
        if operation not in COMPARISONS:
            return f"{self.amount(tree)} is not 0"
        if all(unit_of(part) is Unit.TRUTH for part in parts):
            joint = "exactly where" if operation == "==" else "exactly where it is not so that"
            return f"{self.statement(parts[0])}, {joint} {self.statement(parts[1])}"
        return self._compared(operation, *parts)

    def _compared(self, operation: str, left: Tree, right: Tree) -> str:
        """Two amounts held against each other; the same query under two policies is told once."""
        if left[0] == "-" and right[0] == "num" and operation in ("<", "<=", ">", ">="):
            return self._difference(operation, left[1], left[2], constant(right))
        if right[0] == "*" and right[1][0] == "num":
            factor, other = number(constant(right[1])), self._other(left, right[2])
            return f"{self.amount(left)} {_THAN[operation]} {factor} times {other}"
        chance = unit_of(left).is_chance and right[0] == "num"
        other = percent(constant(right)) if chance else self._other(left, right)
        return f"{self.amount(left)} {_THAN[operation]} {other}"

    def _difference(self, operation: str, left: Tree, right: Tree, gap: float) -> str:
        """``left - right > gap``: by how much the one must exceed, or fall short of, the other."""
        least = "at least" if "=" in operation else "more than"
        most = "at most" if "=" in operation else "less than"
        size = f"{points(abs(gap))[1:]} percentage points" if unit_of(left).is_chance else number(abs(gap))
        other = self._other(left, right)
        if gap == 0:
            return f"{self.amount(left)} {_THAN[operation]} {other}"
        if operation.startswith(">"):
            how = f"higher by {least} {size} than" if gap > 0 else f"not lower by {least} {size} than"
        else:
            how = f"lower by {least} {size} than" if gap < 0 else f"higher by {most} {size} than"
        return f"{self.amount(left)} is {how} {other}"

    def _other(self, left: Tree, right: Tree) -> str:
        """The second of two amounts: "it is under No pact" where only the policy differs."""
        if left[0] == right[0] == "query" and left != right and replace(left[1], under=right[1].under) == right[1]:
            return f"it is {self._policy(right[1].under)}"
        return self.amount(right)

    def amount(self, tree: Tree) -> str:
        """A number in words."""
        kind, parts = tree[0], tree[1:]
        if kind == "num":
            return number(tree[1])
        if kind == "asm":
            return self.names.inside(self.names.assumption(tree[1]))
        if kind == "query":
            return self.query(tree[1])
        if kind == "-" and _alike(*parts):
            return f"what changes in {self.amount(_without_policy(parts[0]))} from {self._policy_of(parts[1])} to {self._policy_of(parts[0])}"
        if kind in ("-", "+", "*", "/", "**"):
            word = "less" if kind == "-" else _JOINS[kind]
            return f"{self._held(parts[0])} {word} {self._held(parts[1])}"
        if kind == "neg":
            return f"minus {self._held(parts[0])}"
        if kind == "abs":
            return f"the size of {self._held(parts[0])}"
        if kind in ("min", "max"):
            return f"the {'lowest' if kind == 'min' else 'highest'} of {listed([self.amount(p) for p in parts], 20)}"
        if kind == "if":
            return f"{self.amount(parts[1])} where {self.statement(parts[0])} (else {self.amount(parts[2])})"
        if unit_of(tree) is Unit.TRUTH:
            return f"whether {self.statement(tree)}"
        return f"{kind} of {listed([self._held(part) for part in parts], 20)}"

    def _held(self, tree: Tree) -> str:
        """A part of a sum, in brackets where it is a sum itself."""
        text = self.amount(tree)
        return f"({text})" if tree[0] in ("+", "-", "*", "/", "**", "if") else text

    def query(self, query: Query) -> str:
        """A query in words, with the times, conditions, policy and start that it names."""
        told = _ASKED[query.kind](self, query)
        if query.under is not None and query.under != self.scenario.factual_policy:
            told += f" {self._policy(query.under)}"
        if query.given is not None:
            told += f", given that {self.event(query.given)}"
        if query.start:
            levels = [
                f"{self._variable(name)} at {plain(self.scenario.state[name].levels[level])}"
                for name, level in query.start
            ]
            told += f", starting with {listed(levels)}"
        return told

    def event(self, tree: Tree) -> str:
        """A condition on the state in words: "tension is at least war"."""
        operation, parts = tree[0], tree[1:]
        if operation in ("and", "or"):
            return f" {operation} ".join(self.event(part) for part in parts)
        if operation == "not":
            return f"it is not so that {self.event(parts[0])}"
        if operation in COMPARISONS:
            levels = self.scenario.state[parts[0][1]].levels if parts[0][0] == "state" else ()
            return f"{self._side(parts[0], ())} {_IS[operation]} {self._side(parts[1], levels)}"
        return f"{self._side(tree, ())} is not the lowest"

    def _side(self, tree: Tree, levels: tuple[str, ...] | list[str]) -> str:
        """One side of a comparison of states: a variable, or a level by its name."""
        if tree[0] == "state":
            return self._variable(tree[1])
        if tree[0] == "num":
            level = tree[1]
            return plain(levels[int(level)]) if level in range(len(levels)) else number(level)
        word = {"-": "less", **_JOINS}.get(tree[0])
        sides = [self._side(part, ()) for part in tree[1:]]
        return f" {word} ".join(sides) if word else f"the {tree[0]} of {listed(sides)}"

    def outcome_asked(self, query: Query) -> str | None:
        """The outcome whose probability a query asks for, over all periods and from the start; None where it asks otherwise."""
        whole = Query(QueryKind.PROB, mode=Mode.EVENTUALLY, event=query.event)
        return self.outcomes.get(query.event or ()) if query == whole else None

    def happens(self, tree: Tree) -> str:
        """An event as it is spoken of: the name of an outcome in quotes, or the condition."""
        name = self.outcomes.get(tree)
        return f"“{self.names.outcome(name)}”" if name is not None else f"that {self.event(tree)}"

    def when(self, query: Query) -> str:
        """The periods that a query looks at; nothing where it looks at all of them."""
        if query.window is None:
            return ""
        calendar = self.scenario.horizon.calendar
        first, last = map(calendar.label, query.window)
        if calendar.first is None or calendar.unit == "period":
            first, last = f"{calendar.unit} {first}", last
        return f" in {first}" if first == last else f" from {first} to {last}"

    def actor(self, name: str) -> str:
        """An actor's name."""
        return self.names.actor(name)

    def _variable(self, name: str) -> str:
        return lowered(self.names.variable(name))

    def _policy(self, name: str | None) -> str:
        return f"under {self.names.policy(name or self.scenario.factual_policy)}"

    def _policy_of(self, tree: Tree) -> str:
        return self.names.policy(tree[1].under or self.scenario.factual_policy)


def _alike(left: Tree, right: Tree) -> bool:
    """Whether two trees are one query under two policies."""
    alike = left[0] == right[0] == "query" and left != right
    return alike and replace(left[1], under=right[1].under) == right[1]


def _without_policy(tree: Tree) -> Tree:
    return ("query", replace(tree[1], under=None))


def _chance(teller: Teller, query: Query) -> str:
    assert query.event is not None
    happens = teller.happens(query.event)
    of = "" if happens.startswith("that ") else "of "
    times = {Mode.EVENTUALLY: " at some time", Mode.ALWAYS: " all the time"}
    at = "" if of and query.mode == Mode.EVENTUALLY else times.get(query.mode, "")
    return f"the chance {of}{happens}{at}{teller.when(query)}"


def _first(teller: Teller, query: Query) -> str:
    assert query.event is not None
    return f"the chance {_of(teller, query.event)} for the first time{teller.when(query)}"


def _expected(teller: Teller, query: Query) -> str:
    actor, *objective = query.names
    whole = f"what {teller.actor(actor)} can expect"
    return whole + (f" from “{teller.names.aim(actor, objective[0])}”" if objective else "")


def _often(teller: Teller, query: Query) -> str:
    phase, action = query.names
    return f"how often a {teller.scenario.horizon.unit} “{teller.names.action(f'{phase}.{action}')}” is chosen{teller.when(query)}"


def _of_chances(teller: Teller, query: Query) -> str:
    phase, action = query.names
    chosen = teller.names.action(f"{phase}.{action}")
    return f"the share of occasions on which “{chosen}” is chosen{teller.when(query)}"


def _reach(word: str) -> Callable[[Teller, Query], str]:
    def told(teller: Teller, query: Query) -> str:
        assert query.event is not None
        return (
            f"the {word} chance {_of(teller, query.event)} that {teller.actor(query.names[0])} alone could bring about"
        )

    return told


def _of(teller: Teller, event: Tree) -> str:
    happens = teller.happens(event)
    return happens if happens.startswith("that ") else f"of {happens}"


def _agreement(teller: Teller, query: Query) -> str:
    first, second = map(teller.actor, query.names)
    return f"how far the interests of {first} and {second} agree"


_ASKED: dict[QueryKind, Callable[[Teller, Query], str]] = {
    QueryKind.PROB: _chance,
    QueryKind.EXPECT: _expected,
    QueryKind.RATE: _often,
    QueryKind.SHARE: _of_chances,
    QueryKind.FIRST: _first,
    QueryKind.MOST: _reach("highest"),
    QueryKind.LEAST: _reach("lowest"),
    QueryKind.ALIGNMENT: _agreement,
}
