"""The queries of claims: what is asked of a solved game, in the same small syntax.

    prob(eventually(e)) prob(always(e)) prob(e, at="2024-11")
    expect(actor) expect(actor.objective) rate(phase.action) share(phase.action)
    first(e, at=t) most(actor, e) least(actor, e) alignment(a, b)

each with ``under="policy"``, and where they make sense ``given=event``,
``during=("2024-07", "2024-11")`` and ``from_="tension == crisis"``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from foedus.errors import nearest
from foedus.scenario.calendar import is_year
from foedus.scenario.dotted import ActionName
from foedus.scenario.errors import ExpressionError
from foedus.scenario.expressions import ExpressionText, Reader, Scope, dotted, finite, parse, shorten, shown
from foedus.scenario.functions import COMPARISONS, FUNCTIONS
from foedus.scenario.tree import Tree, fold, leaves, state_names


class Unit(StrEnum):
    """What a number is measured in."""

    PROBABILITY = "probability"
    SHARE = "share"  # of the times that something could have been done
    RATE = "rate"  # times a period
    PAYOFF = "payoff"
    CORRELATION = "correlation"
    TRUTH = "truth"  # a yes or no
    NUMBER = "number"

    @property
    def is_chance(self) -> bool:
        """Whether it lies between 0 and 1 and is told in per cent."""
        return self in (Unit.PROBABILITY, Unit.SHARE)


class QueryKind(StrEnum):
    """What can be asked of a solved game."""

    PROB = "prob"
    EXPECT = "expect"
    RATE = "rate"
    SHARE = "share"
    FIRST = "first"
    MOST = "most"
    LEAST = "least"
    ALIGNMENT = "alignment"


class Mode(StrEnum):
    """When an event is looked for."""

    NONE = ""
    AT = "at"
    EVENTUALLY = "eventually"
    ALWAYS = "always"


@dataclass(frozen=True)
class QueryForm:
    """How queries of one kind are written, and what their answer is measured in."""

    unit: Unit
    subjects: int  # before the options
    options: frozenset[str]


_START = frozenset({"under", "from_"})
_GIVEN = _START | {"given"}
_TIME = _GIVEN | {"at", "during"}
FORMS: dict[str, QueryForm] = {
    QueryKind.PROB: QueryForm(Unit.PROBABILITY, 1, _TIME),
    QueryKind.EXPECT: QueryForm(Unit.PAYOFF, 1, _GIVEN),
    QueryKind.RATE: QueryForm(Unit.RATE, 1, _TIME),
    QueryKind.SHARE: QueryForm(Unit.SHARE, 1, _TIME),
    QueryKind.FIRST: QueryForm(Unit.PROBABILITY, 1, _TIME),
    QueryKind.MOST: QueryForm(Unit.PROBABILITY, 2, _START),
    QueryKind.LEAST: QueryForm(Unit.PROBABILITY, 2, _START),
    QueryKind.ALIGNMENT: QueryForm(Unit.CORRELATION, 2, _START),
}


@dataclass(frozen=True)
class Query:
    """One number per world and policy."""

    kind: QueryKind
    names: tuple[str, ...] = ()  # as the kind asks for: actor and objective, phase and action, or two actors
    mode: Mode = Mode.NONE  # when the event of a probability is looked for
    event: Tree | None = None  # over the state, as ``given``
    window: tuple[int, int] | None = None  # the first and last period looked at; None for all reported ones
    given: Tree | None = None
    under: str | None = None
    start: tuple[tuple[str, int], ...] = ()  # levels that override those at the start

    @property
    def unit(self) -> Unit:
        """What the answer is measured in."""
        return FORMS[self.kind].unit


@dataclass(frozen=True)
class QueryScope:
    """What a query may name: the expression scope, actors' objectives, phases' actions, policies."""

    scope: Scope
    objectives: Mapping[str, frozenset[str]] = field(default_factory=dict)
    actions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    policies: frozenset[str] = frozenset()
    periods: int = 1


def parse_reading(text: str, scope: QueryScope) -> Tree:
    """A reading of a claim as a tree whose leaves may be ``("query", Query)``."""
    source = ExpressionText(text)
    return finite(fold(ReadingReader(scope.scope, source, scope).read(source.syntax(), 0)))


def parse_event(text: str, scope: Scope) -> Tree:
    """A condition on the state alone, as in ``tension >= war``; ExpressionError says what is wrong."""
    tree = parse(text, scope)
    read = next((leaf for leaf in leaves(tree) if leaf[0] in ("asm", "t")), None)
    if read is not None:
        raise ExpressionError(f"an event may read only the state, not '{read[-1]}'.")
    if not state_names(tree):
        raise ExpressionError("an event must read the state.", "As in tension >= war.")
    return tree


def parse_query(text: str, scope: QueryScope) -> Query:
    """A single query, as in ``prob(eventually(tension >= war))``."""
    tree = parse_reading(text, scope)
    if tree[0] != "query":
        raise ExpressionError(f"'{shorten(text)}' is not a single query.", f"Write one of {', '.join(QueryKind)}(...).")
    query: Query = tree[1]
    return query


def unit_of(tree: Tree) -> Unit:
    """What the value of a reading is measured in: sums and the like keep the unit of their parts, other things are numbers."""
    operation, parts = tree[0], tree[1:]
    if operation == "query" and isinstance(tree[1], Query):
        return tree[1].unit
    if operation in (*COMPARISONS, "and", "or", "not"):
        return Unit.TRUTH
    kept = operation in ("+", "-", "neg", "abs", "min", "max", "if")
    units = {unit_of(part) for part in (parts[1:] if operation == "if" else parts)} if kept else set()
    return units.pop() if len(units) == 1 else Unit.NUMBER


def queries_of(tree: Tree) -> list[Query]:
    """The queries that a reading asks, each once, in order."""
    return list(dict.fromkeys(leaf[1] for leaf in leaves(tree) if leaf[0] == "query"))


@dataclass
class ReadingReader(Reader):
    """Reads expressions whose calls may be queries."""

    queries: QueryScope = field(default_factory=lambda: QueryScope(Scope()))

    def name(self, node: ast.AST, near: str | None) -> Tree:
        """Outside a query only assumptions have a value."""
        tree = super().name(node, near)
        if tree[0] in ("state", "t"):
            reason = f"'{tree[1] if len(tree) > 1 else 't'}' changes over time."
            raise self.fail(node, reason, "Ask for it in a query, as in prob(eventually(...)).")
        return tree

    def call(self, node: ast.Call, depth: int, near: str | None) -> Tree:
        """A query, or a function of numbers."""
        name = dotted(node.func) or ""
        if name in FORMS:
            return ("query", self.query(QueryKind(name), node))
        if name in (Mode.EVENTUALLY, Mode.ALWAYS):
            raise self.fail(node, f"'{name}' is an event.", f"Ask for its probability: prob({name}(...)).")
        if name not in FUNCTIONS:
            reason = f"'{name or shown(node.func)}' is not a function here."
            raise self.fail(node, reason, nearest(name, [*FORMS, "min", "max", "abs"]))
        return super().call(node, depth, near)

    def query(self, kind: QueryKind, node: ast.Call) -> Query:
        """One query from its call."""
        options, allowed = {}, FORMS[kind].options
        for keyword in node.keywords:
            if keyword.arg not in allowed:
                raise self.fail(keyword.value, f"{kind} has no '{keyword.arg}'.", nearest(keyword.arg or "", allowed))
            if keyword.arg in options:
                raise self.fail(keyword.value, f"'{keyword.arg}' is given twice.", "Remove one.")
            options[keyword.arg] = keyword.value
        mode, event, names = self.subject(kind, node)
        window = self.window(options)
        if kind == QueryKind.PROB and mode == Mode.AT and (window is None or window[0] != window[1]):
            remedy = 'Write prob(eventually(...)), prob(always(...)) or at="...".'
            raise self.fail(node, "a probability needs a time.", remedy)
        given = self.event(options["given"]) if "given" in options else None
        under, start = self.policy(options.get("under")), self.start(options.get("from_"))
        return Query(kind, names, mode, event, window, given, under, start)

    def subject(self, kind: QueryKind, node: ast.Call) -> tuple[Mode, Tree | None, tuple[str, ...]]:
        """What is asked: (mode, event, names)."""
        wanted = FORMS[kind].subjects
        if len(node.args) != wanted:
            raise self.fail(node, f"{kind} takes {wanted} thing{'s' if wanted > 1 else ''} before its options.")
        first, *others = node.args
        match kind:
            case QueryKind.ALIGNMENT:
                return Mode.NONE, None, (self.actor(first), self.actor(others[0]))
            case QueryKind.MOST | QueryKind.LEAST:
                return Mode.EVENTUALLY, self.event(self.inside(others[0], Mode.EVENTUALLY)), (self.actor(first),)
            case QueryKind.EXPECT:
                return Mode.NONE, None, self.objective(first)
            case QueryKind.RATE | QueryKind.SHARE:
                return Mode.NONE, None, self.action(first)
            case QueryKind.FIRST:
                return Mode.EVENTUALLY, self.event(first), ()
        called = dotted(first.func) if isinstance(first, ast.Call) else None
        if called in (Mode.EVENTUALLY, Mode.ALWAYS):
            return Mode(called), self.event(self.inside(first, Mode(called))), ()
        return Mode.AT, self.event(first), ()

    def inside(self, node: ast.expr, name: str) -> ast.expr:
        """The argument of ``eventually(...)``, or the node itself."""
        if isinstance(node, ast.Call) and dotted(node.func) == name:
            if len(node.args) != 1 or node.keywords:
                raise self.fail(node, f"{name} takes one event.")
            return node.args[0]
        return node

    def event(self, node: ast.expr) -> Tree:
        """A condition on the state alone."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                source = ExpressionText(node.value)
                tree = Reader(self.scope, source).read(source.syntax(), 0)
            except ExpressionError as error:
                raise self.fail(node, error.reason, error.remedy) from None
        else:
            tree = Reader(self.scope, self.source).read(node, 0)
        if any(leaf[0] in ("asm", "t") for leaf in leaves(tree)):
            remedy = "Use at= or during= for time; assumptions differ by world."
            raise self.fail(node, "an event may read only the state.", remedy)
        if not state_names(tree):
            raise self.fail(node, "an event must read the state.", "As in tension >= war.")
        return finite(fold(tree))

    def window(self, options: dict[str, ast.expr]) -> tuple[int, int] | None:
        """The periods asked for, as indices."""
        if "at" in options and "during" in options:
            raise self.fail(options["at"], "give 'at' or 'during', not both.")
        if "at" in options:
            t = self.period(options["at"])
            return (t, t)
        if "during" not in options:
            return None
        node = options["during"]
        if not isinstance(node, (ast.Tuple, ast.List)) or len(node.elts) != 2:
            raise self.fail(node, "'during' takes two dates.", 'As in during=("2024-07", "2024-11").')
        first, last = (self.period(part) for part in node.elts)
        if first > last:
            raise self.fail(node, "'during' ends before it starts.")
        return (first, last)

    def period(self, node: ast.expr) -> int:
        """A period index from a quoted date, a year or a whole number counted from 0."""
        written = node.value if isinstance(node, ast.Constant) else None
        if isinstance(written, bool) or not isinstance(written, (str, int)):
            raise self.fail(node, "a time is a quoted date or a whole number.")
        t = self.date(node) if isinstance(written, str) else self.counted(written)
        if not 0 <= t < self.queries.periods:
            reported = f"0 to {self.queries.periods - 1}" if self.queries.periods > 1 else "0 alone"
            named = shown(node).strip("'")
            raise self.fail(node, f"'{named}' is outside the reported periods, {reported}.")
        return t

    def counted(self, number: int) -> int:
        """The period that a bare number means: a year where periods have dates, else counted from 0."""
        if not is_year(number) or self.scope.date_index is None:
            return number
        try:
            return self.scope.date_index(str(number))
        except ValueError:
            return number

    def policy(self, node: ast.expr | None) -> str | None:
        """The policy named by ``under=``."""
        if node is None:
            return None
        name = str(node.value) if isinstance(node, ast.Constant) else dotted(node)
        return self.known(node, name or "", self.queries.policies, "a policy")

    def start(self, node: ast.expr | None) -> tuple[tuple[str, int], ...]:
        """Start levels from a conjunction of equalities."""
        if node is None:
            return ()
        tree = self.event(node)
        parts = tree[1:] if tree[0] == "and" else (tree,)
        if any(part[0] != "==" or part[1][0] != "state" or part[2][0] != "num" for part in parts):
            raise self.fail(node, "'from_' takes levels.", 'As in from_="tension == crisis and talks == open".')
        for part in parts:
            levels = self.scope.state[part[1][1]]
            if part[2][1] not in range(len(levels)):
                reason = f"{part[2][1]:g} is not a level of '{part[1][1]}'."
                raise self.fail(node, reason, f"Levels: {', '.join(levels)}.")
        return tuple(sorted((str(part[1][1]), int(part[2][1])) for part in parts))

    def actor(self, node: ast.expr) -> str:
        """An actor by name."""
        return self.known(node, dotted(node) or "", self.queries.objectives, "an actor")

    def objective(self, node: ast.expr) -> tuple[str, ...]:
        """``actor`` or ``actor.objective``."""
        actor, *objectives = (dotted(node) or "").split(".")
        known = self.queries.objectives[self.known(node, actor, self.queries.objectives, "an actor")]
        return (actor, *(self.known(node, name, known, f"an objective of {actor}") for name in objectives))

    def action(self, node: ast.expr) -> tuple[str, str]:
        """``phase.action``."""
        name = ActionName.read(dotted(node) or "")
        if not name.action or name.phase not in self.queries.actions:
            raise self.fail(node, f"'{shown(node)}' is not phase.action.", nearest(name.phase, self.queries.actions))
        self.known(node, name.action, self.queries.actions[name.phase], f"an action of {name.phase}")
        return name.phase, name.action
