"""The expression language: a small, safe subset of Python, read with ``ast`` into a ``scenario.tree``, never run."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from foedus.errors import nearest
from foedus.scenario.errors import ExpressionError
from foedus.scenario.functions import FUNCTIONS
from foedus.scenario.limits import EXPRESSION_DEPTH, EXPRESSION_LENGTH
from foedus.scenario.tree import Tree, fold, leaves, number

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARE = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_FLIP = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_SYNTAX = frozenset(
    ("and", "or", "not", "if", "else", "in", "is", "for", "lambda", "async", "await", "True", "False", "None")
)
_FREE = frozenset(keyword.kwlist) - _SYNTAX  # Python's other words: here they are names like any other
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|\b(?:" + "|".join(sorted(_FREE)) + r")\b")
# what other languages write, and what is written here
_ADVICE = {"&&|[|][|]|!(?!=)": "Write and, or, not.", "<>": "Write != for what differs."}
_ADVICE |= {"(?<![<>=!])=(?!=)": "Write == to compare."}
RESERVED = {*FUNCTIONS, "t", "date", "and", "or", "not", "if", "else", "rest", "inf", "nan"}
_NO_DATE = ("'date' can only be compared with a quoted date.", 'As in: date >= "2024-11".')
NOT_NAMES = _SYNTAX  # words that can never be names


@dataclass(frozen=True)
class Scope:
    """The names an expression may use."""

    state: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # variable to its levels, in order
    assumptions: frozenset[str] = frozenset()
    date_index: Callable[[str], int] | None = None  # the period of a date
    target: str | None = None  # the variable that is assigned to: its levels' names may stand alone


def parse(text: str | float | int | bool, scope: Scope) -> Tree:
    """Read an expression into a tree; ExpressionError says what is wrong and where."""
    if isinstance(text, (bool, int, float)):
        return finite(number(_float(text)))
    source = ExpressionText(text)
    return finite(fold(Reader(scope, source).read(source.syntax(), 0)))


def _float(value: float | int) -> float:
    """A Python number as a float; infinite when it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def finite(tree: Tree) -> Tree:
    """The tree, when all its constants are finite numbers; ExpressionError otherwise."""
    if all(np.isfinite(leaf[1]) for leaf in leaves(tree) if leaf[0] == "num"):
        return tree
    remedy = "Look for a division by 0, a log or a huge power."
    raise ExpressionError("a constant part of it is not a finite number.", remedy)


class ExpressionText:
    """The text of an expression: its syntax tree, and where in the text a part of that stands."""

    def __init__(self, text: str):
        if len(text) > EXPRESSION_LENGTH:
            raise ExpressionError(f"the expression has {len(text)} characters.", f"Keep it under {EXPRESSION_LENGTH}.")
        self.text = text
        self.lead = len(text) - len(text.lstrip())
        # Python reads wide letters as the plain ones but not as its keywords, so 'yield' can be a name
        flat = text.strip().replace("\n", " ")
        self.python = _TOKEN.sub(lambda token: _widened(token.group()), flat)

    def syntax(self) -> ast.expr:
        """The syntax tree; ExpressionError when the text is no expression."""
        if "#" in self.text:
            reason, remedy = "a comment cannot stand inside an expression.", "Put it on a line of its own."
            raise ExpressionError(reason, remedy, self.text.index("#"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.python, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            offset = min(max((getattr(error, "offset", 1) or 1) - 1, 0) + self.lead, len(self.text))
            reason = getattr(error, "msg", None) or "it is nested too deeply"
            reason = re.sub(r"\s*[(]?<unknown>.*", "", reason).rstrip(".")
            remedy = next((advice for sign, advice in _ADVICE.items() if re.search(sign, self.text)), "")
            raise ExpressionError(f"'{shorten(self.text)}' is not an expression: {reason}.", remedy, offset) from None

    def offset(self, node: ast.AST) -> int:
        """The place of a node in the text, in characters (Python counts bytes)."""
        column = getattr(node, "col_offset", 0)
        return self.lead + len(self.python.encode()[:column].decode(errors="ignore"))


def _widened(token: str) -> str:
    return token if token[0] in "\"'" else chr(ord(token[0]) - ord("!") + ord("！")) + token[1:]


def shown(node: ast.AST) -> str:
    """A syntax node as short text."""
    try:
        return shorten(ast.unparse(node))
    except (RecursionError, ValueError):
        return "…"


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line, cut to ``limit`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


@dataclass
class Reader:
    """Turns Python syntax into a tree, resolving names in a scope."""

    scope: Scope
    source: ExpressionText

    def fail(self, node: ast.AST, reason: str, remedy: str = "") -> ExpressionError:
        """An error at the place of ``node``."""
        return ExpressionError(reason, remedy, self.source.offset(node))

    def known(self, node: ast.AST, name: str, names: Iterable[str], what: str) -> str:
        """The name, when it is one of ``names``; an error at ``node`` otherwise."""
        if name in (options := set(names)):
            return name
        raise self.fail(node, f"'{name or shown(node)}' is not {what}.", nearest(name, options))

    def read(self, node: ast.AST, depth: int, near: str | None = None) -> Tree:
        """The tree of ``node``; ``near`` is the variable whose levels may be named."""
        if depth > EXPRESSION_DEPTH:
            raise self.fail(node, "the expression is nested too deeply.", f"At most {EXPRESSION_DEPTH} levels.")
        near = near or self.scope.target
        deeper = depth + 1
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                if not np.isfinite(_float(value)):
                    raise self.fail(node, "the number is too large.")
                return number(float(value))
            case ast.Name() | ast.Attribute():
                return self.name(node, near)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return ("neg", self.read(operand, deeper, near))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, deeper, near)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ("not", self.read(operand, deeper))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return (_BINARY[type(op)], self.read(left, deeper, near), self.read(right, deeper, near))
            case ast.BoolOp(op=op, values=values):
                return ("and" if isinstance(op, ast.And) else "or", *(self.read(value, deeper) for value in values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ("if", self.read(test, deeper), self.read(body, deeper, near), self.read(orelse, deeper, near))
            case ast.Compare():
                return self.compare(node, deeper)
            case ast.Call():
                return self.call(node, deeper, near)
            case ast.Constant(value=str()):
                raise self.fail(node, f"the text {shown(node)} has no value here.", "Write names without quotes.")
        remedy = f"Use numbers, names, + - * / **, comparisons, and/or/not, {' '.join(FUNCTIONS)}, a if b else c."
        raise self.fail(node, f"'{shown(node)}' is not allowed in an expression.", remedy)

    def name(self, node: ast.AST, near: str | None) -> Tree:
        """A state variable, a level, an assumption, or ``t``."""
        name = dotted(node)
        if name is None:
            raise self.fail(node, f"'{shown(node)}' is not a name.")
        if near and name in self.scope.state.get(near, ()):
            return number(self.scope.state[near].index(name))
        if name in self.scope.state:
            return ("state", name)
        if name in self.scope.assumptions:
            return ("asm", name)
        if name == "t":
            return ("t",)
        if name == "date":
            raise self.fail(node, *_NO_DATE)
        raise self.fail(node, f"'{name}' is not known here.", self.suggestion(name, near))

    def suggestion(self, name: str, near: str | None) -> str:
        """What the writer may have meant by an unknown name."""
        for variable, levels in self.scope.state.items():
            if name in levels and variable != near:
                return f"It is a level of '{variable}': compare it with that, as in {variable} >= {name}."
        known = [*self.scope.state, *self.scope.assumptions, "t", "date", *FUNCTIONS]
        return nearest(name, [*known, *self.scope.state.get(near or "", ())])

    def compare(self, node: ast.Compare, depth: int) -> Tree:
        """A comparison, chained as in Python."""
        sides = [node.left, *node.comparators]
        parts = []
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            if type(operator) not in _COMPARE:
                raise self.fail(node, "only == != < <= > >= compare here.")
            parts.append(self.comparison(left, _COMPARE[type(operator)], right, depth))
        return parts[0] if len(parts) == 1 else ("and", *parts)

    def comparison(self, left: ast.expr, symbol: str, right: ast.expr, depth: int) -> Tree:
        """One comparison; level names are resolved against the other side."""
        if isinstance(right, ast.Name) and right.id == "date":
            left, symbol, right = right, _FLIP[symbol], left
        if isinstance(left, ast.Name) and left.id == "date":
            return (symbol, ("t",), number(self.date(right)))
        a = self.read(left, depth, self.variable(right))
        return (symbol, a, self.read(right, depth, self.variable(left)))

    def date(self, node: ast.expr) -> int:
        """The period index of a quoted date."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise self.fail(node, *_NO_DATE)
        if self.scope.date_index is None:
            raise self.fail(node, "dates are not known here.")
        try:
            return self.scope.date_index(node.value)
        except ValueError as error:
            raise self.fail(node, f"{error}.") from None

    def variable(self, node: ast.expr) -> str | None:
        """The state variable that ``node`` is, or the only one it mentions."""
        names = {dotted(part) for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))}
        variables = [name for name in names if name in self.scope.state]
        return variables[0] if len(variables) == 1 else None

    def call(self, node: ast.Call, depth: int, near: str | None) -> Tree:
        """A call of one of the few functions."""
        name = dotted(node.func) or ""
        if name not in FUNCTIONS:
            raise self.fail(node, f"'{name or shown(node.func)}' is not a function here.", nearest(name, FUNCTIONS))
        least, most = FUNCTIONS[name].arguments
        if node.keywords or not least <= len(node.args) <= most:
            raise self.fail(node, f"{name} takes {least if least == most else f'{least} or more'} numbers.")
        near = next((v for arg in node.args if (v := self.variable(arg))), near)
        return (name, *(self.read(arg, depth, near) for arg in node.args))


def dotted(node: ast.AST) -> str | None:
    """``a`` or ``a.b`` as text, or None when the node is neither."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None
