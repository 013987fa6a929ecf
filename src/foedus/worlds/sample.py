"""Worlds: one value of every assumption each, drawn by a seeded space-filling design.

Draws are keyed by the assumption's name, so that adding an assumption leaves the draws
of the others as they were. By the default method a world stays what it is when more are drawn.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

import numpy as np

from foedus.arraytypes import Floats
from foedus.errors import FoedusError, nearest
from foedus.scenario.basics import Num
from foedus.scenario.errors import ExpressionError, ScenarioError
from foedus.scenario.expressions import parse
from foedus.scenario.schema import Scenario
from foedus.scenario.scope import number_scope
from foedus.scenario.tree import Tree, assumption_names, evaluate
from foedus.worlds.methods import METHOD, METHODS, Method
from foedus.worlds.padding import width_of

# Sobol dimensions that names are spread over: enough for few collisions, few enough to be quick.
SOBOL_DIMENSIONS = 1024
_SOBOL_BLOCK = 4096
# A nested sample is a Latin hypercube at this number of worlds and its doubles.
NEST = 16
# The unit interval is entered by this much, so that no unbounded distribution gives infinity.
EDGE = 2.0**-40


def uncertain(scenario: Scenario) -> list[str]:
    """The names of the assumptions that have a distribution, in the order written."""
    return [name for name, assumption in scenario.all_assumptions.items() if assumption.distribution is not None]


def sample(scenario: Scenario, n: int, seed: int = 0, method: Method = METHOD) -> dict[str, Floats]:
    """``n`` worlds: for every assumption that has a distribution or is a fixed number, an array [n].

    ``nested`` is a Latin hypercube that grows (see ``_nested``), ``lhs`` one made for ``n`` worlds (McKay, Beckman and
    Conover 1979), ``sobol`` a scrambled Sobol sequence (Owen 1998), best when ``n`` is a power of two. All but ``lhs``
    give the same first worlds whatever ``n`` is. FoedusError when ``n`` is not positive or the method is not known.
    """
    return from_unit(scenario, unit_sample(uncertain(scenario), n, seed, method), n)


def unit_sample(names: Collection[str], n: int, seed: int = 0, method: Method = METHOD) -> dict[str, Floats]:
    """``n`` points of the open unit cube, one coordinate [n] a name."""
    if n < 1:
        raise FoedusError(f"the number of worlds must be at least 1, not {n}.")
    if method == "nested":
        return {name: _inside(_nested(name, n, seed)) for name in names}
    if method == "lhs":
        return {name: _inside(_latin(name, n, seed)) for name in names}
    if method == "sobol":
        return {name: _inside(column) for name, column in _sobol(names, n, seed).items()}
    raise FoedusError(f"'{method}' is not a sampling method. {nearest(str(method), METHODS)}")


def from_unit(scenario: Scenario, unit: Mapping[str, Floats], n: int | None = None) -> dict[str, Floats]:
    """Points of the unit cube as draws: distributions by their quantiles, fixed numbers as they are.

    ``unit`` has one coordinate [n] for every uncertain assumption; ``n`` (1 unless given) counts
    where nothing is uncertain. Some number is fixed or drawn in every scenario.
    """
    n = width_of(unit) if unit else n or 1
    draws = {}
    for name, assumption in scenario.all_assumptions.items():
        if assumption.distribution is not None:
            draws[name] = assumption.distribution.quantile(unit[name])
        elif assumption.value is not None and not assumption_names(tree := read(scenario, name, assumption.value)):
            draws[name] = np.full(n, float(evaluate(tree, {}, {})))
    return draws


def name_seed(seed: int, name: str, purpose: str = "") -> int:
    """A 128-bit seed of its own for each (seed, purpose, name)."""
    return int.from_bytes(hashlib.blake2b(f"{seed}|{purpose}|{name}".encode(), digest_size=16).digest(), "big")


def library_seed(seed: int) -> int:
    """The seed as numpy and others take it, from 0 and below 2^32: itself where it fits, else a hash of it."""
    return seed if 0 <= seed < 2**32 else name_seed(seed, "", "library") % 2**32


def _inside(u: Floats) -> Floats:
    return np.clip(u, EDGE, 1 - EDGE)


def _nested(name: str, n: int, seed: int) -> Floats:
    """The first ``n`` points of one column of a nested Latin hypercube."""
    # Each name draws from a stream of its own, as in ``_latin``.
    rng = np.random.default_rng(name_seed(seed, name, "nested"))
    size = NEST
    while size < n:
        size *= 2
    return _doubling(size, rng)[:n]


def _doubling(size: int, rng: np.random.Generator) -> Floats:
    """``size`` points in (0, 1), NEST times a power of two: however far it is gone on with, it begins with the same.

    The first NEST points are a Latin hypercube: one in each equal slice, in a random order. Then their number doubles
    again and again: every slice is halved, and the half without a point is given one, so that the first NEST, 2 NEST, 4
    NEST... points are a Latin hypercube each (nested designs: Qian 2009). Which slice is filled when follows a sequence
    of the same kind, so that every NEST points that follow each other are spread too.
    """
    points = np.empty(size)
    points[:NEST] = (rng.permutation(NEST) + _inside_slices(NEST, rng)) / NEST
    m = NEST
    while m < size:
        half = np.floor(points[:m] * 2 * m).astype(int)
        full = np.empty(m, int)
        full[half // 2] = half % 2
        turn = np.floor(_doubling(m, rng) * m).astype(int)
        points[m : 2 * m] = (2 * turn + 1 - full[turn] + _inside_slices(m, rng)) / (2 * m)
        m *= 2
    return points


def _inside_slices(n: int, rng: np.random.Generator) -> Floats:
    """Places inside slices, in (0, 1), on a grid so coarse that none is rounded into the next slice."""
    return (rng.integers(2**30, size=n) + 0.5) / 2**30


def _latin(name: str, n: int, seed: int) -> Floats:
    """One column of a Latin hypercube: a point in each of ``n`` equal slices, in an order of its own.

    The numbers are those of ``scipy.stats.qmc.LatinHypercube`` (a test holds them to it), without the
    second that importing it takes.
    """
    # Each name draws from a stream of its own: what other assumptions there are, and in which order, changes nothing.
    rng = np.random.default_rng(name_seed(seed, name)).spawn(1)[0]
    inside, order = rng.uniform(size=n), np.arange(1, n + 1)
    rng.shuffle(order)
    return np.asarray((order - inside) / n)


def sobol_dimensions(names: Iterable[str]) -> dict[str, int]:
    """The Sobol dimension of each name.

    A name's first choice is a hash of it. Where two names choose the same, the one with the smaller
    full hash keeps it and the other takes its next choice, and so on. So a new name moves another
    one's draws only when it takes that one's place (about one chance in a thousand for each).
    """
    order = sorted(names, key=lambda name: (name_seed(0, name, "order"), name))
    taken: dict[int, str] = {}
    if len(order) > SOBOL_DIMENSIONS:
        raise FoedusError(f"Sobol sampling takes at most {SOBOL_DIMENSIONS} assumptions, not {len(order)}. Use lhs.")
    for name in order:
        attempt = 0
        while (choice := name_seed(attempt, name, "sobol") % SOBOL_DIMENSIONS) in taken:
            attempt += 1
        taken[choice] = name
    return {name: dimension for dimension, name in taken.items()}


def _sobol(names: Collection[str], n: int, seed: int) -> dict[str, Floats]:
    """Coordinates of one scrambled sequence; the same scramble whatever names are asked for."""
    from scipy.stats import qmc

    # Always the full number of dimensions: the scramble of one depends on how many there are.
    dimensions = sobol_dimensions(names)
    engine = qmc.Sobol(d=SOBOL_DIMENSIONS, rng=np.random.default_rng(name_seed(seed, "", "scramble")))
    columns = [dimensions[name] for name in names]
    sizes = [min(_SOBOL_BLOCK, n - start) for start in range(0, n, _SOBOL_BLOCK)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a sample need not be a power of two
        table = np.concatenate([engine.random(size)[:, columns] for size in sizes])
    return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}


def resolve(
    scenario: Scenario, draws: Mapping[str, Floats], overrides: Mapping[str, Num | Tree] | None = None
) -> dict[str, Floats]:
    """Every assumption's value in every world [n], under a policy's ``set``.

    Fixed numbers come from the draws, or from the scenario where the draws lack them. The
    expression of an override reads the values as they are without any override, its own included;
    what is derived from an overridden assumption is then worked out anew, unless it is overridden
    itself. ScenarioError for an expression that cannot be read or a cycle of them, FoedusError for
    a draw that is missing, an unknown name or a value that is not finite.
    """
    original = _derive(scenario, draws)
    return replace(scenario, original, overrides) if overrides else original


def replace(
    scenario: Scenario, values: Mapping[str, Floats], overrides: Mapping[str, Num | Tree], held: Collection[str] = ()
) -> dict[str, Floats]:
    """``values`` (all assumptions) with some replaced, and what is derived from these worked out anew.

    The overrides' expressions read ``values``. Derived assumptions in ``held`` keep their values:
    a belief on top of a policy holds what the policy has set.
    """
    n = width_of(values)
    replaced = {}
    for name, override in overrides.items():
        if name not in scenario.all_assumptions:
            raise FoedusError(f"'{name}' is not an assumption. {nearest(name, scenario.all_assumptions)}".strip())
        tree = override if isinstance(override, tuple) else read(scenario, name, override)
        replaced[name] = filled(name, evaluate(tree, {}, values), n)
    kept = {name: values[name] for name in held if name not in replaced}
    return _derive(scenario, {**values, **kept, **replaced}, {*kept, *replaced})


def _derive(scenario: Scenario, draws: Mapping[str, Floats], held: Collection[str] = ()) -> dict[str, Floats]:
    """All assumptions from the draws: expressions in the order of their dependence, except those held."""
    n = width_of(draws)
    trees: dict[str, Tree] = {}
    values: dict[str, Floats] = {}
    for name, assumption in scenario.all_assumptions.items():
        if isinstance(assumption.value, str) and name not in held:
            trees[name] = read(scenario, name, assumption.value)
        elif name in draws:
            values[name] = filled(name, draws[name], n)
        elif assumption.value is not None and not isinstance(assumption.value, str):
            values[name] = np.full(n, float(assumption.value))
        else:
            raise FoedusError(f"the draws have no value of the assumption '{name}'.")
    for name in in_order(trees):
        values[name] = filled(name, evaluate(trees[name], {}, values), n)
    return {name: values[name] for name in scenario.all_assumptions}


def read(scenario: Scenario, name: str, value: Num) -> Tree:
    """The tree of an assumption's value; ScenarioError where it cannot be read."""
    try:
        return parse(value, number_scope(scenario))
    except ExpressionError as error:
        raise ScenarioError([scenario.placed(error.at(("assumptions", name)))]) from None


def in_order(trees: Mapping[str, Tree]) -> list[str]:
    """The names so that each comes after those that it reads."""
    graph = {name: [read for read in sorted(assumption_names(tree)) if read in trees] for name, tree in trees.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise FoedusError(f"assumptions that depend on each other: {' -> '.join(error.args[1])}.") from None


def filled(name: str, value: object, n: int) -> Floats:
    """The value as an array of its own, one number a world."""
    array = np.array(np.broadcast_to(np.asarray(value, dtype=float), n))
    if not np.isfinite(array).all():
        world = int(np.flatnonzero(~np.isfinite(array))[0])
        raise FoedusError(f"the assumption '{name}' is {array[world]} in world {world}, which is not a finite number.")
    return array
