"""Numbers for the oracle: expressions by plain recursion, and every assumption's value in a world. See ``oracle``."""

from __future__ import annotations

import math
from collections.abc import Mapping

from foedus.scenario.expressions import Scope, parse
from foedus.scenario.schema import Scenario
from foedus.scenario.tree import Tree

Env = Mapping[str, float]


def number(tree: Tree, state: Mapping[str, float], env: Env, t: int = 0) -> float:
    """The value of an expression, by plain recursion."""
    kind, *parts = tree
    if kind == "num":
        return float(parts[0])
    if kind == "state":
        return float(state[parts[0]])
    if kind == "asm":
        return float(env[parts[0]])
    if kind == "query":
        return float(env[parts[0]])
    if kind == "t":
        return float(t)
    if kind == "and":
        return float(all(number(part, state, env, t) != 0 for part in parts))
    if kind == "or":
        return float(any(number(part, state, env, t) != 0 for part in parts))
    if kind == "if":
        return number(parts[1] if number(parts[0], state, env, t) != 0 else parts[2], state, env, t)
    values = [number(part, state, env, t) for part in parts]
    a, b = values[0], values[1] if len(values) > 1 else 0.0
    match kind:
        case "neg":
            return -a
        case "not":
            return float(a == 0)
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "**":
            return a**b
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            return float({"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[kind])
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "abs":
            return abs(a)
        case "exp":
            return math.exp(a)
        case "log":
            return math.log(a)
        case "clip":
            return min(max(a, b), values[2])
    raise ValueError(kind)


def settle(scenario: Scenario, given: Env, overrides: Env) -> dict[str, float]:
    """Every assumption's value: overrides first, expressions from the others, ``given`` for the rest."""
    written = scenario.all_assumptions
    scope = Scope({}, frozenset(written))
    done: dict[str, float] = dict(overrides)

    class Lookup(dict):  # type: ignore[type-arg]
        def __missing__(self, name: str) -> float:
            return find(name)

    def find(name: str) -> float:
        if name not in done:
            value = written[name].value
            if isinstance(value, str):
                done[name] = number(parse(value, scope), {}, Lookup())
            else:
                done[name] = float(given[name] if name in given or value is None else value)
        return done[name]

    return {name: find(name) for name in written}
